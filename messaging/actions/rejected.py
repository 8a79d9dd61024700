"""What an admin decides about a message that was accepted and could not be stored."""

import json
import logging

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.audit import record
from accounts.models import Act
from chatsite.errors import Conflict
from chatsite.rights import require
from messaging.models import Message, RejectedMessage
from messaging.permissions import may_decide_rejected
from messaging.pipeline.envelope import Envelope, UnknownEnvelope, fingerprint_in
from messaging.pipeline.faults import is_too_large
from messaging.pipeline.persist import Dropped, Outcome, Rejected, long_values, persist

logger = logging.getLogger(__name__)

OPEN = RejectedMessage.Outcome.OPEN
STORED = RejectedMessage.Outcome.STORED
DISCARDED = RejectedMessage.Outcome.DISCARDED
DELETED = RejectedMessage.Outcome.DELETED


def retry_rejected(actor: Actor, rejected: RejectedMessage) -> None:
    """Store the message now that what stood against it may be gone; it becomes the newest of its channel.

    Raises:
        NotAllowed: the actor is no admin.
        Conflict: it was decided already, or its author deleted it; or it is refused again, and stays open
            with the new reason.
    """
    require(may_decide_rejected, actor)
    rejected = _still_open(rejected)
    try:
        envelope = Envelope.from_json(json.loads(rejected.envelope))
        [outcome] = _persist(envelope)
    except UnknownEnvelope as error:
        raise _refused_again(rejected, "unknown_envelope", str(error)) from error
    except (DataError, IntegrityError, ValueError, ArithmeticError) as error:
        raise _refused_again(rejected, "not_storable", repr(error)) from error
    except OperationalError as error:
        if not is_too_large(error, [long_values(envelope)]):
            raise
        raise _refused_again(rejected, "not_storable", repr(error)) from error
    if isinstance(outcome, Rejected):
        raise _refused_again(rejected, outcome.reason, "")
    if isinstance(outcome, Dropped):
        _decide(rejected, DELETED, unless=[DELETED])
        raise _ended(DELETED)
    # Whatever another admin decided in the same moment, it is stored; its author may have deleted it since.
    with transaction.atomic():
        _decide(rejected, STORED, unless=[DELETED])
        _record(actor, Act.REJECTED_RETRIED, rejected)
    logger.info("stored after all", extra={"client_ids": [str(envelope.client_id)]})


def discard_rejected(actor: Actor, rejected: RejectedMessage) -> None:
    """Decide that the message is never stored; its envelope is kept.

    Raises:
        NotAllowed: the actor is no admin.
        Conflict: it was decided already, or its author deleted it, or it is stored all the same.
    """
    require(may_decide_rejected, actor)
    if _is_stored(rejected):
        _decide(rejected, STORED, unless=[STORED, DELETED])
        raise _ended(STORED)
    with transaction.atomic():
        if not _decide(rejected, DISCARDED, unless=[STORED, DISCARDED, DELETED]):
            raise _ended(RejectedMessage.Outcome(_as_it_is(rejected).outcome))
        _record(actor, Act.REJECTED_DISCARDED, rejected)


def _record(actor: Actor, act: Act, rejected: RejectedMessage) -> None:
    record(actor, act, person=rejected.author, about=str(rejected.client_id or ""))


def _persist(envelope: Envelope) -> list[Outcome]:
    # In transactions of its own: one around it would be in the way of its trying again after a deadlock.
    return persist([envelope], keep_rejected=False)


def _is_stored(rejected: RejectedMessage) -> bool:
    fingerprint = fingerprint_in(json.loads(rejected.envelope))
    if rejected.client_id is None or fingerprint is None:
        return False
    return Message.objects.filter(client_id=rejected.client_id, fingerprint=fingerprint).exists()


def _as_it_is(rejected: RejectedMessage) -> RejectedMessage:
    return RejectedMessage.objects.get(pk=rejected.pk)


def _still_open(rejected: RejectedMessage) -> RejectedMessage:
    rejected = _as_it_is(rejected)
    if rejected.outcome != OPEN:
        raise _ended(RejectedMessage.Outcome(rejected.outcome))
    return rejected


def _decide(
    rejected: RejectedMessage,
    outcome: RejectedMessage.Outcome,
    *,
    unless: list[RejectedMessage.Outcome],
) -> bool:
    """Write `outcome` unless it is one of `unless` already; whether that was so is one question, not two."""
    rows = RejectedMessage.objects.filter(pk=rejected.pk).exclude(outcome__in=unless)
    return bool(rows.update(outcome=outcome, ended_at=timezone.now()))


def _refused_again(rejected: RejectedMessage, reason: str, detail: str) -> Conflict:
    # Its author may have deleted it meanwhile: then nothing of the text may come back by the detail.
    RejectedMessage.objects.filter(pk=rejected.pk, outcome=OPEN).update(reason=reason, detail=detail)
    words = _("Refused again: %(reason)s. It stays open.")
    # Only where it quotes no text: this admin may not be in the channel.
    is_told = bool(detail) and reason == "unknown_envelope"
    return Conflict(words % {"reason": f"{reason} ({detail})" if is_told else reason}, code=reason)


def _ended(outcome: RejectedMessage.Outcome) -> Conflict:
    return Conflict(_("Nothing is left to decide: %(outcome)s.") % {"outcome": outcome.label})
