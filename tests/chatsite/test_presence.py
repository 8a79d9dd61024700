"""What a hub makes of the others' words about who is here, by a clock of the test's own."""

import asyncio
from typing import Any

import pytest

from chatsite.live.audience import Audience
from chatsite.live.events import Event, here
from chatsite.live.presence import ASKED_FOR_S, HEARD_FOR_S, LOOK_EVERY_S, Presence
from chatsite.live.source import Place, Viewer
from chatsite.live.stream import Stream

pytestmark = pytest.mark.embedded  # what the hub announces goes nowhere here

BOB, CAROL, OTHER_HUB = 1, 2, 99


class Watched:
    """A hub with one stream, carol's, which shows whether bob is here."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.now = 1_000.0
        audience = Audience()
        self.presence = Presence(
            audience, lambda users: users, lambda frame, _to: self.frames.append(frame), 0.0
        )
        stream = Stream(self._send, session_key="key", wishes=(), language="en", known={})
        stream.people = frozenset({BOB})
        viewer = Viewer(
            CAROL, "carol", "Carol", mark=b"", joined=frozenset(), sidebar=0, cleared=dict[int, int]()
        )
        audience.add(stream, viewer, list[Place](), dict[int, Place](), self.now)
        self.presence.watch(stream)

    def hears(self, *events: Event) -> None:
        self.presence.take(events, self.now)

    def looks(self, *, after_s: float = LOOK_EVERY_S, is_bus_sound: bool = True) -> str:
        """What bob is told to be then; "" when nothing is told."""
        self.now += after_s
        self.frames.clear()
        self.presence.look(self.now, is_bus_sound=is_bus_sound)
        told = b"".join(self.frames).decode()
        return next((state for state in ("online", "away", "offline") if f'"{state}"' in told), "")

    async def _send(self, _message: Any) -> None:
        await asyncio.sleep(0)


def bob_is_online() -> Event:
    return here(OTHER_HUB, online={BOB}, away=set())


def test_who_is_at_a_hub_that_says_nothing_any_more_goes_offline() -> None:
    hub = Watched()
    hub.hears(bob_is_online())
    assert hub.looks() == "online"

    assert hub.looks(after_s=HEARD_FOR_S - 1) == ""
    assert hub.looks(after_s=2) == "offline"


def test_nobody_goes_offline_because_the_bus_was_away_for_long() -> None:
    hub = Watched()
    hub.hears(bob_is_online())
    assert hub.looks() == "online"

    assert hub.looks(after_s=HEARD_FOR_S + ASKED_FOR_S, is_bus_sound=False) == ""
    assert hub.looks() == ""
    assert hub.looks(after_s=HEARD_FOR_S + 1) == "offline"


def test_what_is_no_word_of_a_hub_is_as_good_as_lost() -> None:
    hub = Watched()
    topic = bob_is_online().topic

    hub.hears(Event(topic, "here", {}), Event(topic, "asked", {"people": "x y"}), bob_is_online())

    assert hub.looks() == "online"
