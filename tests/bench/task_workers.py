"""The workers of baseline (b), beside a site's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import kombu

from tests.site import PYTHON, Part, Site
from tests.waiting import wait_for

COMMAND = (
    *(PYTHON, "-W", "ignore:You're running the worker with superuser", "-m", "celery", "--quiet"),
    *("-A", "tests.bench.tasks", "worker", "--pool", "solo", "--without-gossip", "--without-mingle"),
    *("--loglevel", "WARNING"),
)


class TaskQueue:
    """The queue of baseline (b) and the workers that read it, as many as `site` has of its own."""

    def __init__(self, site: Site) -> None:
        self._name = f"{site.environment['QUEUE_PREFIX']}.baseline"
        self._url = site.environment["BROKER_URL"]
        environment = {"CONN_MAX_AGE": "60", **site.environment}
        self.workers = [
            Part(
                f"task worker {number}",
                COMMAND,
                environment=environment,
                log=site.folder / f"task-{number}.log",
            )
            for number, _worker in enumerate(site.workers)
        ]

    def waiting(self) -> int:
        """How many calls are in the queue, not counting those that a worker holds."""
        return self._state()[0]

    def is_read(self) -> bool:
        return self._state()[1] == len(self.workers)

    def remove(self) -> None:
        with kombu.Connection(self._url) as connection:
            channel: Any = connection.default_channel
            channel.queue_delete(self._name)
            channel.exchange_delete(self._name)

    def _state(self) -> tuple[int, int]:
        with kombu.Connection(self._url) as connection:
            channel: Any = connection.default_channel
            try:
                state = channel.queue_declare(self._name, passive=True)
            except connection.channel_errors:
                return 0, 0  # not declared yet
            return state.message_count, state.consumer_count


@contextmanager
def task_queue(site: Site) -> Iterator[TaskQueue]:
    """Workers of baseline (b) running until the end of the block."""
    queue = TaskQueue(site)
    try:
        for worker in queue.workers:
            worker.start()
        wait_for(queue.is_read, what="the baseline's workers", timeout_s=60)
        yield queue
    except BaseException as error:
        error.add_note("\n".join(worker.last_words() for worker in queue.workers))
        raise
    finally:
        for worker in queue.workers:
            worker.stop()
        queue.remove()
