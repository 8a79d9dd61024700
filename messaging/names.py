"""A new name for a message: a UUID that begins with the time, as those of static/js/outbox.js do."""

from datetime import UTC, datetime
from random import Random, SystemRandom
from uuid import UUID

UNKNOWABLE = SystemRandom()


def new_client_id(at: datetime | None = None, *, source: Random = UNKNOWABLE) -> UUID:
    """A version 7 UUID (RFC 9562, section 5.7): milliseconds since 1970, then 74 random bits.

    Names made one after the other lie side by side in their index. Random ones are written all over it, which
    costs the more the longer the history is.

    Arguments:
        at: when the message is said; now, if it isn't given.
        source: of the random bits, for a demo that is the same each time.
    """
    milliseconds = int((at or datetime.now(UTC)).timestamp() * 1000)
    version, variant = 0x7, 0b10
    return UUID(
        int=milliseconds << 80
        | version << 76
        | source.getrandbits(12) << 64
        | variant << 62
        | source.getrandbits(62)
    )
