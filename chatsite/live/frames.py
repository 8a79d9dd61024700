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
    """What changed in a channel after `before`, to show; a browser that comes back names the last id."""
    place = batch.place
    facts = {"slug": place.slug, "after": before.version, "version": place.version, "html": html}
    return f"id: {place.channel_id}:{place.version}\n".encode() + _event("changes", facts)


def count(place: Place, after: int, new: Sequence[Said], gone: Sequence[Said]) -> bytes:
    """What changed in a channel after version `after`, for who counts what is unread there."""
    facts = {"slug": place.slug, "after": after, "version": place.version, "new": new, "gone": gone}
    return _event("count", facts)


def hint(place: Place) -> bytes:
    """That something changed in a channel: its pages ask for it."""
    return _event("hint", {"slug": place.slug})


def sidebar() -> bytes:
    """That the sidebar shows something else: pages ask for it."""
    return _event("sidebar", {})


def rejected(client_id: str) -> bytes:
    """That a message of the reader's was accepted and can't be stored: its browser asks why."""
    return _event("rejected", {"client_id": client_id})


def typing(place: Place, username: str, name: str) -> bytes:
    """That somebody, shown as `name`, writes in a channel."""
    return _event("typing", {"slug": place.slug, "username": username, "name": name})


def heard(place: Place) -> bytes:
    """That others were told that the reader writes in a channel."""
    return _event("heard", {"slug": place.slug})


def presence(states: Mapping[int, str]) -> bytes:
    """By a user's id: "online", "away", "offline", or "" for who does not want it to be seen."""
    return _event("presence", {str(user_id): state for user_id, state in states.items()})


def bye() -> bytes:
    """The last words of a stream in whose session nobody is logged in any more."""
    return _event("bye", {"reason": "logged_out"})


def _event(kind: str, facts: dict[str, object]) -> bytes:
    # JSON has no line breaks of its own, which would end the field.
    words = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\ndata: {words}\n\n".encode()
