"""The hub, in this process and on the real database: who is let in, and what a fault of its own leaves."""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from django.test.signals import template_rendered
from django.utils import timezone

from accounts.actions import deactivate_user, set_appearance, set_password
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app.actions import join_channel, leave_channel
from channels_app.models import Channel, Membership
from chatsite.live import hub as live_hub
from chatsite.live.changes import LOOKED_AT_ONCE
from chatsite.live.hub import Hub, Refused
from chatsite.live.source import Batch, Place, Viewer
from messaging.actions import edit_message, tell_typing
from messaging.live import DatabaseSource
from tests.cast import Cast, UserFactory, say
from tests.hubs import Browser, Loop
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE_S = 2.0  # far less than a server waits for what does not end


class Doorkeeper(DatabaseSource):
    """The database, that can be made to take its time, or to fail, where a test wants it."""

    def __init__(self) -> None:
        self.answers = threading.Event()  # who is logged in
        self.answers.set()
        self.is_asked = threading.Event()
        self.hands_over = threading.Event()  # what it has read of that
        self.hands_over.set()
        self.has_read = threading.Event()
        self.placed = threading.Semaphore(0)  # up by one with each question for places
        self.placed_at_once: list[int] = []  # of how many channels each of these questions was
        self.faults = 0  # to come, of reading changes
        self.comes_between: list[Callable[[], object]] = []  # of two questions about changes
        self._reads_changes = False

    def admit(self, session_keys: Collection[str]) -> Mapping[str, Viewer]:
        self.is_asked.set()
        assert self.answers.wait(30)
        viewers = super().admit(session_keys)
        self.has_read.set()
        assert self.hands_over.wait(30)
        return viewers

    def places(self, channel_ids: Collection[int]) -> Mapping[int, Place]:
        self.placed_at_once.append(len(channel_ids))
        self.placed.release()
        if self._reads_changes and self.comes_between:
            self.comes_between.pop()()
        return super().places(channel_ids)

    def changes(self, place: Place) -> Batch:
        if self.faults:
            self.faults -= 1
            raise RuntimeError("a fault of our own")
        self._reads_changes = True
        try:
            return super().changes(place)
        finally:
            self._reads_changes = False


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def rendered() -> Iterator[list[str]]:
    """The names of the templates that a hub's reader has rendered since."""
    names: list[str] = []

    def note(template: Any, **_more: object) -> None:
        if threading.current_thread().name == "hub reader":
            names.append(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper()


async def outcome(opening: Coroutine[Any, Any, None]) -> str:
    """The code of the refusal; "" for a stream that was let in."""
    try:
        await opening
    except Refused as refused:
        return refused.code
    return ""


def test_a_burst_gets_as_many_streams_as_there_are_places(cast: Cast, loop: Loop, door: Doorkeeper) -> None:
    hub = Hub(lambda: door, most=3, most_per_user=20)
    people = (cast.bob, cast.carol, cast.dave)
    browsers = [Browser(hub, someone) for someone in people for _stream in range(3)]

    async def all_at_once() -> list[str]:
        return list(await asyncio.gather(*(outcome(browser.open()) for browser in browsers)))

    codes = loop.run(all_at_once())

    assert sorted(codes) == [""] * 3 + ["unavailable"] * 6
    let_in = [browser for browser, code in zip(browsers, codes, strict=True) if not code]
    loop.run(let_in[0].close())
    loop.run(browsers[-1].open())


def test_a_server_that_stops_does_not_wait_for_who_is_not_in_yet(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    door.answers.clear()
    bob = Browser(hub, cast.bob)
    opening = loop.begin(outcome(bob.open()))
    assert door.is_asked.wait(10)

    loop.loop.call_soon_threadsafe(hub.end)

    assert opening.result(AT_ONCE_S) == "unavailable"
    door.answers.set()
    assert loop.run(outcome(Browser(hub, cast.carol).open())) == "unavailable"
    assert not bob.received


def test_one_connection_that_breaks_costs_the_others_neither_a_frame_nor_a_heartbeat(
    cast: Cast, loop: Loop, door: Doorkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "HEARTBEAT_S", 1)  # all in one group, every second
    hub = Hub(lambda: door, most=10, most_per_user=10)
    breaking = [Browser(hub, someone, "design") for someone in (cast.bob, cast.dave, cast.alice)]
    carol = Browser(hub, cast.carol, "design")
    for browser in (*breaking, carol):
        loop.run(browser.open())
    for browser in breaking:
        browser.is_broken = True

    say(cast.bob, cast.design, "hello")

    wait_for(lambda: carol.has("hello"), what="the message")
    beats = carol.count("beat")
    wait_for(lambda: carol.count("beat") >= beats + 2, what="two heartbeats")
    wait_for(lambda: all(browser.stream.is_over for browser in breaking), what="the others to end")
    assert not carol.stream.is_over


def test_who_leaves_in_the_moment_in_which_they_are_let_in_keeps_no_place(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=1)
    door.answers.clear()
    bob = Browser(hub, cast.bob)

    async def open_and_leave() -> None:
        opening = asyncio.create_task(bob.open())
        while not door.is_asked.is_set():
            await asyncio.sleep(0)
        door.answers.set()
        # The loop stands still here until the reader is past the answer, which waits in the loop then; right
        # behind it waits that the browser left.
        for _question in ("to let in", "to look"):
            assert door.placed.acquire(timeout=10)
        asyncio.get_running_loop().call_soon(opening.cancel)
        await asyncio.wait([opening])
        assert opening.cancelled()

    loop.run(open_and_leave())

    loop.run(Browser(hub, cast.bob).open())


END_SESSION: dict[str, Callable[[Browser, User], object]] = {
    "logged out": lambda browser, _user: browser.client.post("/accounts/logout/"),
    "deactivated": lambda _browser, user: deactivate_user(SYSTEM, user),
    "another password": lambda _browser, user: set_password(SYSTEM, user, password="four other words"),
}


@pytest.mark.parametrize("way", END_SESSION)
def test_a_right_that_ends_between_reading_and_letting_in_ends_the_stream(
    cast: Cast, loop: Loop, door: Doorkeeper, way: str
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    bob = Browser(hub, cast.bob, "design")
    door.hands_over.clear()
    opening = loop.begin(outcome(bob.open()))
    assert door.has_read.wait(10)

    END_SESSION[way](bob, cast.bob)
    ended_at = time.monotonic()
    door.hands_over.set()

    assert opening.result(10) in ("", "logged_out")
    wait_for(lambda: bob.stream.is_over, what="the end of the stream")
    assert time.monotonic() - ended_at < AT_ONCE_S


def test_who_is_taken_out_between_reading_and_letting_in_gets_no_numbers(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    bob, carol = Browser(hub, cast.bob, "design"), Browser(hub, cast.carol, "design")
    loop.run(carol.open())
    door.has_read.clear()
    door.hands_over.clear()
    opening = loop.begin(bob.open())
    assert door.has_read.wait(10)

    leave_channel(SYSTEM, cast.design, user=cast.bob)
    door.hands_over.set()
    opening.result(10)
    wait_for(lambda: bob.count("sidebar"), what="word of it")
    say(cast.dave, cast.design, "are you there?")

    for browser in (bob, carol):
        wait_for(partial(browser.has, "are you there?"), what="the message")
    assert (bob.count("count"), carol.count("count")) == (0, 1)


def test_a_hub_that_could_not_begin_begins_later(cast: Cast, loop: Loop) -> None:
    faults = iter([RuntimeError("no source"), RuntimeError("no source yet")])

    def make_source() -> Doorkeeper:
        for fault in faults:
            raise fault
        return Doorkeeper()

    hub = Hub(make_source, most=10, most_per_user=10)

    loop.run(Browser(hub, cast.bob).open())


def test_a_fault_of_the_hub_costs_nobody_their_stream_or_a_message(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    bob, carol = Browser(hub, cast.bob, "design"), Browser(hub, cast.carol, "design")
    loop.run(bob.open())
    loop.run(carol.open())
    door.faults = 2

    say(cast.dave, cast.design, "in spite of everything")

    for browser in (bob, carol):
        wait_for(partial(browser.has, "in spite of everything"), what="the message")
    assert not door.faults
    say(cast.dave, cast.design, "and on it goes")
    wait_for(lambda: bob.has("and on it goes"), what="the next message")


def test_a_message_that_comes_while_the_hub_looks_at_the_channel_is_told(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    bob = Browser(hub, cast.bob, "design")
    loop.run(bob.open())
    door.comes_between.append(lambda: say(cast.dave, cast.design, "in between"))

    join_channel(cast.mallory, cast.design)

    wait_for(lambda: bob.has("in between"), what="the message", timeout_s=20)
    assert not door.comes_between


@pytest.mark.embedded
def test_many_channels_are_looked_at_a_few_at_a_time_and_none_is_left_out(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    names = [f"room-{number}" for number in range(2 * LOOKED_AT_ONCE + 50)]
    Channel.objects.bulk_create([Channel(name=name, slug=name) for name in names])
    rooms = Channel.objects.filter(slug__in=names)
    now = timezone.now()
    Membership.objects.bulk_create([Membership(channel=room, user=cast.bob, joined_at=now) for room in rooms])
    ends = (names[0], names[-1])
    bob = Browser(Hub(lambda: door, most=10, most_per_user=10), cast.bob, *ends)
    loop.run(bob.open())

    for topic in ("once", "twice"):
        told = bob.count("hint")
        door.placed_at_once.clear()
        rooms.filter(slug__in=ends).update(topic=topic)  # which no hub is told of
        wait_for(lambda told=told: bob.count("hint") == told + 2, what="word of both")  # type: ignore[misc]
        assert 1 < max(door.placed_at_once) <= LOOKED_AT_ONCE


def test_many_who_join_are_few_hints_for_who_has_the_channel_open(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    bob = Browser(hub, cast.bob, "design")
    loop.run(bob.open())

    for _person in range(20):
        join_channel(UserFactory.create(), cast.design)
    say(cast.dave, cast.design, "welcome, all of you")
    wait_for(lambda: bob.has("welcome"), what="what came after they joined")
    hints = bob.count("hint")
    assert 1 <= hints < 5
    join_channel(cast.mallory, cast.design)

    wait_for(lambda: bob.count("hint") > hints, what="word of the last who came", timeout_s=20)


@pytest.mark.embedded
def test_who_has_said_it_is_not_said_to_write_it(cast: Cast, loop: Loop, door: Doorkeeper) -> None:
    hub = Hub(lambda: door, most=10, most_per_user=10)
    bob = Browser(hub, cast.bob, "design")
    loop.run(bob.open())
    door.answers.clear()
    door.is_asked.clear()
    held = loop.begin(Browser(hub, cast.bob).open())  # what is announced now the reader finds at once
    assert door.is_asked.wait(10)
    tell_typing(cast.carol, cast.design)
    tell_typing(cast.dave, cast.design)
    say(cast.dave, cast.design, "this")
    door.answers.set()
    held.result(10)

    wait_for(lambda: bob.has("this") and bob.count("typing"), what="the message, and who writes")
    say(cast.dave, cast.design, "that")
    wait_for(lambda: bob.has("that"), what="what comes after all of it")
    assert bob.has('"username":"carol"')
    assert bob.count("typing") == 1


def test_a_message_is_rendered_once_for_all_who_read_a_language(
    cast: Cast, loop: Loop, door: Doorkeeper, rendered: list[str]
) -> None:
    hub = Hub(lambda: door, most=100, most_per_user=100)
    browsers = [
        Browser(hub, someone, "design", language=language)
        for someone in (cast.bob, cast.carol, cast.mallory)
        for language in ("en", "de", "en")
    ]
    for browser in browsers:
        loop.run(browser.open())

    say(cast.dave, cast.design, "to nine streams")
    for browser in browsers:
        wait_for(partial(browser.has, "to nine streams"), what="the message")

    assert rendered.count("messaging/_message.html") == 2


def test_a_stream_speaks_the_language_that_was_chosen_as_soon_as_it_is(
    cast: Cast, loop: Loop, door: Doorkeeper
) -> None:
    choose = partial(set_appearance, cast.bob, theme="", time_zone="")
    choose(language="de")
    hub = Hub(lambda: door, most=100, most_per_user=100)
    bob, carol = (Browser(hub, user, "design", language="fr") for user in (cast.bob, cast.carol))
    for browser in (bob, carol):
        loop.run(browser.open())

    said = say(cast.dave, cast.design, "first")
    wait_for(lambda: bob.has("first") and carol.has("first"), what="the message")
    assert [bob.has(word) for word in ("Bearbeiten", "Modifier")] == [True, False]
    assert [carol.has(word) for word in ("Bearbeiten", "Modifier")] == [False, True]

    choose(language="ar")
    wait_for(lambda: bob.stream.language == "ar", what="the stream to hear of it")
    edit_message(cast.dave, said.client_id, text="second")
    wait_for(lambda: bob.has("second") and carol.has("second"), what="the edited message")
    assert bob.has("معدَّلة")
    assert carol.has("(modifié)")

    choose(language="")
    wait_for(lambda: bob.stream.language == "fr", what="the stream to go by the browser again")


def test_what_many_missed_is_rendered_once_for_all_of_them(
    cast: Cast, loop: Loop, door: Doorkeeper, rendered: list[str]
) -> None:
    for number in range(3):
        say(cast.dave, cast.design, f"missed {number}")
    hub = Hub(lambda: door, most=100, most_per_user=100)
    browsers = [
        Browser(hub, someone, "design", known={cast.design.pk: 1})
        for someone in (cast.bob, cast.carol, cast.mallory)
        for _stream in range(3)
    ]

    async def all_at_once() -> None:
        await asyncio.gather(*(browser.open() for browser in browsers))

    door.answers.clear()
    one_by_itself = loop.begin(Browser(hub, cast.dave).open())
    assert door.is_asked.wait(10)
    coming_back = loop.begin(all_at_once())
    loop.run(asyncio.sleep(0))  # all have asked by then
    door.answers.set()
    one_by_itself.result(10)
    coming_back.result(10)

    for browser in browsers:
        wait_for(partial(browser.has, "missed 2"), what="what was missed")
        assert not browser.has("missed 0")
    assert rendered.count("messaging/_message.html") == 2
