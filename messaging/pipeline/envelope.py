"""The envelope: an accepted message on its way to the database, as versioned JSON."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

ENVELOPE_VERSION = 1


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
        return hashlib.sha256(f"{self.author_id}:{self.channel_id}:{self.text}".encode()).digest()

    def as_json(self) -> dict[str, Any]:
        """A dict of JSON's own types, for the queue."""
        return {
            "version": ENVELOPE_VERSION,
            "client_id": str(self.client_id),
            "channel_id": self.channel_id,
            "author_id": self.author_id,
            "text": self.text,
            "accepted_at": self.accepted_at.isoformat(),
        }

    @classmethod
    def from_json(cls, fields: object) -> "Envelope":
        """The envelope that `as_json` wrote.

        Raises:
            UnknownEnvelope: it is of another version, or not an envelope at all.
        """
        if not isinstance(fields, dict) or fields.get("version") != ENVELOPE_VERSION:
            raise UnknownEnvelope("not an envelope of a known version")
        try:
            envelope = cls(
                client_id=UUID(fields["client_id"]),
                channel_id=int(fields["channel_id"]),
                author_id=int(fields["author_id"]),
                text=str(fields["text"]),
                accepted_at=datetime.fromisoformat(fields["accepted_at"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UnknownEnvelope(f"not a whole envelope: {error}") from error
        if envelope.accepted_at.tzinfo is None:
            raise UnknownEnvelope("accepted_at has no time zone")
        return envelope
