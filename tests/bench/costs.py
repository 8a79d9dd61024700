"""Where the time goes: `python -m tests.bench.costs post|insert|task|batch`.

A post to the product, to baseline (a) and to (b), or a batch in the worker, on the real database and broker.
"""

import argparse
import json
from dataclasses import asdict

from tests.bench.task_workers import task_queue
from tests.bench.ways import EVERYWHERE, INSERT, PRODUCT, TASK, Crowd
from tests.site import PYTHON, Site

POSTS = {"post": PRODUCT, "insert": INSERT, "task": TASK}


def measured(site: Site, kind: str) -> str:
    """What the measurement of `kind` prints."""
    crowd = Crowd(site, list(POSTS.values()))
    if kind == "batch":
        return site.run(PYTHON, "-m", "tests.bench.cost_of_batches", EVERYWHERE, *PRODUCT.slugs)
    desk = crowd.desks(POSTS[kind])[0]
    return site.run(PYTHON, "-m", "tests.bench.cost_of_posts", given=json.dumps(asdict(desk)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.costs", description=__doc__)
    parser.add_argument("kind", choices=[*POSTS, "batch"])
    kind = parser.parse_args().kind
    its_site = Site.stack(DJANGO_SETTINGS_MODULE="tests.bench.settings", CONN_MAX_AGE="60")
    with its_site as site, site.explained(), task_queue(site):
        print("\n".join(line for line in measured(site, kind).splitlines() if not _is_logged(line)))


def _is_logged(line: str) -> bool:
    """Whether it is one of the lines that the site logs for each message."""
    return line[:2] == "20" and " INFO " in line


if __name__ == "__main__":
    main()
