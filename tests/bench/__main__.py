"""`make bench`: the product against its baselines, embedded and on the stack.

Every figure is the median of several runs, with the lowest and the highest beside it; what is compared is
measured in turns, in the same minutes.
"""

import argparse
import os

from tests.bench.figures import print_machine, spread
from tests.bench.pages import measure_pages
from tests.bench.posts import measure_posts
from tests.bench.stack import Sizes, measure_stack
from tests.bench.ways import CLIENTS, INSERT, PRODUCT, Crowd
from tests.site import Site

SETTINGS = "tests.bench.settings"
MODES = ("embedded", "stack")
EMBEDDED_HISTORY = 1_000_000  # messages at most: only pages are measured with it


def measure_embedded(site: Site, sizes: Sizes) -> None:
    """Measure posts against baseline (a), and pages by the length of the channel."""
    crowd = Crowd(site, [PRODUCT, INSERT])
    product, insert = measure_posts(site, crowd, [PRODUCT, INSERT], posts=sizes.posts, runs=sizes.runs)
    ratio = [a.per_second / b.per_second for a, b in zip(product.loads, insert.loads, strict=True)]
    print(f"  the product takes {spread(ratio, 2)} times as many posts as (a)")
    measure_pages(site, history=min(sizes.history, EMBEDDED_HISTORY), runs=sizes.runs)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=MODES, help="measure this one alone (default: both)")
    parser.add_argument("--runs", type=int, default=3, help="of each kind (default: %(default)s)")
    parser.add_argument("--posts", type=int, default=3_000, help="in each run (default: %(default)s)")
    parser.add_argument("--queued", type=int, default=20_000, help="in a full queue (default: %(default)s)")
    parser.add_argument("--burst", type=int, default=20_000, help="posts at once (default: %(default)s)")
    parser.add_argument(
        "--history", type=int, default=1_000_000, help="messages in a long channel (default: %(default)s)"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="default: one per core")
    options = parser.parse_args()
    needs_services = options.only != "embedded"
    if needs_services and not (os.environ.get("DATABASE_URL") and os.environ.get("BROKER_URL")):
        parser.error(
            "DATABASE_URL and BROKER_URL are not set: use `make bench`, which starts the services, "
            "or --only embedded"
        )
    return options


def main() -> None:
    options = parsed()
    sizes = Sizes(options.runs, options.posts, options.queued, options.burst, options.history)
    print_machine()
    if options.only != "stack":
        print(f"embedded, {CLIENTS} clients:", flush=True)
        with Site.embedded(DJANGO_SETTINGS_MODULE=SETTINGS) as site, site.explained():
            measure_embedded(site, sizes)
    if options.only != "embedded":
        print(f"stack, {CLIENTS} clients, {options.workers} workers:", flush=True)
        with Site.stack(workers=options.workers, DJANGO_SETTINGS_MODULE=SETTINGS) as site, site.explained():
            measure_stack(site, sizes)


if __name__ == "__main__":
    main()
