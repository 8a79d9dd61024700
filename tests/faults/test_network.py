"""The network cut where it is thought of least: between workers and broker, between web and database."""

import pytest

from tests.faults.crowd import Posting
from tests.faults.drill import ENOUGH, LONG, Drill, only_long
from tests.faults.proxy import Proxy
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

UNTIL_BOTH_ENDS_KNOW_S = (
    40  # of a connection on which nothing comes: two heartbeats, and what it takes to look
)


def taken_all_the_same(posting: Posting) -> None:
    """People get through: what they post is in the broker's queue."""
    posting.wait_for_more(ENOUGH, status=202)


def wait_until_used(wire: Proxy) -> None:
    """Posts alone need no database; pages that catch up do."""
    wait_for(lambda: wire.is_used, what="somebody to connect over the wire")


def test_the_network_between_workers_and_broker_swallows_everything(
    drill: Drill, worker_broker_wire: Proxy
) -> None:
    with drill.under_load() as posting:
        wait_until_used(worker_broker_wire)
        worker_broker_wire.hold()
        taken_all_the_same(posting)
        drill.last(UNTIL_BOTH_ENDS_KNOW_S if drill.scale is LONG else None)
        worker_broker_wire.mend()
        drill.wait_until_every_channel_goes_on()


@only_long
def test_the_connections_between_workers_and_broker_are_closed_again_and_again(
    drill: Drill, worker_broker_wire: Proxy
) -> None:
    with drill.under_load() as posting:
        for _round in range(drill.scale.rounds):
            wait_until_used(worker_broker_wire)
            worker_broker_wire.cut()
            taken_all_the_same(posting)
            worker_broker_wire.mend()
            drill.wait_until_every_channel_goes_on()


def test_the_network_between_web_and_database_swallows_everything(
    drill: Drill, web_database_wire: Proxy
) -> None:
    with drill.under_load() as posting:
        wait_until_used(web_database_wire)
        web_database_wire.hold()
        taken_all_the_same(posting)
        drill.last()
        web_database_wire.mend()


@only_long
def test_the_connections_between_web_and_database_are_closed_again_and_again(
    drill: Drill, web_database_wire: Proxy
) -> None:
    with drill.under_load() as posting:
        for _round in range(drill.scale.rounds):
            wait_until_used(web_database_wire)
            web_database_wire.cut()
            taken_all_the_same(posting)
            web_database_wire.mend()
            posting.wait_until_heard_of()
