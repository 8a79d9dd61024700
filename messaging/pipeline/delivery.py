"""What a worker does with one delivery: store it, hold it while the database is away, or set it aside."""

import logging
import time

from django.db import DataError, Error, IntegrityError, connection
from django.utils import timezone

from messaging.pipeline.envelope import Envelope, UnknownEnvelope
from messaging.pipeline.persist import persist
from messaging.pipeline.rejected import set_aside

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0

logger = logging.getLogger(__name__)


def deliver(fields: object) -> None:
    """Bring the envelope in `fields` to an end: stored, rejected or set aside. Returns only then.

    While the database is away, or refuses for a reason that is not this message's, it tries again for as
    long as it takes: whatever left this function would be acknowledged, and lost. A worker that is killed
    meanwhile has acknowledged nothing, and the broker delivers the envelope again.
    """
    wait_s = FIRST_WAIT_S
    while True:
        try:
            _store_or_set_aside(fields)
            return
        except Error as fault:
            logger.warning("holding a message, the database says: %s", fault)
        except Exception:
            logger.exception("holding a message")
        connection.close()  # the next try has a fresh one
        time.sleep(wait_s)
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def _store_or_set_aside(fields: object) -> None:
    try:
        envelope = Envelope.from_json(fields)
    except UnknownEnvelope as error:
        set_aside(fields, None, "unknown_envelope", at=timezone.now(), detail=str(error))
        return
    try:
        persist([envelope], keep_rejected=True)
    except (DataError, IntegrityError, ValueError, ArithmeticError) as error:
        # The message's own fault: those behind it go on.
        logger.exception("message %s could not be stored", envelope.client_id)
        set_aside(fields, envelope.client_id, "not_storable", at=timezone.now(), detail=repr(error))
