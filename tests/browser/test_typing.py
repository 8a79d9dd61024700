"""Who is writing is shown to others who look, in a few words and for a few seconds."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, Request, expect

from tests.browser.conftest import MODES, MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.site import Site
from tests.waiting import wait_for

Unique = Callable[[str], str]

SHOWN_MS = 5_000
TOLD_EVERY_MS = 3_000
UNHEARD_TOLD_EVERY_MS = 30_000
A_MOMENT_MS = 100


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_one_name_two_names_then_several_people(site: Site, person: MakePerson, unique: Unique) -> None:
    carol, bob, dave, erin = people_in(unique("writers"), person, "carol", "bob", "dave", "erin")
    stop_the_clock(carol)
    write(bob)
    expect(line(carol)).to_have_text(re.compile(f"^.?{bob.username}.? is typing…$"))
    write(dave)
    expect(line(carol)).to_have_text(re.compile(f"^.?{bob.username}.? and .?{dave.username}.? are typing…$"))
    write(erin)
    expect(line(carol)).to_have_text("Several people are typing…")


def test_a_name_is_shown_as_it_is_whatever_signs_it_has(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    shown = bob.page.evaluate(
        "names => import('chat/words').then(({ filled }) => filled('{a} and {b} are typing…', names))",
        {"a": "Zed $& {b} $'", "b": "{a}"},
    )
    assert shown == "Zed $& {b} $' and {a} are typing…"


def test_it_goes_away_after_five_seconds(person: MakePerson, unique: Unique) -> None:
    carol, bob = people_in(unique("seconds"), person, "carol", "bob")
    stop_the_clock(carol)
    write(bob)
    expect(line(carol)).to_contain_text("is typing…")
    carol.page.clock.run_for(SHOWN_MS - A_MOMENT_MS)
    expect(line(carol)).to_contain_text("is typing…")
    carol.page.clock.run_for(2 * A_MOMENT_MS)
    expect(line(carol)).to_be_empty()


def test_it_goes_away_with_the_message(person: MakePerson, unique: Unique) -> None:
    carol, bob, dave = people_in(unique("sent"), person, "carol", "bob", "dave")
    stop_the_clock(carol)
    write(bob)
    write(dave)
    expect(line(carol)).to_contain_text("are typing…")
    bob.box.press("Enter")
    expect(line(carol)).to_have_text(re.compile(f"^.?{dave.username}.? is typing…$"))


def test_one_is_not_shown_to_oneself(person: MakePerson, unique: Unique) -> None:
    carol, bob = people_in(unique("oneself"), person, "carol", "bob")
    with bob.another_tab(bob.page.url):
        wait_for_stream(bob.page)
        write(bob)
        expect(line(carol)).to_contain_text("is typing…")
        write(carol)
        for page in bob.context.pages:
            expect(page.locator("#typing")).to_have_text(re.compile(f"^.?{carol.username}.? is typing…$"))


def test_it_is_told_every_few_seconds_while_somebody_else_looks(person: MakePerson, unique: Unique) -> None:
    carol, bob = people_in(unique("looked-at"), person, "carol", "bob")
    stop_the_clock(bob)
    for _time in range(3):
        with bob.page.expect_request("**/typing/"), hears(bob):
            write(bob)
        bob.page.clock.run_for(TOLD_EVERY_MS)
    expect(line(carol)).to_contain_text("is typing…")


def test_it_is_told_seldom_while_nobody_else_looks(person: MakePerson, unique: Unique) -> None:
    [bob] = people_in(unique("alone"), person, "bob")
    stop_the_clock(bob)
    told: list[Request] = []
    bob.page.on("request", lambda request: told.extend([request] if "/typing/" in request.url else []))
    with bob.page.expect_response("**/typing/"):
        write(bob)
    for _time in range(5):
        bob.page.clock.run_for(TOLD_EVERY_MS)
        write(bob)
    bob.box.press("Enter")
    expect(bob.box).to_have_value("")
    write(bob)
    bob.page.clock.run_for(A_MOMENT_MS)
    assert len(told) == 1

    bob.page.clock.run_for(UNHEARD_TOLD_EVERY_MS)
    with bob.page.expect_request("**/typing/"):
        write(bob)


def people_in(channel: str, person: MakePerson, *names: str) -> list[Person]:
    """People who all have that channel open."""
    people = [person(name) for name in names]
    for someone in people:
        someone.page.clock.install()
        someone.sign_up(into=channel)
        wait_for_stream(someone.page)
    return people


def stop_the_clock(someone: Person) -> None:
    """From now on nothing happens by itself on their page."""
    now_ms = someone.page.evaluate("Date.now()")
    someone.page.clock.pause_at((now_ms + A_MOMENT_MS) / 1_000)


def write(someone: Person) -> None:
    someone.box.press_sequentially("So")


def line(someone: Person) -> Locator:
    return someone.page.locator("#typing")


@contextmanager
def hears(someone: Person) -> Iterator[None]:
    """Wait, at the end, until their page was told since that somebody else looks."""
    heard: Any = someone.page.evaluate_handle(
        """import("chat/live").then(({ live }) => {
            const seen = [];
            live.addEventListener("heard", (event) => seen.push(event));
            return seen;
        })"""
    )
    yield
    wait_for(lambda: heard.evaluate("(seen) => seen.length"), what="word that somebody else looks")
