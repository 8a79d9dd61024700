"""What a worker does with one delivery: store it, hold it while the database is away, or set it aside."""

import json
import logging
import time
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connections
from django.utils import timezone

from messaging.models import RejectedMessage
from messaging.pipeline.envelope import Envelope, UnknownEnvelope
from messaging.pipeline.persist import persist

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
FAULTS_WHILE_REACHABLE = 10  # then the fault is the envelope's, not the database's

logger = logging.getLogger(__name__)


def deliver(fields: object) -> None:
    """Bring the envelope in `fields` to an end: stored, rejected or set aside. Returns only then.

    While the database is away it tries again for as long as it takes; a worker that is killed meanwhile has
    acknowledged nothing, and the broker delivers the envelope again.
    """
    wait_s = FIRST_WAIT_S
    faults = 0
    while True:
        try:
            _store_or_set_aside(fields, is_given_up=faults > FAULTS_WHILE_REACHABLE)
            return
        except (OperationalError, InterfaceError) as fault:
            logger.warning("holding a message: %s", fault)
            faults += _is_database_reachable()
        time.sleep(wait_s)
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def _store_or_set_aside(fields: object, *, is_given_up: bool) -> None:
    try:
        envelope = Envelope.from_json(fields)
    except UnknownEnvelope as error:
        _set_aside(fields, None, "unknown_envelope", str(error))
        return
    if is_given_up:
        _set_aside(fields, envelope.client_id, "not_storable", "the database kept failing on this message")
        return
    try:
        persist([envelope], keep_rejected=True)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # Whatever this one message breaks, the ones behind it go on.
        logger.exception("message %s could not be stored", envelope.client_id)
        _set_aside(fields, envelope.client_id, "not_storable", repr(error))


def _set_aside(fields: object, client_id: UUID | None, reason: str, detail: str) -> None:
    RejectedMessage.objects.create(
        client_id=client_id,
        envelope=json.dumps(fields),
        reason=reason,
        detail=detail,
        rejected_at=timezone.now(),
    )


def _is_database_reachable() -> bool:
    """Whether a fresh connection answers; the one that failed is closed."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
