"""What travels over the bus: hints that something changed. What it is now, the database says."""

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

Value: TypeAlias = int | str
Subject: TypeAlias = Literal["channel", "user"]


@dataclass(frozen=True, slots=True)
class Event:
    """A hint about a channel or a user. It may come twice, late or never, and nothing depends on that.

    Arguments:
        topic: `channel.<id>` or `user.<id>`.
        kind: what happened to it; the functions below make each.
    """

    topic: str
    kind: str
    body: dict[str, Value]

    @property
    def is_about(self) -> tuple[str, int]:
        """The subject and the id in the topic."""
        subject, _dot, number = self.topic.partition(".")
        return subject, int(number)

    @property
    def key(self) -> tuple[str, str, Value]:
        """The same for two events of which the later one makes the earlier one needless."""
        names = ("user", "channel", "client_id")
        part = next((self.body[name] for name in names if name in self.body), 0)
        return self.topic, self.kind, part

    def as_json(self) -> bytes:
        return json.dumps([self.kind, self.body], separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, topic: str, body: bytes | str) -> "Event":
        """The event that `as_json` wrote.

        Raises:
            ValueError: it did not, or a release did that writes them otherwise.
        """
        kind, facts = json.loads(body)
        event = cls(topic, str(kind), dict(facts))
        event.is_about  # noqa: B018  # a topic without a number is refused here
        return event


def channel_changed(channel_id: int, version: int) -> Event:
    """Messages came, were edited or deleted; the channel is at `version` now."""
    return Event(f"channel.{channel_id}", "changed", {"version": version})


def channel_described(channel_id: int) -> Event:
    """What a channel's page says besides messages is another: topic, members, that it is archived."""
    return Event(f"channel.{channel_id}", "described", {})


def typing(channel_id: int, user_id: int) -> Event:
    """Somebody writes a message there."""
    return Event(f"channel.{channel_id}", "typing", {"user": user_id})


def typing_heard(channel_id: int, user_id: int) -> Event:
    """Somebody else has the channel open, and was told that the user writes there."""
    return Event(f"user.{user_id}", "heard", {"channel": channel_id})


def memberships_changed(user_id: int) -> Event:
    """What the user may hear is another: joined, left, cleared."""
    return Event(f"user.{user_id}", "memberships", {})


def sidebar_changed(user_id: int) -> Event:
    """What the user's sidebar shows is another, and what they may hear is not: read, muted."""
    return Event(f"user.{user_id}", "sidebar", {})


def rejected(user_id: int, client_id: UUID) -> Event:
    """What the user sent under this name was accepted, and can't be stored."""
    return Event(f"user.{user_id}", "rejected", {"client_id": str(client_id)})


def sessions_changed(user_id: int) -> Event:
    """Some of the user's sessions may have ended: logged out, deactivated, another password."""
    return Event(f"user.{user_id}", "sessions", {})
