"""What is done after the answer: by a worker of background tasks, or without a broker by a thread here."""

import logging
import threading
from functools import cache, partial
from queue import Full, Queue
from typing import TypeAlias

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

Call: TypeAlias = tuple[str, tuple[int | str, ...]]

MOST_WAITING = 1_000  # calls for the thread of this process

logger = logging.getLogger(__name__)


def run_later(task: str, *arguments: int | str) -> None:
    """Have the Celery task of that name run, once the transaction that this is called in is committed.

    It may run twice, and where the broker is away now or this process ends, never. So a task goes by a row
    that says what is left to do, and whoever is shown that row can have it begun again.
    """
    transaction.on_commit(partial(_start, task, arguments))


def run_soon(task: str, *arguments: int | str) -> None:
    """As `run_later`, for what is short and no row says: where the broker is away, this process runs it.

    What it had not run yet when it is ended is lost.
    """
    transaction.on_commit(partial(_start, task, arguments, or_here=True))


def finish_here() -> None:
    """Wait until this process has run what was left to its thread: one that ends would take it along."""
    if _calls.cache_info().currsize:
        _calls().join()


def _start(task: str, arguments: tuple[int | str, ...], *, or_here: bool = False) -> None:
    if not settings.BROKER_URL:
        _run_here(task, arguments)
        return
    try:
        current_app.send_task(task, arguments)
    except (OperationalError, OSError):
        logger.warning("the broker is away: %s is %s", task, "run here" if or_here else "not begun")
        if or_here:
            _run_here(task, arguments)


def _run_here(task: str, arguments: tuple[int | str, ...]) -> None:
    try:
        _calls().put_nowait((task, arguments))
    except Full:
        logger.error("too much is to be done in the background: %s was not begun", task)


@cache
def _calls() -> "Queue[Call]":
    """What the thread of this process waits for. It is no reason for a server that stops to go on."""
    calls: Queue[Call] = Queue(MOST_WAITING)
    threading.Thread(target=_run_each, args=[calls], name="background", daemon=True).start()
    return calls


def _run_each(calls: "Queue[Call]") -> None:
    current_app.loader.import_default_modules()
    while True:
        task, arguments = calls.get()
        try:
            current_app.tasks[task](*arguments)
        except Exception:
            logger.exception("%s failed", task)
        finally:
            connection.close()
            calls.task_done()
