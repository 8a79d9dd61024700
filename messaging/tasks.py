"""The Celery tasks of messaging: each hands its argument to the business layer."""

from typing import Any

from celery import shared_task

from messaging.pipeline.delivery import deliver, patiently, read
from messaging.pipeline.publish import PERSIST_TASK


# Our workers take these calls in batches, by a step of their own (messaging.pipeline.worker); this serves a
# plain one. Acknowledged late, and given back when it dies: what leaves the queue is stored.
@shared_task(name=PERSIST_TASK, acks_late=True, reject_on_worker_lost=True)
def persist(envelope: dict[str, Any]) -> None:
    deliver([read(envelope)], pause=patiently)
