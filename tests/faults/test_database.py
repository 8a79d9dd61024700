"""MariaDB away, killed, hanging, cut off: what is posted waits in the queue, in order."""

import pytest

from tests.faults.crowd import Posting
from tests.faults.drill import ENOUGH, Drill, only_long
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.stack


def taken_all_the_same(posting: Posting) -> None:
    """People get through without the database: what they post is in the broker's queue."""
    posting.wait_for_more(ENOUGH, status=202)


def test_the_database_is_stopped_and_comes_back(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.stop("mariadb")
        taken_all_the_same(posting)
        drill.last()
        drill.services.start("mariadb")


def test_the_database_is_killed_and_comes_back(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.kill("mariadb")
        taken_all_the_same(posting)
        drill.services.start("mariadb")


@only_long
def test_the_database_hangs(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.pause("mariadb")
        taken_all_the_same(posting)
        drill.last()
        drill.services.resume("mariadb")


def test_the_network_between_worker_and_database_swallows_everything(
    drill: Drill, database_wire: Proxy
) -> None:
    with drill.under_load() as posting:
        database_wire.hold()
        taken_all_the_same(posting)
        drill.last()
        database_wire.mend()


def test_both_services_are_away_and_the_database_comes_back_first(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.run("down")
        drill.last()
        drill.services.start("mariadb")
        posting.wait_for_more(ENOUGH, status=201)
        drill.services.start("rabbitmq")
        posting.wait_for_more(ENOUGH, status=202)


def test_both_services_are_away_and_the_broker_comes_back_first(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.run("down")
        drill.last()
        drill.services.start("rabbitmq")
        taken_all_the_same(posting)
        drill.services.start("mariadb")
