"""Queues that change hands while thousands of messages wait in them: each worker gives back what it holds."""

from itertools import pairwise

import pytest

from tests.site import PYTHON, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

CHANNELS = 8
WAITING = 2_400  # messages
BATCH = "4"  # messages: the workers are to be slow, or nothing is left for the next one
STORED_BETWEEN = 100  # messages, with the workers as they are
TIMEOUT_S = 90


def test_messages_keep_their_order_when_their_queues_change_hands() -> None:
    with (
        Site.stack(DJANGO_SETTINGS_MODULE="chatsite.settings", PERSIST_BATCH=BATCH) as site,
        Visitor(site.url, "bob") as bob,
    ):
        bob.sign_up()
        slugs = [_slug(bob.create_channel(f"room {number}")) for number in range(CHANNELS)]
        [first] = site.workers
        first.stop()
        site.run(PYTHON, "-m", "tests.bench.enqueue", "product", "bob", str(WAITING), *slugs)

        first.start()
        _some_are_stored_by(site, slugs, workers=1)
        second = site.add_worker()
        _some_are_stored_by(site, slugs, workers=2)
        site.add_worker()
        _some_are_stored_by(site, slugs, workers=3)
        site.remove_worker(second)
        _some_are_stored_by(site, slugs, workers=2)
        first.kill()
        _some_are_stored_by(site, slugs, workers=1)
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


def _some_are_stored_by(site: Site, slugs: list[str], *, workers: int) -> None:
    """Wait until so many share the queues and have stored a part of what waits, but not all."""
    with site.explained():
        wait_for(lambda: _roster(site) == workers, what=f"{workers} workers", timeout_s=TIMEOUT_S)
        enough = _count(site, slugs) + STORED_BETWEEN
        wait_for(lambda: _count(site, slugs) >= enough, what="more to be stored", timeout_s=TIMEOUT_S)
    assert _count(site, slugs) < WAITING, "nothing is left to hand over"


def _roster(site: Site) -> int:
    [[count]] = site.rows("SELECT COUNT(*) FROM messaging_worker WHERE seen_at > NOW(6) - INTERVAL 5 SECOND")
    return int(count)


def _count(site: Site, slugs: list[str]) -> int:
    return sum(site.stored_count(slug) for slug in slugs)


def _slug(address: str) -> str:
    return address.strip("/").rpartition("/")[2]
