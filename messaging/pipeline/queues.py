"""The persist queues: one per partition of the channels, so that each channel keeps its order."""

from typing import Any

from django.conf import settings
from kombu import Exchange, Queue

QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}
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
    return f"{settings.QUEUE_PREFIX}.persist.{channel_id % settings.PERSIST_QUEUES}"


def all_queues() -> list[Queue]:
    """Every queue that this project declares: the persist queues and the one for other tasks."""
    exchange = Exchange(settings.QUEUE_PREFIX, type="direct", durable=True)
    persist = [persist_queue_name(partition) for partition in range(settings.PERSIST_QUEUES)]
    return [
        *(Queue(name, exchange, routing_key=name, queue_arguments=PERSIST) for name in persist),
        Queue(
            f"{settings.QUEUE_PREFIX}.tasks",
            exchange,
            routing_key=f"{settings.QUEUE_PREFIX}.tasks",
            queue_arguments=QUORUM,
        ),
    ]
