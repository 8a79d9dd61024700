"""What the broker says of our queues: how many messages are ready in each, and how many consumers it has.

A message that a worker has taken and not acknowledged is in no figure that AMQP tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound
from django.conf import settings
from kombu import Connection

from chatsite.health import PATIENCE_S
from messaging.pipeline.queues import partition_name


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue at one moment.

    Arguments:
        waiting: messages that no consumer has taken.
        consumers: on a persist queue the active one and those that stand by.
    """

    name: str
    waiting: int
    consumers: int


@contextmanager
def asked_broker() -> Iterator[Any]:
    """A connection of its own to the broker, for questions that give up after PATIENCE_S each.

    Raises:
        OSError, KombuError, AMQPError: it can't be reached.
    """
    options = {"read_timeout": PATIENCE_S, "write_timeout": PATIENCE_S}
    broker = Connection(settings.BROKER_URL, connect_timeout=PATIENCE_S, transport_options=options)
    try:
        connect(broker)
        yield broker
    finally:
        broker.collect()


def connect(broker: Any) -> None:
    """Try each address in BROKER_URL once, without a pause between them."""
    broker.ensure_connection(max_retries=settings.BROKER_URL.count(";"), interval_start=0, interval_step=0)


def state_of(broker: Any, name: str) -> QueueState | None:
    """The state of the queue `name`, None when there is none."""
    try:
        with broker.channel() as channel:
            there = channel.queue_declare(name, passive=True)
    except NotFound:
        return None
    return QueueState(name, there.message_count, there.consumer_count)


def persist_states(broker: Any) -> dict[str, QueueState | None]:
    """The queues that messages are put into, by name, in the order of their partitions."""
    names = [partition_name(partition) for partition in range(settings.PERSIST_QUEUES)]
    return {name: state_of(broker, name) for name in names}


def leftover_states(broker: Any) -> list[QueueState]:
    """Queues from when PERSIST_QUEUES was higher. Workers empty them; without a gap in the numbers."""
    found = []
    partition = settings.PERSIST_QUEUES
    while (state := state_of(broker, partition_name(partition))) is not None:
        found.append(state)
        partition += 1
    return found
