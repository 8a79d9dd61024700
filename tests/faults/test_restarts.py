"""The web process killed, and everything restarted while people go on posting."""

import pytest

from tests.faults.drill import Drill
from tests.faults.services import NAMES

pytestmark = pytest.mark.stack


def test_the_web_process_is_killed_again_and_again(drill: Drill) -> None:
    with drill.under_load() as posting:
        for _round in range(drill.scale.rounds):
            drill.site.web.kill()
            drill.site.restart(drill.site.web)
            posting.wait_for_more()


def test_everything_is_restarted_in_turn(drill: Drill) -> None:
    with drill.under_load():
        drill.site.restart_in_turn()
        for name in NAMES:
            drill.services.stop(name)
            drill.services.start(name)
        drill.site.wait_until_ready()


def test_the_number_of_queues_is_changed(drill: Drill) -> None:
    queues = int(drill.site.environment["PERSIST_QUEUES"])
    with drill.under_load() as posting:
        for number in (queues + 2, queues):
            change_the_number_of_queues(drill, number)
            posting.wait_for_more()
    drill.wait_until_spread()


def change_the_number_of_queues(drill: Drill, number: int) -> None:
    """What deploy/README.md says: the web processes store by themselves until the old queues are empty."""
    site = drill.site
    site.configure(PERSIST_DIRECT="true")
    site.web.stop()
    site.web.start()
    drill.wait_until_drained()
    for worker in site.workers:
        worker.stop()
    assert site.waiting() == 0, "a worker that ends finishes what it holds"
    site.configure(PERSIST_QUEUES=str(number))
    for worker in site.workers:
        worker.start()
    site.wait_until_ready()
    site.configure(PERSIST_DIRECT="false")
    site.web.stop()
    site.restart(site.web)
