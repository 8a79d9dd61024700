"""RabbitMQ away, killed, hanging, out of memory, cut off: people go on, and nothing gets out of order."""

import pytest

from tests.faults.crowd import Posting
from tests.faults.drill import ENOUGH, Drill, only_long
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.stack

NO_MEMORY, USUAL_MEMORY = "0.00001", "0.4"  # the part of the machine's that the broker may use


def stored_at_once(posting: Posting) -> None:
    """People get through without the broker: what they post is stored in the request."""
    posting.wait_for_more(ENOUGH, status=201)


def test_the_broker_is_stopped_and_comes_back(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.stop("rabbitmq")
        stored_at_once(posting)
        drill.last()
        drill.services.start("rabbitmq")
        posting.wait_for_more(ENOUGH, status=202)


def test_the_broker_is_killed_and_comes_back(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.kill("rabbitmq")
        stored_at_once(posting)
        drill.services.start("rabbitmq")
        posting.wait_for_more(ENOUGH, status=202)


def test_the_broker_has_no_memory_and_blocks_who_publishes(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.control_broker("set_vm_memory_high_watermark", NO_MEMORY)
        try:
            stored_at_once(posting)
            drill.last()
        finally:
            drill.services.control_broker("set_vm_memory_high_watermark", USUAL_MEMORY)
        posting.wait_for_more(ENOUGH, status=202)


@only_long
def test_the_broker_hangs(drill: Drill) -> None:
    with drill.under_load() as posting:
        drill.services.pause("rabbitmq")
        stored_at_once(posting)
        drill.last()
        drill.services.resume("rabbitmq")
        posting.wait_for_more(ENOUGH, status=202)


def test_the_network_between_web_and_broker_swallows_everything(drill: Drill, broker_wire: Proxy) -> None:
    with drill.under_load() as posting:
        broker_wire.hold()
        stored_at_once(posting)
        drill.last()
        broker_wire.mend()
        posting.wait_for_more(ENOUGH, status=202)


def test_the_connections_between_web_and_broker_are_closed_again_and_again(
    drill: Drill, broker_wire: Proxy
) -> None:
    with drill.under_load() as posting:
        for _round in range(drill.scale.rounds):
            broker_wire.cut()
            stored_at_once(posting)
            broker_wire.mend()
            posting.wait_for_more(ENOUGH, status=202)
