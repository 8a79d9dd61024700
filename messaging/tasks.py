"""The Celery tasks of messaging: each hands its argument to the business layer."""

from typing import Any

from celery import shared_task

from messaging.pipeline.delivery import deliver
from messaging.pipeline.publish import PERSIST_TASK


# Acknowledged late, and given back when the worker dies: a message leaves the queue only once it is stored.
@shared_task(name=PERSIST_TASK, acks_late=True, reject_on_worker_lost=True)
def persist(envelope: dict[str, Any]) -> None:
    deliver(envelope)
