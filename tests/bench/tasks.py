"""The Celery application of baseline (b): an ordinary task, and one commit for each message.

It runs with a site's settings, on a queue of its own: replicated, with publisher confirms and late
acknowledgement, so that what is accepted is as safe as with the product.
"""

from typing import Any

from celery import Celery
from celery.worker.consumer import Consumer as CeleryConsumer
from django.conf import settings
from kombu import Exchange, Queue

QUEUE = f"{settings.QUEUE_PREFIX}.baseline"
STORE_TASK = "bench.store"

CeleryBlueprint: Any = CeleryConsumer.Blueprint


class Consumer(CeleryConsumer):
    """Celery's own, without the thirty queues for delayed tasks that it declares beside a quorum queue."""

    class Blueprint(CeleryBlueprint):  # type: ignore[misc]  # Celery's has no types
        default_steps = [
            step for step in CeleryBlueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]


# Not the current application, which in a web process is the product's.
app = Celery("bench", set_as_current=False)
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    task_queues=[
        Queue(QUEUE, Exchange(QUEUE, type="direct"), QUEUE, queue_arguments={"x-queue-type": "quorum"})
    ],
    task_default_queue=QUEUE,
    task_acks_late=True,
    task_ignore_result=True,
    worker_concurrency=1,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_consumer="tests.bench.tasks:Consumer",
)


@app.task(name=STORE_TASK)
def store_one(**fields: Any) -> None:
    from tests.bench.baseline import store

    store(**fields)
