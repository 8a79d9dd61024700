"""The cache in which limits are counted: a table of the database, so that all processes count together.

Django's database cache, without a way to keep people out: what is wrong with its table costs counts, never a
log-in. After a fault it is left alone for a moment (`chatsite.breaker`), which is logged once.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, Error, connections

from chatsite.breaker import Breaker

TRIES = 3  # who held the lock may have let go of it between two questions

Result = TypeVar("Result")

_breaker = Breaker("the table of limits")


class CountersInDatabase(DatabaseCache):
    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return _asked(lambda: super(CountersInDatabase, self).get(key, default, version), otherwise=default)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Whether it was not there; True as well where nothing can be written.

        Django's own takes that for a key that is there, and who waits for a lock would wait in vain.
        """

        def added() -> bool:
            for _try in range(TRIES):
                if super(CountersInDatabase, self).add(key, value, timeout, version):
                    return True
                # Not has_key(): it holds a key to be gone in the very second in which `add` still finds it.
                if super(CountersInDatabase, self).get(key, version=version) is not None:
                    return False
            raise DatabaseError("nothing can be written")

        return _asked(added, otherwise=True)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        _asked(lambda: super(CountersInDatabase, self).set(key, value, timeout, version), otherwise=None)

    def delete(self, key: Any, version: Any = None) -> bool:
        return _asked(lambda: super(CountersInDatabase, self).delete(key, version), otherwise=False)


def _asked(ask: Callable[[], Result], *, otherwise: Result) -> Result:
    """What `ask()` returns; `otherwise` while the table is of no use."""
    if not _breaker.lets_through():
        return otherwise
    try:
        answer = ask()
    except Error as fault:
        _breaker.failed(fault)
        connection = connections[DEFAULT_DB_ALIAS]
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # the rest of the request needs one that works
        return otherwise
    _breaker.worked()
    return answer
