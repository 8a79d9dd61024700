"""Races, run for real: threads that start at the same instant, each with a database connection of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

Result = TypeVar("Result")


def run_together(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """What `calls` return, in their order; the first exception any of them raised is raised here."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        start.wait(timeout=30)
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def somebody_waits_for_a_lock() -> bool:
    """Whether another connection to this MariaDB waits for a row that it wants to lock."""
    # Not innodb_trx, which who asks more often than every 0.1 s sees as it was.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist "
            "WHERE db = DATABASE() AND info LIKE 'SELECT%FOR UPDATE%' AND time_ms > 200"
        )
        [count] = cursor.fetchone()
    return bool(count)
