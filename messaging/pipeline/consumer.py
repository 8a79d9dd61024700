"""The worker's side of the broker: Celery's own consumer, less what does harm here."""

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

CeleryBlueprint: Any = CeleryConsumer.Blueprint


class Consumer(CeleryConsumer):
    class Blueprint(CeleryBlueprint):  # type: ignore[misc]  # Celery's has no types
        # On quorum queues this step declares some thirty queues for delayed tasks, which we never send.
        default_steps = [
            step for step in CeleryBlueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]
