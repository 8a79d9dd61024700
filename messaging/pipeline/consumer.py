"""Celery's own consumer, with our step in it and without what does harm here."""

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

CeleryBlueprint: Any = CeleryConsumer.Blueprint


class Consumer(CeleryConsumer):
    class Blueprint(CeleryBlueprint):  # type: ignore[misc]  # Celery's has no types
        default_steps = [
            # On quorum queues this step declares some thirty queues for delayed tasks, which we never send.
            *(step for step in CeleryBlueprint.default_steps if not step.endswith(":DelayedDelivery")),
            "messaging.pipeline.worker:PersistStep",
        ]
