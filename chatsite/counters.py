"""Where limits are counted: a table of the database, so that all processes count together.

Django's database cache makes the table (`manage.py createcachetable`). Its own ways in and out are not used:
what is counted is read and written under the lock of its row. While the database can't do that nothing is
counted, for a moment (`chatsite.breaker`), which is logged once. That many want one row is no such fault.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import TypeAlias

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import DEFAULT_DB_ALIAS, Error, IntegrityError, OperationalError, connections, transaction

from chatsite.breaker import Breaker

Numbers: TypeAlias = list[float]
How: TypeAlias = Callable[[Numbers], Numbers | None]

TRIES = 5  # each fails only where another got through in that very moment
IN_LINE_S = 1.0
NEW_ROWS_BETWEEN_LOOKS = 100  # of one process
DEADLOCK = 1213  # MariaDB's number

_breaker = Breaker("the table of limits")
_lines = [Lock() for _number in range(64)]
_new_rows = itertools.count(1)


class Contended(Exception):
    """Too many count the same thing at once."""


class CountersInDatabase(DatabaseCache):
    """A row for each thing that is counted, and until when it matters.

    Of each kind there are some MAX_ENTRIES at most. If there are more, those go that would be gone soonest:
    who fills the table pushes out what was done as seldom as what they fill it with, and no other kind.
    """

    _table: str  # as createcachetable calls it; of the settings alone, in the statements below

    def change(self, kind: str, name: str, how: How) -> None:
        """Have what is counted as `name` be what `how` makes of it.

        Arguments:
            kind: what is counted; names are of one kind.
            how: takes the numbers that are there, [] for none, and returns those to be there, of which the
                greatest is the time in seconds until which they matter; None leaves them. It may be called
                more than once, and is not called while the table is of no use.

        Raises:
            Contended: too many do this at once.
        """
        key = self.make_key(f"{kind}:{name}")
        with _in_line(key):
            if not _breaker.lets_through():
                return
            try:
                if self._changed(key, how) and next(_new_rows) % NEW_ROWS_BETWEEN_LOOKS == 0:
                    self._thin_out(self.make_key(f"{kind}:"))
            except Error as fault:
                connection = connections[DEFAULT_DB_ALIAS]
                if connection.in_atomic_block and _is_deadlock(fault):
                    raise  # the whole transaction is gone, of which this was a part
                _breaker.failed(fault)
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()  # the rest of the request needs one that works
            else:
                _breaker.worked()

    def _changed(self, key: str, how: How) -> bool:
        """Whether there is a row now that was not there.

        Raises:
            Contended: each time, another was faster.
        """
        for _try in range(TRIES):
            try:
                with transaction.atomic():
                    return self._change(key, how)
            except IntegrityError:
                continue  # another one inserted it
            except OperationalError as fault:
                if not _is_deadlock(fault) or connections[DEFAULT_DB_ALIAS].in_atomic_block:
                    raise
        _breaker.worked()
        raise Contended

    def _change(self, key: str, how: How) -> bool:
        connection = connections[DEFAULT_DB_ALIAS]
        lock = connection.ops.for_update_sql() if connection.features.has_select_for_update else ""
        with connection.cursor() as cursor:
            found = f"SELECT value FROM {self._table} WHERE cache_key = %s {lock}"  # noqa: S608 # nosec B608
            cursor.execute(found, [key])
            row = cursor.fetchone()
            numbers = how(json.loads(row[0]) if row else [])
            if numbers is None:
                return False
            entry = [json.dumps(numbers), _as_stored(max(numbers)), key]
            if row:
                what = "SET value = %s, expires = %s WHERE cache_key = %s"
                change = f"UPDATE {self._table} {what}"  # nosec B608
            else:
                what = "(value, expires, cache_key) VALUES (%s, %s, %s)"
                change = f"INSERT INTO {self._table} {what}"  # nosec B608
            cursor.execute(change, entry)
        return not row

    def _thin_out(self, beginning: str) -> None:
        """Remove what matters no more, and of the keys with this beginning what is too much."""
        of_kind = f"FROM {self._table} WHERE cache_key LIKE %s"
        these = [f"{beginning}%"]
        try:
            with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
                past = f"DELETE FROM {self._table} WHERE expires < %s"  # noqa: S608 # nosec B608
                cursor.execute(past, [_as_stored(time.time())])
                cursor.execute(f"SELECT COUNT(*) {of_kind}", these)
                too_many = cursor.fetchone()[0] - self._max_entries
                if too_many > 0:
                    soonest = f"SELECT expires {of_kind} ORDER BY expires LIMIT 1 OFFSET %s"
                    cursor.execute(soonest, [*these, too_many - 1])
                    if last := cursor.fetchone():
                        cursor.execute(f"DELETE {of_kind} AND expires <= %s", [*these, last[0]])
        except OperationalError as fault:
            if not _is_deadlock(fault) or connections[DEFAULT_DB_ALIAS].in_atomic_block:
                raise


def the_counters() -> CountersInDatabase:
    counters = caches["default"]
    assert isinstance(counters, CountersInDatabase)  # noqa: S101  # by the settings
    return counters


@contextmanager
def _in_line(key: str) -> Iterator[None]:
    """Has one thread of this process alone wait at the database for a row, so that none waits there for long.

    Raises:
        Contended: the line is too long.
    """
    line = _lines[hash(key) % len(_lines)]
    if not line.acquire(timeout=IN_LINE_S):
        raise Contended
    try:
        yield
    finally:
        line.release()


def _as_stored(seconds: float) -> str | None:
    """This time as the table has it."""
    when = datetime.fromtimestamp(seconds, UTC)
    return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(when)


def _is_deadlock(fault: Error) -> bool:
    return isinstance(fault, OperationalError) and fault.args[:1] == (DEADLOCK,)
