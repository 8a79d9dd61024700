"""Celery's own consumer without what does harm here, for every worker of ours."""

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

# Between two tries to reach the broker. Celery would wait longer each time, up to half a minute, and for as
# long after the broker is back nobody's messages would be stored.
RECONNECT_EVERY_S = 2

CeleryBlueprint: Any = CeleryConsumer.Blueprint


class Consumer(CeleryConsumer):
    """Consumes the queues that the worker was given."""

    class Blueprint(CeleryBlueprint):  # type: ignore[misc]  # Celery's has no types
        # On quorum queues this step declares some thirty queues for delayed tasks, which we never send.
        default_steps = [
            step for step in CeleryBlueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]

    def __init__(self, *args: Any, **options: Any) -> None:
        # Workers need not know of each other by Celery, and a broker in a memory alarm stops to listen to
        # whoever publishes: acknowledgements must go on.
        silent = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
        super().__init__(*args, **{**options, **silent})

    def ensure_connected(self, conn: Any) -> Any:
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=RECONNECT_EVERY_S, interval_step=0
        )
        return super().ensure_connected(conn)
