"""The rows of new messages: numbered as the next of their channels, and inserted many at a time.

In SQL, the same for every database: by the ORM half of the time of a batch would go into conversions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import connection

from channels_app.models import Channel
from messaging.pipeline.envelope import Envelope
from messaging.rendering import HTML_VERSION

# The columns that are not here are null until a message is edited or deleted.
_INSERT = """
    INSERT INTO messaging_message (channel_id, author_id, client_id, seq, version, text, html, html_version,
        fingerprint, accepted_at, stored_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_SAVE_NUMBERS = """
    UPDATE channels_app_channel SET last_seq = %s, version = %s, last_activity_at = %s WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A message that is to be stored at `stored_at`, under the numbers that its channel gave it."""

    envelope: Envelope
    html: str
    seq: int
    version: int
    stored_at: datetime


def numbered(envelope: Envelope, html: str, channel: Channel, *, now: datetime) -> Row:
    """The row of `envelope` as the next message of `channel`, whose raised numbers are yet to be saved."""
    channel.last_seq += 1
    channel.version += 1
    channel.last_activity_at = now
    return Row(envelope, html, channel.last_seq, channel.version, now)


def insert(rows: Iterable[Row], channels: Iterable[Channel]) -> None:
    """Insert `rows`, and save the numbers of the `channels` that numbered them."""
    moment = cache(_moment)  # all rows of a batch are stored at the same one
    with connection.cursor() as cursor:
        # MariaDB's driver makes statements of up to 64 KiB of it, far below max_allowed_packet.
        cursor.executemany(_INSERT, [_values(row, stored_at=moment(row.stored_at)) for row in rows])
        cursor.executemany(
            _SAVE_NUMBERS,
            [
                (channel.last_seq, channel.version, _moment(channel.last_activity_at), channel.pk)
                for channel in channels
            ],
        )


def _values(row: Row, *, stored_at: str | None) -> tuple[str | int | bytes | None, ...]:
    envelope = row.envelope
    return (
        envelope.channel_id,
        envelope.author_id,
        _name(envelope.client_id),
        row.seq,
        row.version,
        envelope.text,
        row.html,
        HTML_VERSION,
        envelope.fingerprint,
        _moment(envelope.accepted_at),
        stored_at,
    )


def _name(client_id: UUID) -> str:
    return str(client_id) if connection.features.has_native_uuid_field else client_id.hex


def _moment(moment: datetime | None) -> str | None:
    written: str | None = connection.ops.adapt_datetimefield_value(moment)
    return written
