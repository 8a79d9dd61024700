"""Streams while the bus is away: who may not listen is found out as soon, and what is said still comes."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.admin import take_out
from tests.faults.proxy import Proxy
from tests.messaging.test_stream import SOON_S
from tests.messaging.test_stream_access import WAYS_OUT, counted, end_of
from tests.site import Ports, Site
from tests.streams import OpenStream
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def wire() -> Iterator[Proxy]:
    """Between the live process and the broker."""
    with Proxy(urlsplit(settings.BROKER_URL).port or 5672) as wire:
        yield wire


@pytest.fixture(scope="module")
def web_wire() -> Iterator[Proxy]:
    """Between the web process and the broker."""
    with Proxy(urlsplit(settings.BROKER_URL).port or 5672) as wire:
        yield wire


@pytest.fixture(scope="module")
def site(wire: Proxy, web_wire: Proxy) -> Iterator[Site]:
    ports = {"live": Ports(broker=wire.port), "web": Ports(broker=web_wire.port)}
    with Site.stack(has_live=True, ports=ports) as running:
        yield running


@pytest.fixture(params=["hangs", "gone"])
def break_bus(request: pytest.FixtureRequest, wire: Proxy) -> Iterator[Callable[[], None]]:
    yield wire.hold if request.param == "hangs" else wire.cut
    wire.mend()


def open_stream(stack: ExitStack, visitor: Visitor, *opened: str) -> OpenStream:
    return stack.enter_context(OpenStream(visitor, *opened)).wait_until_ready()


def lose_the_bus(
    break_bus: Callable[[], None], stream: OpenStream, someone: Visitor, channel: str = "/channels/public/"
) -> None:
    """Break it, and wait until the hub has noticed; what comes later its looks alone can find.

    Arguments:
        stream: of somebody who has `channel` open, in which `someone` says something.
    """
    break_bus()
    someone.say(channel, words := f"is it gone, {someone.username}?")
    stream.wait_for_text(words)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_whose_session_ends_is_found_out(
    site: Site, admin: Visitor, person: Callable[[str], Visitor], break_bus: Callable[[], None], way: str
) -> None:
    bob = person("bob")
    with ExitStack() as stack:
        stream = open_stream(stack, bob, "public")
        lose_the_bus(break_bus, stream, bob)

        assert end_of(stream, lambda: WAYS_OUT[way](site, admin, bob)) < SOON_S


def test_who_is_taken_out_is_found_out(
    site: Site,
    admin: Visitor,
    person: Callable[[str], Visitor],
    room: str,
    break_bus: Callable[[], None],
) -> None:
    bob, carol = person("bob"), person("carol")
    channel = bob.create_channel(room)
    carol.create_channel(room)
    with ExitStack() as stack:
        stream = open_stream(stack, carol, room)
        lose_the_bus(break_bus, stream, bob, channel)

        told_before = len(stream.of("sidebar"))
        take_out(site, admin, carol, room)
        taken_out_at = time.monotonic()

        stream.wait_for_another("sidebar", told_before)
        found_out_at = stream.of("sidebar")[told_before].at
        assert found_out_at - taken_out_at < SOON_S
        bob.say(channel, "are you there?")
        stream.wait_for_text("are you there?")
        bob.say(channel, "as a guest?")
        stream.wait_for_text("as a guest?")
        assert not any(event.at > found_out_at for event in counted(stream, room))


@pytest.mark.parametrize("is_on_its_way", [False, True], ids=["closed before", "closed meanwhile"])
def test_who_is_taken_out_is_told_of_although_a_connection_was_lost_that_the_hub_has_no_part_in(
    site: Site,
    admin: Visitor,
    person: Callable[[str], Visitor],
    room: str,
    web_wire: Proxy,
    is_on_its_way: bool,
) -> None:
    bob, carol = person("bob"), person("carol")
    bob.create_channel(room)
    carol.create_channel(room)
    with ExitStack() as stack:
        stream = open_stream(stack, carol, room)
        if is_on_its_way:
            web_wire.hold()
            take_out(site, admin, carol, room)
            web_wire.cut()
        else:
            web_wire.cut()
            take_out(site, admin, carol, room)
        web_wire.mend()
        mended_at = time.monotonic()

        assert stream.wait_for("sidebar").at - mended_at < SOON_S


def test_what_was_read_elsewhere_leaves_no_number_behind(
    person: Callable[[str], Visitor], room: str, break_bus: Callable[[], None]
) -> None:
    bob, carol = person("bob"), person("carol")
    channel = bob.create_channel(room)
    carol.create_channel(room)
    with ExitStack() as stack:
        stream = open_stream(stack, carol, "public")
        bob.say(channel, "read me")
        stream.wait_for("count", slug=room)
        lose_the_bus(break_bus, stream, carol)
        told = len(stream.of("sidebar"))

        assert carol.script_post(f"{channel}read/", seq="1").status == 200

        wait_for(lambda: len(stream.of("sidebar")) > told, what="word that it was read")


def test_what_is_said_comes_all_the_same(
    person: Callable[[str], Visitor], room: str, break_bus: Callable[[], None], wire: Proxy
) -> None:
    bob, carol = person("bob"), person("carol")
    channel = bob.create_channel(room)
    carol.create_channel(room)
    with ExitStack() as stack:
        before = open_stream(stack, carol, room)
        break_bus()
        client_id = bob.say(channel, "is anybody there?")
        assert before.wait_for_text("is anybody there?").at
        during = open_stream(stack, carol, room)
        bob.send(f"/messages/{client_id}/edit/", text="somebody is there")

        during.wait_for_text("somebody is there")
        wire.mend()
        for number in range(3):
            bob.say(channel, f"message {number}")
        wait_for(
            lambda: all(stream.of("changes")[-1].facts["version"] == 5 for stream in (before, during)),
            what="all of it on both streams",
        )
        versions = [(event.facts["after"], event.facts["version"]) for event in before.of("changes")]
        assert [after for after, _version in versions] == [0, *[version for _after, version in versions[:-1]]]
