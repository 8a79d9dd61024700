"""What became of a message that was posted, asked by its name: on its way, stored, rejected or deleted.

A name may be posted more than once: the same message again, or another one by a mistake. So whoever was told
when theirs was accepted says that too.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet

from messaging.models import Message, RejectedMessage, Tombstone
from messaging.pipeline.envelope import accepted_us_in, in_microseconds
from messaging.pipeline.rejected import NOT_STORED

Outcome = RejectedMessage.Outcome


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message, for its author.

    Arguments:
        status: "sending" when nothing is known of it: it is in the queue, or never came.
        message: when it is sent.
        reason: when it is not sent; a code of `persist`.
    """

    status: Literal["sending", "sent", "not_sent", "deleted"]
    message: Message | None = None
    reason: str = ""


def fate_of(author_id: int, client_id: UUID, *, accepted_us: int = 0) -> Fate:
    """What became of the message that this author sent under `client_id`; of nobody else's.

    Arguments:
        accepted_us: when it was accepted last, as far as its author knows, in microseconds since 1970; else
            0. A rejection of what was accepted earlier is not the end of it.
    """
    message = Message.objects.with_authors().filter(client_id=client_id, author=author_id).first()
    if message is not None:
        if reason := _rejected_beside(message, accepted_us):
            return Fate("not_sent", reason=reason)
        return Fate("deleted") if message.is_deleted else Fate("sent", message=message)
    if Tombstone.objects.filter(client_id=client_id, author=author_id).exists():
        return Fate("deleted")
    rejected = _rejected_under(author_id, client_id).last()
    if rejected is None or rejected.outcome == Outcome.STORED:
        return Fate("sending")
    if rejected.outcome == Outcome.DELETED:
        return Fate("deleted")
    rejected_us = _accepted_us(rejected)
    if rejected_us is not None and rejected_us < accepted_us:
        return Fate("sending")
    return Fate("not_sent", reason=rejected.reason)


def is_settled(author_id: int, client_id: UUID, *, accepted_us: int = 0) -> bool:
    """Whether nothing of that name can still be stored for that author behind what they say next.

    Arguments:
        accepted_us: as of `fate_of`.
    """
    return fate_of(author_id, client_id, accepted_us=accepted_us).status != "sending"


def reason_against(author_id: int, client_id: UUID, *, accepted_us: int) -> str:
    """Why the very post that was accepted at that moment was rejected; "" when it was not.

    Arguments:
        accepted_us: in microseconds since 1970.
    """
    return next(_reasons(_rejected_under(author_id, client_id), accepted_us), "")


def _rejected_beside(message: Message, accepted_us: int) -> str:
    """Why another post under the name of `message` was rejected; "" when it was not, or there was none.

    Mostly it is the same message once more. One that took its name is rejected, and its text is nowhere else.
    """
    if accepted_us in (0, in_microseconds(message.accepted_at)):
        return ""
    others = _rejected_under(message.author_id, message.client_id)
    return next(_reasons(others.filter(outcome__in=NOT_STORED), accepted_us), "")


def _rejected_under(author_id: int, client_id: UUID) -> QuerySet[RejectedMessage]:
    """What was rejected of that author under that name, the last one at the end."""
    return RejectedMessage.objects.filter(client_id=client_id, author=author_id).order_by("rejected_at", "pk")


def _reasons(rejected: Iterable[RejectedMessage], accepted_us: int) -> Iterator[str]:
    return (one.reason for one in rejected if _accepted_us(one) == accepted_us)


def _accepted_us(rejected: RejectedMessage) -> int | None:
    """When it was accepted, None when that can't be read."""
    return accepted_us_in(json.loads(rejected.envelope))
