"""What a failed attempt to store says: the database is away for a while, or the messages are bad.

Error numbers are those of MariaDB and MySQL: https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import DataError, Error, IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now

from chatsite.database import CONNECTION_LOST, NOT_REACHED
from messaging.models import Worker

ESCAPED = b"\0\n\r\x1a'\"\\"
REST_OF_A_STATEMENT = 2048  # bytes: all but the long values
LONG_AGO = timedelta(days=1)  # for the roster nobody who is there

INSTANT_RETRY = frozenset(
    {
        1020,  # the row changed since it was read
        1213,  # deadlock
        3101,  # another node of a group had it first
    }
)
TOO_LARGE = frozenset(
    {
        1153,  # the statement is larger than the server takes
        2020,  # or than the client sends
    }
)
NOT_THE_MESSAGES_FAULT = (
    INSTANT_RETRY
    | NOT_REACHED
    | CONNECTION_LOST
    | {
        3,  # can't write a file: the disk is full
        1015,  # can't lock a file
        1016,  # can't open a file
        1021,  # the disk is full
        1026,  # can't write a file
        1030,  # the storage engine got an error: mostly the disk
        1034,  # the table's index is damaged
        1036,  # the table is read-only
        1037,  # out of memory
        1041,  # out of memory
        1044,  # no access to the database
        1045,  # no access
        1046,  # no database
        1047,  # the node of a cluster is not ready
        1049,  # no such database
        1054,  # no such column: a migration is missing
        1114,  # the table is full
        1129,  # the host is blocked after many errors
        1142,  # no access to the table
        1143,  # no access to a column
        1146,  # no such table: a migration is missing
        1158,  # the network, on the server's side; so the next three
        1159,
        1160,
        1161,
        1180,  # the commit failed
        1194,  # the table is damaged
        1197,  # the transaction is too large for the binary log
        1203,  # too many connections of this account
        1205,  # waited too long for a lock, which would take as long again
        1206,  # too many locks
        1226,  # the account has used up what it may
        1290,  # read-only
        1317,  # the statement was killed
        1364,  # a column without default: a migration is missing
        1412,  # the table was changed meanwhile
        1637,  # too many transactions at once
        1792,  # read-only
        1836,  # read-only
        1969,  # the statement took too long
        3024,  # the statement took too long
        3100,  # a group of servers does not let it commit
        3168,  # it shuts down
        3169,  # the session was killed
    }
)

logger = logging.getLogger(__name__)


def is_worth_an_instant_retry(fault: Error) -> bool:
    """Whether the database undid the transaction for the sake of another one."""
    return _number_of(fault) in INSTANT_RETRY


def is_database_away(fault: Exception) -> bool:
    """Whether `fault`, of an attempt to store messages, is no fault of these messages.

    Closes the connection: what comes next has a fresh one. Asks the database to write something else, which
    takes as long as the connection's own timeouts allow.
    """
    connection.close()
    if connection.vendor == "sqlite" and isinstance(fault, OperationalError):
        return True  # it has no numbers, and is never on the other side of a network
    if isinstance(fault, DataError | IntegrityError) or not isinstance(fault, Error):
        return not _can_write()
    return _number_of(fault) in NOT_THE_MESSAGES_FAULT or not _can_write()


def is_too_large(fault: Exception, statements: Iterable[Sequence[str]]) -> bool:
    """Whether `fault` came of one of `statements` being larger than the database takes.

    The server closes the connection in the middle of it, which mostly looks as if it had gone away.

    Arguments:
        statements: the long values in each; asked for only when that may be the matter.
    """
    number = _number_of(fault)
    if number in TOO_LARGE:
        return True
    if number not in CONNECTION_LOST or connection.vendor != "mysql":
        return False
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@max_allowed_packet")
            [most] = cursor.fetchone()
    except Error:
        connection.close()
        return False  # it is away after all
    return any(sum(map(_written_size, values)) + REST_OF_A_STATEMENT > most for values in statements)


def _number_of(fault: Exception) -> int | None:
    number = fault.args[0] if fault.args else None
    return number if isinstance(number, int) else None


def _written_size(value: str) -> int:
    """In bytes, as the driver escapes it."""
    written = value.encode(errors="surrogatepass")
    return len(written) + sum(map(written.count, ESCAPED))


def _can_write() -> bool:
    """Whether the database takes and commits a row, out of the way of all others, and gives it up again."""
    # A name of its own, or two workers would be in each other's way. Who signs in removes what is left of it.
    host = f"test write {uuid.uuid4()}"
    try:
        with transaction.atomic():
            Worker.objects.create(host=host, pid=0, started_at=Now() - LONG_AGO, seen_at=Now() - LONG_AGO)
        with transaction.atomic():
            Worker.objects.filter(host=host).delete()
    except Error as fault:
        logger.warning("test write failed", extra={"fault": str(fault)})
        connection.close()
        return False
    return True
