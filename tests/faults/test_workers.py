"""Workers that are killed, hang, come and go."""

import pytest

from tests.faults.drill import Drill, only_long

pytestmark = pytest.mark.stack


def test_workers_are_killed_at_their_work_again_and_again(drill: Drill) -> None:
    with drill.under_load():
        for _round in range(drill.scale.rounds):
            drill.wait_until_spread()
            drill.wait_until_every_channel_goes_on()
            kill_all(drill)


@only_long
def test_workers_are_killed_every_two_seconds(drill: Drill) -> None:
    with drill.under_load():
        for _round in range(drill.scale.rounds):
            kill_all(drill)
            drill.last(2)  # hardly enough to begin: these come in the middle of that


def kill_all(drill: Drill) -> None:
    """SIGKILL every worker, and start another in its place."""
    for worker in drill.site.workers:
        worker.kill()
        worker.start()


def test_a_worker_hangs_and_goes_on(drill: Drill) -> None:
    with drill.under_load():
        drill.site.workers[0].pause()
        drill.last(drill.scale.stall_s)
        drill.site.workers[0].resume()


@only_long
def test_the_channels_of_a_worker_that_hangs_go_on_with_another(drill: Drill) -> None:
    with drill.under_load():
        drill.site.workers[0].pause()
        drill.wait_until_every_channel_goes_on()
        drill.site.workers[0].resume()
        drill.wait_until_spread()


def test_workers_come_and_go_and_share_the_queues(drill: Drill) -> None:
    with drill.under_load():
        drill.wait_until_spread()
        third = drill.site.add_worker()
        drill.wait_until_spread()
        drill.site.remove_worker(third)
        drill.wait_until_spread()
        for worker in drill.site.workers:
            worker.stop()
            worker.start()
        drill.wait_until_spread()
