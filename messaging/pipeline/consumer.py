"""The consumer of the workers that store messages.

Such a worker runs no other task: a task would run in the loop that talks to the broker, and hold it up. Other
background tasks have workers of their own (`chatsite.task_worker`).
"""

from typing import Any

from chatsite.consumer import Consumer as OurConsumer


class Consumer(OurConsumer):
    """What an ordinary `celery -A chatsite worker` runs; no option has to be given."""

    class Blueprint(OurConsumer.Blueprint):
        default_steps = [*OurConsumer.Blueprint.default_steps, "messaging.pipeline.worker:PersistStep"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        queues = self.app.amqp.queues
        queues.deselect(list(queues))  # also those that were asked for by -Q
