"""What waits for the hub's reader, from the bus and the event loop; who puts something in never waits."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition

from chatsite.live.events import Event
from chatsite.live.presence import KINDS as PRESENCE_KINDS
from chatsite.live.stream import Stream

MOST_TYPING = 1_000
MOST_REJECTED = 10_000
MOST_PRESENCE = 10_000  # events
ANY_VERSION = math.inf


@dataclass(frozen=True, slots=True)
class Join:
    """A stream that wants to begin; `answer` gets its first words, or the code of a refusal."""

    stream: Stream
    answer: Callable[[bytes, str], None]

    def accept(self, first: bytes) -> None:
        self.answer(first, "")

    def refuse(self, code: str) -> None:
        self.answer(b"", code)


@dataclass(slots=True)
class Work:
    """Arguments:
    channels: by id, the highest version that was heard of.
    users: those in doubt, by id, and whether their sidebar shows something else now.
    sidebars: users whose sidebar alone shows something else.
    rejected: users, and the names of messages of theirs that can't be stored.
    typing: who writes where; channel and user.
    heard: whose writing was told to others; channel and user.
    presence: what is about who is here, in the order in which it came.
    """

    joins: list[Join] = field(default_factory=list)
    leaves: list[Stream] = field(default_factory=list)
    channels: dict[int, float] = field(default_factory=dict)
    users: dict[int, bool] = field(default_factory=dict)
    sidebars: set[int] = field(default_factory=set)
    rejected: set[tuple[int, str]] = field(default_factory=set)
    typing: set[tuple[int, int]] = field(default_factory=set)
    heard: set[tuple[int, int]] = field(default_factory=set)
    presence: list[Event] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        about_channels = self.channels or self.typing or self.heard
        about_users = self.users or self.sidebars or self.rejected or self.presence
        return not (self.joins or self.leaves or about_channels or about_users)


class Inbox:
    """Filled by any thread, emptied by the reader's; of what only the last counts it keeps the last."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._work = Work()

    def take(self, timeout_s: float) -> Work:
        """All that waits, as soon as there is something; nothing after `timeout_s` seconds."""
        with self._condition:
            if self._work.is_empty:
                self._condition.wait(timeout_s)
            work, self._work = self._work, Work()
            return work

    def join(self, join: Join) -> None:
        with self._condition:
            self._work.joins.append(join)
            self._condition.notify()

    def leave(self, stream: Stream) -> None:
        with self._condition:
            self._work.leaves.append(stream)
            self._condition.notify()

    def hear(self, event: Event) -> None:
        """Take an event from the bus; one of a kind that this release does not know is left out."""
        subject, number = event.is_about
        with self._condition:
            if event.kind in PRESENCE_KINDS:
                if len(self._work.presence) < MOST_PRESENCE:
                    self._work.presence.append(event)
            elif event.kind == "sidebar":
                self._work.sidebars.add(number)
            elif event.kind == "rejected":
                if len(self._work.rejected) < MOST_REJECTED:
                    self._work.rejected.add((number, str(event.body["client_id"])))
            elif event.kind == "heard":
                self._work.heard.add((int(event.body["channel"]), number))
            elif subject == "user":
                tells = event.kind != "sessions"
                self._work.users[number] = self._work.users.get(number, False) or tells
            elif event.kind == "typing":
                if len(self._work.typing) < MOST_TYPING:
                    self._work.typing.add((number, int(event.body["user"])))
            elif subject == "channel":
                version = float(event.body.get("version", ANY_VERSION))
                self._work.channels[number] = max(version, self._work.channels.get(number, 0))
            self._condition.notify()
