"""Queues that change hands while thousands of messages wait in them: each worker gives back what it holds."""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import pytest

from tests.site import PYTHON, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

Result = TypeVar("Result")

CHANNELS = 8
WAITING = 6_000  # messages: more than what all workers together have fetched in advance
STORED_BETWEEN = 500  # messages, before the next worker comes or goes
TIMEOUT_S = 90


def test_messages_keep_their_order_when_their_queues_change_hands() -> None:
    with Site.stack(DJANGO_SETTINGS_MODULE="chatsite.settings") as site, Visitor(site.url, "bob") as bob:
        bob.sign_up()
        slugs = [_slug(bob.create_channel(f"room {number}")) for number in range(CHANNELS)]
        [first] = site.workers
        first.stop()
        site.run(PYTHON, "-m", "tests.bench.enqueue", "product", "bob", str(WAITING), *slugs)

        first.start()
        second = _once_more_are_stored(site, slugs, site.add_worker)
        _once_more_are_stored(site, slugs, site.add_worker)
        _once_more_are_stored(site, slugs, lambda: site.remove_worker(second))
        _once_more_are_stored(site, slugs, first.kill)
        with site.explained():
            wait_for(lambda: _count(site, slugs) == WAITING, what="all of them", timeout_s=TIMEOUT_S)

        for slug in slugs:
            accepted = site.rows(
                "SELECT accepted_at FROM messaging_message WHERE channel_id = "
                "(SELECT id FROM channels_app_channel WHERE slug = {}) ORDER BY seq",
                slug,
            )
            assert site.last_seq(slug) == len(accepted) == WAITING // CHANNELS
            assert all(earlier < later for earlier, later in pairwise(accepted))


def _once_more_are_stored(site: Site, slugs: list[str], act: Callable[[], Result]) -> Result:
    """Do `act` in the middle of the work, and return what it returns."""
    enough = _count(site, slugs) + STORED_BETWEEN
    with site.explained():
        wait_for(lambda: _count(site, slugs) >= enough, what="more to be stored", timeout_s=TIMEOUT_S)
    assert _count(site, slugs) < WAITING, "nothing is left to hand over"
    return act()


def _count(site: Site, slugs: list[str]) -> int:
    return sum(site.stored_count(slug) for slug in slugs)


def _slug(address: str) -> str:
    return address.strip("/").rpartition("/")[2]
