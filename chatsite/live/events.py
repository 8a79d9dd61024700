"""What travels over the bus: hints that something changed. What it is now, the database says."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

Value: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Event:
    """A hint about a channel, a user or a hub. It may come twice, late or never, and nothing depends on that.

    Arguments:
        topic: `channel.<id>`, `user.<id>` or `hub.<id>`.
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
        names = ("user", "channel", "client_id", "device")
        part = next((self.body[name] for name in names if name in self.body), 0)
        return self.topic, self.kind, part

    @property
    def is_fleeting(self) -> bool:
        """Whether it says what is so for seconds only."""
        return self.kind in ("typing", "heard")

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


def browser_changed(user_id: int, *, device: str, is_idle: bool, people: Collection[int]) -> Event:
    """One of the user's browsers is used or not, or shows other people than before.

    Arguments:
        device: `chatsite.live.stream.device_of` its session.
    """
    body: dict[str, Value] = {"device": device, "idle": int(is_idle), "people": numbers(people)}
    return Event(f"user.{user_id}", "browser", body)


def presence_switched(user_id: int) -> Event:
    """Whether others see if the user is here is another."""
    return Event(f"user.{user_id}", "presence", {})


def who_is_here(hub_id: int, people: Collection[int]) -> Event:
    """A hub shows these people to somebody, and wants to know from the others which of them are here."""
    return Event(f"hub.{hub_id}", "asked", {"people": numbers(people)})


def here(hub_id: int, *, online: Collection[int], away: Collection[int]) -> Event:
    """Of those that were asked for these are at that hub; it takes the place of what it said before."""
    return Event(f"hub.{hub_id}", "here", {"online": numbers(online), "away": numbers(away)})


def numbers(some: Iterable[int]) -> str:
    """`some` as one value of an event's body."""
    return " ".join(map(str, sorted(some)))


def from_numbers(value: Value) -> frozenset[int]:
    """What `numbers` wrote.

    Raises:
        ValueError: it did not.
    """
    return frozenset(map(int, str(value).split()))
