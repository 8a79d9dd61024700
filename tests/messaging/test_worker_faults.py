"""What a worker acknowledges and takes over when something breaks in it, or at the broker's side."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.site import PYTHON, Part, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

MESSAGES = 20


@contextmanager
def troubled(site: Site, trouble: str) -> Iterator[Part]:
    """A worker of `site` with a fault of its own; see tests.messaging.troubled."""
    worker = Part(
        "troubled worker",
        [PYTHON, "-m", "celery", "--quiet", "-A", "tests.messaging.troubled", "worker"],
        environment={**site.environment, "TROUBLE": trouble},
        log=site.folder / "troubled.log",
    )
    worker.start()
    try:
        yield worker
    except Exception as error:
        error.add_note(worker.last_words())
        raise
    finally:
        worker.stop()


def test_a_worker_that_breaks_down_acknowledges_nothing_behind_what_it_did_not_store() -> None:
    with Site.stack(workers=0, PERSIST_BATCH="1") as site, Visitor(site.url, "bob") as bob:
        bob.sign_up()
        said = [bob.say("/channels/public/", text) for text in ["trouble", *map(str, range(MESSAGES))]]
        with troubled(site, "an error of our own") as worker:
            wait_for(lambda: not worker.is_running, what="the worker to end", timeout_s=60)

        site.add_worker()

        with site.explained():
            wait_for(lambda: site.stored_count("public") >= len(said), what="all that was said", timeout_s=30)
        assert site.stored("public") == said
