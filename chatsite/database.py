"""Whether the database is known to be away, so that nobody waits long to find out what others have found.

Error numbers are those of MariaDB and MySQL: https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, InterfaceError, OperationalError, connection

from chatsite.breaker import Breaker

NOT_REACHED = frozenset(
    {
        1040,  # too many connections
        1053,  # it shuts down
        2002,  # no connection
        2003,  # no connection
        2005,  # no such host
    }
)
CONNECTION_LOST = frozenset(
    {
        1927,  # the connection was killed
        2006,  # the connection is gone
        2013,  # the connection was lost, or no answer came in time
        2055,  # the connection was lost
        4031,  # the connection was idle for too long
    }
)

_breaker = Breaker("the database")


class KnownToBeAway(OperationalError):
    """The database was away a moment ago, and was not asked again."""


def need_database() -> None:
    """Return at once while the database is of use, as far as this process knows.

    Once it is known to be away, one caller in a few seconds looks again, for as long as connecting may take.

    Raises:
        OperationalError, InterfaceError: it is away.
    """
    if not _breaker.is_open:
        return
    if not _breaker.lets_through():
        raise KnownToBeAway
    try:
        _connect_anew()
    except Error as fault:
        _breaker.failed(fault)
        raise
    _breaker.worked()


def is_away(fault: Exception) -> bool:
    """Whether `fault` says that the database is away, which `need_database` then knows."""
    if isinstance(fault, KnownToBeAway):
        return True
    number = fault.args[0] if fault.args else None
    if number in CONNECTION_LOST and not _breaker.is_open and _answers():
        return False  # it was that one connection alone
    if number not in CONNECTION_LOST | NOT_REACHED:
        return False
    _breaker.failed(fault)
    return True


@contextmanager
def database_needed() -> Iterator[None]:
    """What is done within needs the database.

    Raises:
        OperationalError, InterfaceError: it is away, which is known from now on.
    """
    need_database()
    try:
        yield
    except (OperationalError, InterfaceError) as fault:
        is_away(fault)
        raise


def _connect_anew() -> None:
    connection.close()
    connection.ensure_connection()


def _answers() -> bool:
    try:
        _connect_anew()
    except Error:
        return False
    return True
