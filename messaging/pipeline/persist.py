"""Storing a batch of envelopes: numbered, once each, in the order in which they were accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from channels_app.models import Channel, Membership
from chatsite.live.bus import announce
from chatsite.live.events import channel_changed
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.faults import is_worth_an_instant_retry
from messaging.pipeline.rejected import Rejection, buried_and_rejected, end_as_stored, keep
from messaging.pipeline.rows import Row, insert, numbered
from messaging.pipeline.tombstones import Name
from messaging.rendering import render

RACES = 10  # times that others may come between: take a client_id, bury one, lock rows in another order


@dataclass(frozen=True, slots=True)
class Stored:
    """The message is in the database; `is_new` is False when it already was."""

    client_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """The message can't be stored, ever; `reason` is a stable code."""

    client_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Its author deleted the message before it was stored; nothing of it is kept."""

    client_id: UUID


Outcome = Stored | Rejected | Dropped


class _Buried(Exception):
    """Some messages of the batch were deleted while it was being stored: `names`."""

    def __init__(self, names: set[Name]) -> None:
        self.names = names
        super().__init__(names)


def persist(envelopes: Sequence[Envelope], *, keep_rejected: bool) -> list[Outcome]:
    """Store `envelopes` in one transaction and say what became of each, in the order given.

    A duplicate is stored once and answered alike. An envelope that breaks a rule (its author was taken out of
    the channel, its client_id belongs to another message) is rejected alone and stops nothing behind it.

    Arguments:
        keep_rejected: write a `RejectedMessage` for each one rejected, when nobody can be told at once.

    Raises:
        django.db.Error: the database is away or refuses; then nothing of the batch is stored.
    """
    rendered = [render(envelope.text) for envelope in envelopes]
    buried: set[Name] = set()
    for _race in range(RACES):
        try:
            return _persist_once(envelopes, rendered, buried, keep_rejected=keep_rejected)
        except _Buried as deleted:
            buried |= deleted.names
        except IntegrityError:
            # A client_id was taken in another channel, whose lock we do not hold; now it can be seen.
            continue
        except OperationalError as fault:
            if not is_worth_an_instant_retry(fault):
                raise
    return _persist_once(envelopes, rendered, buried, keep_rejected=keep_rejected)


def long_values(envelope: Envelope) -> Sequence[str]:
    """What is long in the statement that stores `envelope`."""
    return envelope.text, render(envelope.text)


@transaction.atomic
def _persist_once(
    envelopes: Sequence[Envelope], rendered: Sequence[str], buried: set[Name], *, keep_rejected: bool
) -> list[Outcome]:
    channels = locked_channels({envelope.channel_id for envelope in envelopes})
    taken = _taken_names(envelopes)
    members = _members(envelopes)
    cut_off = _cut_off(channels)
    now = timezone.now()
    rows: list[Row] = []
    outcomes: list[Outcome] = []
    for envelope, html in zip(envelopes, rendered, strict=True):
        channel = channels.get(envelope.channel_id)
        known = taken.get(envelope.client_id)
        if known is not None and known == envelope.fingerprint:
            outcomes.append(Stored(envelope.client_id, is_new=False))
        elif (envelope.client_id, envelope.author_id) in buried:
            outcomes.append(Dropped(envelope.client_id))
        elif reason := _reason_against(envelope, channel, members, cut_off, is_taken=known is not None):
            outcomes.append(Rejected(envelope.client_id, reason))
        elif channel is not None:
            rows.append(numbered(envelope, html, channel, now=now))
            taken[envelope.client_id] = envelope.fingerprint
            outcomes.append(Stored(envelope.client_id, is_new=True))
    if rows:
        insert(rows, [channels[pk] for pk in sorted({row.envelope.channel_id for row in rows})])
    rejected = _rejected(envelopes, outcomes)
    if rejected and keep_rejected:
        keep([Rejection(envelope.as_json(), reason) for envelope, reason in rejected], at=now)
    _look_behind([row.envelope for row in rows], [envelope for envelope, _reason in rejected])
    # Also of what was stored before: who did that may have ended between commit and announcement.
    announce(*(channel_changed(channel.pk, channel.version) for channel in channels.values()))
    return outcomes


def locked_channels(ids: set[int]) -> dict[int, Channel]:
    """The channels with these ids that exist, by id, locked by id as every write does."""
    return {
        channel.pk: channel
        for channel in Channel.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }


def _taken_names(envelopes: Sequence[Envelope]) -> dict[UUID, bytes]:
    """The fingerprints of the messages that have these client_ids already."""
    names = {envelope.client_id for envelope in envelopes}
    taken = Message.objects.filter(client_id__in=names).values_list("client_id", "fingerprint")
    return {client_id: bytes(fingerprint) for client_id, fingerprint in taken}


def _members(envelopes: Sequence[Envelope]) -> dict[tuple[int, int], datetime | None]:
    """Until when what each pair of author and channel said counts; None for ever.

    Who left by themselves is heard with what they said before; who was taken out, or whose account has ended,
    is not among them.
    """
    memberships = Membership.objects.filter(
        user_id__in={envelope.author_id for envelope in envelopes},
        channel_id__in={envelope.channel_id for envelope in envelopes},
        user__is_active=True,
        removed_at=None,
    )
    return {
        (user_id, channel_id): left_at
        for user_id, channel_id, left_at in memberships.values_list("user_id", "channel_id", "left_at")
    }


def _cut_off(channels: dict[int, Channel]) -> set[int]:
    """The ids of those in which nobody says anything, as one of two people blocked the other."""
    direct = [channel.pk for channel in channels.values() if channel.is_direct]
    if not direct:
        return set()
    return set(Channel.objects.filter(pk__in=direct).cut_off().values_list("pk", flat=True))


def _reason_against(
    envelope: Envelope,
    channel: Channel | None,
    members: dict[tuple[int, int], datetime | None],
    cut_off: set[int],
    *,
    is_taken: bool,
) -> str:
    if is_taken:
        return "client_id_taken"
    if channel is None:
        return "no_such_channel"
    if channel.archived_at is not None and channel.archived_at < envelope.accepted_at:
        return "channel_archived"
    member = (envelope.author_id, envelope.channel_id)
    if member not in members:
        return "author_may_not_post"
    left_at = members[member]
    if left_at is not None and left_at < envelope.accepted_at:
        return "author_may_not_post"
    return "cut_off" if envelope.channel_id in cut_off else ""


def _rejected(envelopes: Sequence[Envelope], outcomes: Sequence[Outcome]) -> list[tuple[Envelope, str]]:
    """The envelopes that are rejected, with the reasons."""
    return [
        (envelope, outcome.reason)
        for envelope, outcome in zip(envelopes, outcomes, strict=True)
        if isinstance(outcome, Rejected)
    ]


def _look_behind(stored: Sequence[Envelope], rejected: Sequence[Envelope]) -> None:
    """Look for tombstones of what was inserted just now, and for earlier rejections of what was stored.

    Raises:
        _Buried: there are tombstones; the transaction is undone, and the batch tried without them.
    """
    names = {(envelope.client_id, envelope.author_id) for envelope in (*stored, *rejected)}
    if not names:
        return
    buried, rejections = buried_and_rejected(names)
    if buried:
        raise _Buried(buried)
    if stored and rejections:
        end_as_stored(rejections, {(envelope.client_id, envelope.fingerprint) for envelope in stored})
