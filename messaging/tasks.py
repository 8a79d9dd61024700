"""The Celery tasks of messaging: each hands its argument to the business layer."""

from typing import Any

from celery import shared_task

from messaging.actions.removals import REMOVE_TASK, go_on_removing
from messaging.pipeline.delivery import deliver, patiently, read
from messaging.pipeline.publish import PERSIST_TASK


# Our workers take these calls in batches, by a step of their own (messaging.pipeline.worker); this serves a
# plain one. Acknowledged late, and given back when it dies: what leaves the queue is stored.
@shared_task(name=PERSIST_TASK, acks_late=True, reject_on_worker_lost=True)
def persist(envelope: dict[str, Any]) -> None:
    deliver([read(envelope)], pause=patiently)


# What is killed goes on from its row, and a second one beside it does no harm.
@shared_task(name=REMOVE_TASK, acks_late=True, reject_on_worker_lost=True)
def remove_messages(removal_id: int) -> None:
    go_on_removing(removal_id)
