"""The queues: persist queues, one per partition of the channels, so that each channel keeps its order."""

from typing import Any

from django.conf import settings
from kombu import Exchange, Queue

QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}
# What is declared once can't be declared otherwise: what may change belongs into a policy (deploy/rabbitmq).
PERSIST: dict[str, Any] = {
    **QUORUM,
    # One consumer at a time, so that two workers can't take two messages of one channel at once.
    "x-single-active-consumer": True,
    # Every outage redelivers. RabbitMQ 4 drops a message after 20 redeliveries unless told otherwise.
    "x-delivery-limit": 1_000_000_000,
    "x-overflow": "reject-publish",
}


def persist_queue_name(channel_id: int) -> str:
    """The queue that carries the messages of a channel."""
    return partition_name(channel_id % settings.PERSIST_QUEUES)


def partition_name(partition: int) -> str:
    """The queue of a partition; they are numbered from 0 on."""
    return f"{settings.QUEUE_PREFIX}.persist.{partition}"


def partition_queue(partition: int) -> Queue:
    """The queue of a partition, with all that declaring it takes."""
    return _queue(partition_name(partition), PERSIST)


def persist_queues() -> list[Queue]:
    """The queues that messages are put into, in the order of their partitions."""
    return [partition_queue(partition) for partition in range(settings.PERSIST_QUEUES)]


def tasks_queue() -> Queue:
    """The queue of every other background task, which the workers that store messages leave alone."""
    return _queue(f"{settings.QUEUE_PREFIX}.tasks", QUORUM)


def dead_letter_queue() -> Queue:
    """Where the broker puts what its operators' policies make it give up; nobody reads it, `doctor` looks."""
    return _queue(f"{settings.QUEUE_PREFIX}.dead", QUORUM)


def all_queues() -> list[Queue]:
    """Every queue that this project declares."""
    return [*persist_queues(), tasks_queue(), dead_letter_queue()]


def _queue(name: str, arguments: dict[str, Any]) -> Queue:
    exchange = Exchange(settings.QUEUE_PREFIX, type="direct", durable=True)
    return Queue(name, exchange, routing_key=name, queue_arguments=arguments)
