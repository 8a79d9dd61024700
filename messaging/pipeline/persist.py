"""Storing a batch of envelopes: numbered, once each, in the order in which they were accepted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels_app.models import Channel, Membership
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.rejected import set_aside
from messaging.rendering import HTML_VERSION, render

INSERT_BYTES = 1 << 20  # of text and HTML per INSERT, far below MariaDB's max_allowed_packet of 16 MiB
NAME_RACES = 3  # times that another transaction may take a client_id of the batch while it is being stored


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


Outcome = Stored | Rejected


def persist(envelopes: Sequence[Envelope], *, keep_rejected: bool) -> list[Outcome]:
    """Store `envelopes` in one transaction and say what became of each, in the order given.

    A duplicate is stored once and answered alike. An envelope that breaks a rule (its author is gone, its
    client_id belongs to another message) is rejected alone and stops nothing behind it.

    Arguments:
        keep_rejected: write a `RejectedMessage` for each one rejected, when nobody can be told at once.

    Raises:
        django.db.Error: the database is away or refuses; then nothing of the batch is stored.
    """
    rendered = [render(envelope.text) for envelope in envelopes]
    for _race in range(NAME_RACES):
        try:
            return _persist_once(envelopes, rendered, keep_rejected=keep_rejected)
        except IntegrityError:
            # A client_id was taken in another channel, whose lock we do not hold; now it can be seen.
            continue
    return _persist_once(envelopes, rendered, keep_rejected=keep_rejected)


@transaction.atomic
def _persist_once(
    envelopes: Sequence[Envelope], rendered: Sequence[str], *, keep_rejected: bool
) -> list[Outcome]:
    channels = locked_channels({envelope.channel_id for envelope in envelopes})
    taken = dict(
        Message.objects.filter(client_id__in={envelope.client_id for envelope in envelopes}).values_list(
            "client_id", "fingerprint"
        )
    )
    authors = _who_may_write(envelopes)
    now = timezone.now()
    rows: list[Message] = []
    outcomes: list[Outcome] = []
    for envelope, html in zip(envelopes, rendered, strict=True):
        channel = channels.get(envelope.channel_id)
        known = taken.get(envelope.client_id)
        if known is not None and bytes(known) == envelope.fingerprint:
            outcomes.append(Stored(envelope.client_id, is_new=False))
        elif reason := _reason_against(envelope, channel, authors, is_taken=known is not None):
            outcomes.append(Rejected(envelope.client_id, reason))
        elif channel is not None:
            rows.append(numbered(envelope, html, channel, now=now))
            taken[envelope.client_id] = envelope.fingerprint
            outcomes.append(Stored(envelope.client_id, is_new=True))
    for some in by_bytes(rows):
        Message.objects.bulk_create(some)
    for channel_id in {row.channel_id for row in rows}:
        channels[channel_id].save(update_fields=["last_seq", "version", "last_activity_at"])
    if keep_rejected:
        _keep_rejected(envelopes, outcomes, now)
    return outcomes


def locked_channels(ids: set[int]) -> dict[int, Channel]:
    """The channels with these ids that exist, by id, locked by id as every write does."""
    return {
        channel.pk: channel
        for channel in Channel.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }


def _who_may_write(envelopes: Sequence[Envelope]) -> set[tuple[int, int]]:
    """Pairs of author and channel: active people who are in it, or left by themselves after posting."""
    return set(
        Membership.objects.filter(
            user_id__in={envelope.author_id for envelope in envelopes},
            channel_id__in={envelope.channel_id for envelope in envelopes},
            user__is_active=True,
        ).values_list("user_id", "channel_id")
    )


def _reason_against(
    envelope: Envelope, channel: Channel | None, authors: set[tuple[int, int]], *, is_taken: bool
) -> str:
    if is_taken:
        return "client_id_taken"
    if channel is None:
        return "no_such_channel"
    if channel.archived_at is not None and channel.archived_at < envelope.accepted_at:
        return "channel_archived"
    if (envelope.author_id, envelope.channel_id) not in authors:
        return "author_may_not_post"
    return ""


def numbered(envelope: Envelope, html: str, channel: Channel, *, now: datetime) -> Message:
    """The row of `envelope` as the next message of `channel`, whose raised numbers are yet to be saved."""
    channel.last_seq += 1
    channel.version += 1
    channel.last_activity_at = now
    return Message(
        channel_id=envelope.channel_id,
        author_id=envelope.author_id,
        client_id=envelope.client_id,
        seq=channel.last_seq,
        version=channel.version,
        text=envelope.text,
        html=html,
        html_version=HTML_VERSION,
        fingerprint=envelope.fingerprint,
        accepted_at=envelope.accepted_at,
        stored_at=now,
    )


def by_bytes(rows: Sequence[Message]) -> Iterator[list[Message]]:
    """`rows` in runs that each fit a statement."""
    run: list[Message] = []
    size = 0
    for row in rows:
        weight = len(row.text.encode()) + len(row.html.encode())
        if run and size + weight > INSERT_BYTES:
            yield run
            run, size = [], 0
        run.append(row)
        size += weight
    if run:
        yield run


def _keep_rejected(envelopes: Sequence[Envelope], outcomes: Sequence[Outcome], now: datetime) -> None:
    for envelope, outcome in zip(envelopes, outcomes, strict=True):
        if isinstance(outcome, Rejected):
            set_aside(envelope.as_json(), envelope.client_id, outcome.reason, at=now)
