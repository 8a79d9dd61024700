"""What is done after the answer: by a worker of background tasks, or without a broker by a thread here."""

import logging
import threading
from functools import cache, partial
from queue import SimpleQueue
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def run_later(task: str, *arguments: int | str) -> None:
    """Have the Celery task of that name run, once the transaction that this is called in is committed.

    It may run twice, and where the broker is away now or this process ends, never. So a task goes by a row
    that says what is left to do, and whoever is shown that row can have it begun again.
    """
    transaction.on_commit(partial(_start, task, arguments))


def _start(task: str, arguments: tuple[int | str, ...]) -> None:
    if not settings.BROKER_URL:
        _thread().put((task, arguments))
        return
    try:
        current_app.send_task(task, arguments)
    except (OperationalError, OSError):
        logger.warning("the broker is away: %s was not begun", task, exc_info=True)


@cache
def _thread() -> "SimpleQueue[tuple[str, tuple[int | str, ...]]]":
    """What the thread of this process waits for. It is no reason for a server that stops to go on."""
    calls: SimpleQueue[tuple[str, tuple[int | str, ...]]] = SimpleQueue()
    threading.Thread(target=_run_each, args=[calls], name="background", daemon=True).start()
    return calls


def _run_each(calls: Any) -> None:
    current_app.loader.import_default_modules()
    while True:
        task, arguments = calls.get()
        try:
            current_app.tasks[task](*arguments)
        except Exception:
            logger.exception("%s failed", task)
        finally:
            connection.close()
