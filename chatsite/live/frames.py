"""Server-sent events, as bytes that any number of streams share.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
import random
from collections.abc import Mapping, Sequence

from chatsite.live.source import Batch, Place, Said

RETRY_MS = (500, 4_000)  # not all at once: a restart ends every stream in the same moment
HEARTBEAT = b"event: beat\ndata: {}\n\n"  # no comment: a script that hears none has lost the stream


def ready(username: str) -> bytes:
    """The first words of a stream: whose it is, and when to come back after it ends."""
    retry_ms = random.randint(*RETRY_MS)  # noqa: S311  # not a secret
    return f"retry: {retry_ms}\n".encode() + _event("ready", {"user": username})


def changes(before: Place, batch: Batch, html: str) -> bytes:
    place = batch.place
    facts = {"slug": place.slug, "after": before.version, "version": place.version, "html": html}
    return f"id: {place.channel_id}:{place.version}\n".encode() + _event("changes", facts)


def count(place: Place, after: int, new: Sequence[Said], gone: Sequence[Said]) -> bytes:
    facts = {"slug": place.slug, "after": after, "version": place.version, "new": new, "gone": gone}
    return _event("count", facts)


def hint(place: Place) -> bytes:
    return _event("hint", {"slug": place.slug})


def sidebar() -> bytes:
    return _event("sidebar", {})


def rejected(client_id: str) -> bytes:
    return _event("rejected", {"client_id": client_id})


def typing(place: Place, username: str, name: str) -> bytes:
    return _event("typing", {"slug": place.slug, "username": username, "name": name})


def heard(place: Place) -> bytes:
    return _event("heard", {"slug": place.slug})


def presence(states: Mapping[int, str]) -> bytes:
    """By a user's id: "online", "away", "offline", or "" for who does not want it to be seen."""
    return _event("presence", {str(user_id): state for user_id, state in states.items()})


def bye() -> bytes:
    return _event("bye", {"reason": "logged_out"})


def _event(kind: str, facts: dict[str, object]) -> bytes:
    # JSON has no line breaks of its own, which would end the field.
    words = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\ndata: {words}\n\n".encode()
