"""The envelope: an accepted message on its way to the database, as versioned JSON."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

ENVELOPE_VERSION = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LARGEST_ID = 2**63 - 1  # in the database
KEPT_OF_A_CUT = 1_000  # characters


class UnknownEnvelope(ValueError):
    """What came out of the queue is not an envelope of a version that this release knows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as its author sent it.

    Arguments:
        client_id: the message's name, made by the sender, unique for ever.
        text: as `messaging.texts.clean_text` returns it.
        accepted_at: when the web side took it, with a time zone.
    """

    client_id: UUID
    channel_id: int
    author_id: int
    text: str
    accepted_at: datetime

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that are equal for two envelopes exactly when they carry the same message.

        The same author, channel and text under one client_id is the same message delivered twice; anything
        else is another message that took its name.
        """
        # Also of half a character, which no database takes.
        what = f"{self.author_id}:{self.channel_id}:{self.text}".encode(errors="surrogatepass")
        return hashlib.sha256(what).digest()

    @property
    def accepted_us(self) -> int:
        """`accepted_at` in microseconds since 1970."""
        return in_microseconds(self.accepted_at)

    def as_json(self) -> dict[str, Any]:
        """A dict of JSON's own types, for the queue."""
        return {
            "version": ENVELOPE_VERSION,
            "client_id": str(self.client_id),
            "channel_id": self.channel_id,
            "author_id": self.author_id,
            "text": self.text,
            "accepted_us": self.accepted_us,
        }

    @classmethod
    def from_json(cls, fields: object) -> "Envelope":
        """The envelope that `as_json` wrote, in this release or in an earlier one.

        Raises:
            UnknownEnvelope: it is of a later version, or not an envelope at all.
        """
        if not isinstance(fields, dict):
            raise UnknownEnvelope("not an envelope")
        # A boolean is an int to Python: True would pass for version 1.
        version = fields.get("version")
        accepted_at = _ACCEPTED_AT.get(version) if type(version) is int else None
        if accepted_at is None:
            raise UnknownEnvelope(f"of version {version!r}, which this release does not know")
        try:
            return cls(
                client_id=UUID(fields["client_id"]),
                channel_id=int(fields["channel_id"]),
                author_id=int(fields["author_id"]),
                text=str(fields["text"]),
                accepted_at=accepted_at(fields),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UnknownEnvelope(f"not a whole envelope: {error!r}") from error


def in_microseconds(moment: datetime) -> int:
    """`moment`, which has a time zone, in microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def names_in(fields: object) -> tuple[UUID | None, int | None]:
    """The client_id and the author's id in what may be no envelope at all, each None when it can't be read.

    Arguments:
        fields: of JSON's own types; an envelope, or a call with one among its arguments.
    """
    envelope = _likely_envelope(fields)
    author_id = envelope.get("author_id")
    is_id = type(author_id) is int and 0 < author_id <= LARGEST_ID
    return _uuid_or_none(envelope.get("client_id")), author_id if is_id else None


def channel_in(fields: object) -> int | None:
    """The channel's id in what may be no envelope at all, None when it can't be read."""
    channel_id = _likely_envelope(fields).get("channel_id")
    return channel_id if type(channel_id) is int and 0 < channel_id <= LARGEST_ID else None


def fingerprint_in(fields: object) -> bytes | None:
    """The fingerprint of the message in `fields`, also where no more than that is left of it; else None."""
    try:
        return Envelope.from_json(fields).fingerprint
    except UnknownEnvelope:
        kept = fields.get("fingerprint") if isinstance(fields, dict) else None
        return bytes.fromhex(kept) if isinstance(kept, str) and _FINGERPRINT.fullmatch(kept) else None


def accepted_us_in(fields: object) -> int | None:
    """When what is an envelope was accepted, in microseconds since 1970; None when it is none."""
    try:
        return Envelope.from_json(fields).accepted_us
    except UnknownEnvelope:
        return None


def cut_down(fields: object) -> dict[str, Any]:
    """What tells `fields` from others, and how they begin: of a size that goes anywhere, and no envelope."""
    client_id, author_id = names_in(fields)
    fingerprint = fingerprint_in(fields)
    return {
        "client_id": str(client_id) if client_id else None,
        "author_id": author_id,
        "channel_id": channel_in(fields),
        "fingerprint": fingerprint.hex() if fingerprint else None,
        "begins": json.dumps(fields)[:KEPT_OF_A_CUT],
    }


def without_text(fields: object) -> dict[str, Any]:
    """What may stay of an envelope, of whatever release, when its author deletes the message."""
    envelope = _likely_envelope(fields)
    return {name: envelope[name] for name in _NO_TEXT if name in envelope} | {"text": ""}


def _likely_envelope(fields: object) -> dict[str, Any]:
    while isinstance(fields, list) and fields:
        fields = fields[0]
    return fields if isinstance(fields, dict) else {}


def _uuid_or_none(given: object) -> UUID | None:
    try:
        return UUID(given) if isinstance(given, str) else None
    except ValueError:
        return None


def _from_words(fields: dict[str, Any]) -> datetime:
    moment = datetime.fromisoformat(fields["accepted_at"])
    if moment.tzinfo is None:
        raise ValueError("accepted_at has no time zone")
    return moment


def _from_microseconds(fields: dict[str, Any]) -> datetime:
    microseconds: int = fields["accepted_us"]
    return EPOCH + microseconds * MICROSECOND


# By version, the only field in which they differ. What an earlier release left in the queues is still stored.
_ACCEPTED_AT: dict[int, Callable[[dict[str, Any]], datetime]] = {1: _from_words, 2: _from_microseconds}

_FINGERPRINT = re.compile("[0-9a-f]{64}")

_NO_TEXT = ("version", "client_id", "channel_id", "author_id", "accepted_at", "accepted_us")
