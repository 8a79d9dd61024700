"""Keeping what was accepted and can't be stored, whole and with the reason, so that nothing is dropped."""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from messaging.models import RejectedMessage


def set_aside(fields: object, client_id: UUID | None, reason: str, *, at: datetime, detail: str = "") -> None:
    """Keep the envelope `fields`; delivered and rejected again, it is still one row.

    Arguments:
        fields: what came out of the queue, of JSON's own types.
        client_id: the message's name; None when the envelope can't be read.
        reason: a stable code.
        detail: what an admin should know besides.
    """
    envelope = json.dumps(fields)
    RejectedMessage.objects.update_or_create(
        digest=hashlib.sha256(f"{reason}:{envelope}".encode()).hexdigest(),
        defaults={
            "client_id": client_id,
            "envelope": envelope,
            "reason": reason,
            "detail": detail,
            "rejected_at": at,
        },
    )
