"""Keeping what was accepted and can't be stored, whole and with the reason, so that nothing is dropped."""

import hashlib
import json
import logging
from datetime import datetime

from accounts.models import User
from messaging.models import RejectedMessage
from messaging.pipeline.envelope import Envelope

logger = logging.getLogger(__name__)


def set_aside(envelope: Envelope, reason: str, *, at: datetime, detail: str = "") -> None:
    """Keep `envelope`; delivered and rejected again, it is still one row.

    Arguments:
        reason: a stable code.
        detail: what an admin should know besides.

    Raises:
        django.db.Error: it could not be written, so that nothing may be acknowledged.
    """
    author = User.objects.filter(pk=envelope.author_id).first()
    _keep(envelope.as_json(), reason, at=at, detail=detail, client_id=envelope.client_id, author=author)


def set_aside_unreadable(fields: object, *, at: datetime, detail: str) -> None:
    """Keep `fields`, which came out of the queue and is no envelope that this release can read.

    Arguments:
        fields: of JSON's own types; what was not even JSON, as text.

    Raises:
        django.db.Error: as `set_aside`.
    """
    _keep(fields, "unknown_envelope", at=at, detail=detail)


def _keep(fields: object, reason: str, *, at: datetime, **columns: object) -> None:
    envelope = json.dumps(fields)
    _row, is_new = RejectedMessage.objects.get_or_create(
        digest=hashlib.sha256(f"{reason}:{envelope}".encode()).hexdigest(),
        defaults={"envelope": envelope, "reason": reason, "rejected_at": at, **columns},
    )
    if is_new:
        logger.warning("rejected", extra={"client_id": str(columns.get("client_id", "")), "reason": reason})
