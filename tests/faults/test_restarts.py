"""The web process killed, and everything restarted while people go on posting."""

from collections.abc import Callable

import pytest

from tests.faults.crowd import Crowd, Posting
from tests.faults.drill import ENOUGH, FEW_LOGS, LONG, RECOVERY_S, WORKERS, Drill
from tests.faults.services import NAMES, Services
from tests.site import Part, Site

pytestmark = pytest.mark.stack


def test_the_web_process_is_killed_again_and_again(drill: Drill) -> None:
    with drill.under_load() as posting:
        for _round in range(drill.scale.rounds):
            drill.site.web.kill()
            drill.site.restart(drill.site.web)
            posting.wait_for_more()


def test_a_release_is_brought_in_and_the_services_are_restarted(drill: Drill) -> None:
    with drill.under_load() as posting:
        restart_all(drill, posting)


@pytest.mark.long
def test_everything_of_a_whole_site_is_restarted_in_turn(
    services: Services, report: Callable[[str], None]
) -> None:
    with Site.stack(services=services.addresses, workers=WORKERS, has_live=True, LOG_LEVEL=FEW_LOGS) as site:
        drill = Drill(site, services, Crowd(site), LONG, report)
        with drill.under_load() as posting:
            for _round in range(drill.scale.rounds // 2):
                restart_all(drill, posting)


def restart_all(drill: Drill, posting: Posting) -> None:
    """Restart the parts as an operator does who brings in a release, then each service."""
    drill.site.restart_in_turn()
    posting.wait_for_more()
    for name in NAMES:
        drill.services.stop(name)
        drill.services.start(name)
        drill.site.wait_until_ready()
        posting.wait_for_more()


def test_the_number_of_queues_is_changed(drill: Drill) -> None:
    queues = int(drill.site.environment["PERSIST_QUEUES"])
    with drill.under_load() as posting:
        change_the_number_of_queues(drill, queues + 1)
        posting.wait_for_more(ENOUGH, status=202)
        if drill.scale is LONG:
            change_the_number_of_queues(drill, queues)
            posting.wait_for_more(ENOUGH, status=202)
            remove_the_queue(drill, queues)
    drill.wait_until_spread()


def change_the_number_of_queues(drill: Drill, number: int) -> None:
    """The steps in deploy/README.md, one after the other."""
    site = drill.site
    site.configure(PERSIST_DIRECT="true")
    restart_at_once(site.web)
    site.manage("pipeline", "--wait-empty", f"{RECOVERY_S:g}")
    site.configure(PERSIST_QUEUES=str(number), PERSIST_DIRECT="false")
    for worker in site.workers:
        restart_at_once(worker)
    site.wait_until_ready()
    restart_at_once(site.web)
    site.wait_until_ready()


def restart_at_once(part: Part) -> None:
    """As `systemctl restart` does."""
    part.stop()
    part.start()


def remove_the_queue(drill: Drill, partition: int) -> None:
    """The last step there, once a lower number has left a queue over."""
    drill.services.control_broker(
        "delete_queue", f"{drill.site.environment['QUEUE_PREFIX']}.persist.{partition}"
    )
