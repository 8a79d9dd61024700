"""What a failed attempt to store says: the database is away for a while, or the messages are bad.

Error numbers are those of MariaDB and MySQL: https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

import logging

from django.db import DataError, Error, IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now

from messaging.models import Worker

INSTANT_RETRY = frozenset(
    {
        1020,  # the row changed since it was read
        1213,  # deadlock
    }
)
NOT_THE_MESSAGES_FAULT = INSTANT_RETRY | {
    3,  # can't write a file: the disk is full
    1021,  # the disk is full
    1026,  # can't write a file
    1030,  # the storage engine got an error: mostly the disk
    1040,  # too many connections
    1044,  # no access to the database
    1045,  # no access
    1046,  # no database
    1047,  # the node of a cluster is not ready
    1049,  # no such database
    1053,  # it shuts down
    1054,  # no such column: a migration is missing
    1114,  # the table is full
    1129,  # the host is blocked after many errors
    1142,  # no access to the table
    1146,  # no such table: a migration is missing
    1153,  # the statement is too large
    1205,  # waited too long for a lock, which would take as long again
    1226,  # the account has used up what it may
    1290,  # read-only
    1317,  # the statement was killed
    1364,  # a column without default: a migration is missing
    1836,  # read-only
    1927,  # the connection was killed
    1969,  # the statement took too long
    2002,  # no connection
    2003,  # no connection
    2005,  # no such host
    2006,  # the connection is gone
    2013,  # the connection was lost, or no answer came in time
    2055,  # the connection was lost
    4031,  # the connection was idle for too long
}

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


def _number_of(fault: Exception) -> int | None:
    number = fault.args[0] if fault.args else None
    return number if isinstance(number, int) else None


def _can_write() -> bool:
    try:
        with transaction.atomic():
            Worker.objects.create(host="test write", pid=0, started_at=Now(), seen_at=Now())
            transaction.set_rollback(True)
    except Error as fault:
        logger.warning("test write failed", extra={"fault": str(fault)})
        connection.close()
        return False
    return True
