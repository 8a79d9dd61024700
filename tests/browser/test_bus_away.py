"""The broker goes and comes back while people look: what they do is on all pages, as if nothing had been."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.browser.test_presence import bob_and_carol_in, rest, state_of
from tests.browser.test_typing import line
from tests.browser.test_unread import unread
from tests.faults.proxy import Proxy
from tests.site import Ports, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

Unique = Callable[[str], str]

SECONDS_MS = 5_000  # the first post waits for the broker, the hub looks every half second
AT_ONCE_MS = 1_500
BACK_WITHIN_S = 30
TOLD_AGAIN_AFTER_MS = 2 * 60 * 1000
STREAM_IS_MISSED_AFTER_MS = 40_000  # or a little later, and another one would say all anew

Wires = dict[str, Proxy]


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    """Between the broker and the processes that serve pages and streams."""
    port = urlsplit(settings.BROKER_URL).port or 5672
    with Proxy(port) as to_web, Proxy(port) as to_live:
        yield {"web": to_web, "live": to_live}


@pytest.fixture(scope="module")
def site(wires: Wires) -> Iterator[Site]:
    ports = {name: Ports(broker=wire.port) for name, wire in wires.items()}
    with Site.stack(has_live=True, ports=ports) as running:
        yield running


@pytest.fixture(autouse=True)
def whole(wires: Wires) -> Iterator[None]:
    """What a test breaks is mended after it."""
    yield
    mend(wires)


@pytest.mark.parametrize("fault", [pytest.param("hangs", marks=pytest.mark.long), "gone"])
def test_what_is_done_while_the_broker_is_away_and_after_it_is_back_is_on_both_pages(
    person: MakePerson,
    visitor: Callable[[str], Visitor],
    unique: Unique,
    wires: Wires,
    fault: str,
) -> None:
    bob, carol = both = person("bob").sign_up(), person("carol").sign_up()
    beside, room = unique("beside"), unique("room")
    for someone in both:
        for channel in (beside, room):
            someone.create_channel(channel)
        wait_for_stream(someone.page)
    dave = visitor("dave")
    elsewhere = dave.create_channel(beside)
    bob.say("one")
    carol.message("one").wait_for()
    carol.say("two")
    for someone in both:
        someone.sees_stored("one", "two")

    for wire in wires.values():
        if fault == "hangs":
            wire.hold()
        else:
            wire.cut()
    bob.say("three")
    expect(carol.message("three")).to_be_visible(timeout=SECONDS_MS)
    carol.say("four")
    expect(bob.message("four")).to_be_visible(timeout=SECONDS_MS)
    edit(bob, "one", "uno")
    expect(carol.message("uno")).to_contain_text("(edited)", timeout=SECONDS_MS)
    delete(carol, "two")
    expect(bob.message("two")).to_have_count(0, timeout=SECONDS_MS)
    taken_back = dave.say(elsewhere, "for nobody")
    dave.say(elsewhere, "beside")
    for someone in both:
        expect(unread(someone, beside)).to_have_text("2", timeout=SECONDS_MS)
    dave.send(f"/messages/{taken_back}/delete/")
    for someone in both:
        expect(unread(someone, beside)).to_have_text("1", timeout=SECONDS_MS)
        someone.sees_stored(re.compile(r"uno\s+\(edited\)"), "three", "four")

    mend(wires)
    dave.create_channel(room)
    wait_for(lambda: is_seen_to_type(dave, room, by=carol), what="the bus", timeout_s=BACK_WITHIN_S)
    carol.say("five")
    expect(bob.message("five")).to_be_visible(timeout=AT_ONCE_MS)
    bob.say("six")
    expect(carol.message("six")).to_be_visible(timeout=AT_ONCE_MS)
    edit(carol, "four", "quatre")
    expect(bob.message("quatre")).to_contain_text("(edited)", timeout=AT_ONCE_MS)
    delete(bob, "three")
    expect(carol.message("three")).to_have_count(0, timeout=AT_ONCE_MS)
    dave.say(elsewhere, "and again")
    now = (re.compile(r"uno\s+\(edited\)"), re.compile(r"quatre\s+\(edited\)"), "five", "six")
    for someone in both:
        expect(unread(someone, beside)).to_have_text("2", timeout=AT_ONCE_MS)
        expect(unread(someone, room)).to_have_count(0)
        someone.sees_stored(*now)
        someone.page.reload()
        someone.sees_stored(*now)
        expect(unread(someone, beside)).to_have_text("2")


def test_who_comes_back_while_the_bus_is_away_is_shown_so_some_minutes_later(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique, wires: Wires
) -> None:
    room = unique("stale")
    bob, carol = bob_and_carol_in(room, person)
    dave = visitor("dave")
    address = dave.create_channel(room)
    carol.page.locator("a.channel__members").click()
    rest(bob)
    expect(state_of(carol, bob)).to_have_text("away")
    wait_for_stream(bob.page)
    wires["live"].cut()
    with bob.page.expect_response("**/presence/"):  # the broker is told, and has nobody to tell it to
        bob.page.mouse.move(200, 200)
    mend(wires)
    wait_for(lambda: is_seen_to_type(dave, room, by=carol), what="the bus", timeout_s=BACK_WITHIN_S)
    expect(state_of(carol, bob)).to_have_text("away")

    for number in range(TOLD_AGAIN_AFTER_MS // STREAM_IS_MISSED_AFTER_MS + 1):
        bob.page.clock.fast_forward(STREAM_IS_MISSED_AFTER_MS)
        dave.say(address, text := f"still here, {number}")
        bob.message(text).wait_for()
    expect(state_of(carol, bob)).to_have_text("online")


def edit(someone: Person, text: str, instead: str) -> None:
    someone.act_on(someone.message(text), "Edit")
    box = someone.page.get_by_label("Edited text")
    box.fill(instead)
    box.press("Enter")


def delete(someone: Person, text: str) -> None:
    someone.act_on(someone.message(text), "Delete")
    someone.page.get_by_role("dialog").get_by_role("button", name="Delete").click()


def mend(wires: Wires) -> None:
    for wire in wires.values():
        wire.mend()


def is_seen_to_type(someone: Visitor, channel: str, *, by: Person) -> bool:
    """Tell that they write; whether the other one is shown that, which comes over the bus alone."""
    assert someone.script_post(f"/channels/{channel}/typing/").status == 204
    return line(by).text_content() != ""
