"""Queues that change hands while thousands of messages wait in them: each worker gives back what it holds."""

from itertools import pairwise

import pytest

from tests.site import PYTHON, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

CHANNELS = 8
WAITING = 3_000  # messages
BATCH = "2"  # messages: the workers are to be slow, or nothing is left for the next one
STORED_BETWEEN = 60  # messages, with the workers as they are
TIMEOUT_S = 90


@pytest.mark.long  # in short, under load: test_workers_come_and_go_and_share_the_queues
def test_messages_keep_their_order_when_their_queues_change_hands() -> None:
    with (
        Site.stack(workers=3, DJANGO_SETTINGS_MODULE="chatsite.settings", PERSIST_BATCH=BATCH) as site,
        Visitor(site.url, "bob") as bob,
    ):
        bob.sign_up()
        slugs = [_slug(bob.create_channel(f"room {number}")) for number in range(CHANNELS)]
        first, second, third = site.workers
        for worker in site.workers:
            worker.pause()
        site.run(PYTHON, "-m", "tests.bench.enqueue", "product", "bob", str(WAITING), *slugs)
        wait_for(lambda: _roster(site) == 0, what="all to be taken for gone", timeout_s=TIMEOUT_S)

        first.resume()
        second.resume()
        _some_are_stored_by(site, slugs, workers=2)
        third.resume()
        _some_are_stored_by(site, slugs, workers=3)
        second.stop()
        _some_are_stored_by(site, slugs, workers=2)
        first.kill()
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
        assert enough < WAITING, "nothing is left to hand over"
        wait_for(lambda: _count(site, slugs) >= enough, what="more to be stored", timeout_s=TIMEOUT_S)


def _roster(site: Site) -> int:
    [[count]] = site.rows("SELECT COUNT(*) FROM messaging_worker WHERE seen_at > NOW(6) - INTERVAL 5 SECOND")
    return int(count)


def _count(site: Site, slugs: list[str]) -> int:
    return sum(site.stored_count(slug) for slug in slugs)


def _slug(address: str) -> str:
    return address.strip("/").rpartition("/")[2]
