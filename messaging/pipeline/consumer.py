"""Celery's own consumer, with our step in it and without what does harm here.

Such a worker stores messages and runs no other task: a task would run in the loop that talks to the broker,
and hold it up. Other background tasks get workers of their own once there are any: with Celery's own consumer
(the setting `worker_consumer`), another pool, and `-Q` with the queue of tasks.
"""

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

# Between two tries to reach the broker. Celery would wait longer each time, up to half a minute, and for as
# long after the broker is back nobody's messages would be stored.
RECONNECT_EVERY_S = 2

CeleryBlueprint: Any = CeleryConsumer.Blueprint


class Consumer(CeleryConsumer):
    """What an ordinary `celery -A chatsite worker` runs; no option has to be given."""

    class Blueprint(CeleryBlueprint):  # type: ignore[misc]  # Celery's has no types
        default_steps = [
            # On quorum queues this step declares some thirty queues for delayed tasks, which we never send.
            *(step for step in CeleryBlueprint.default_steps if not step.endswith(":DelayedDelivery")),
            "messaging.pipeline.worker:PersistStep",
        ]

    def __init__(self, *args: Any, **options: Any) -> None:
        # Workers need not know of each other by Celery, and a broker in a memory alarm stops to listen to
        # whoever publishes: acknowledgements must go on.
        silent = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
        super().__init__(*args, **{**options, **silent})
        queues = self.app.amqp.queues
        queues.deselect(list(queues))  # also those that were asked for by -Q

    def ensure_connected(self, conn: Any) -> Any:
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=RECONNECT_EVERY_S, interval_step=0
        )
        return super().ensure_connected(conn)
