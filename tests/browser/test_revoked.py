"""A right ends while its page is open: nothing more comes that is not for them, and the page says so."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Request, expect

from tests.admin import deactivate, make_admin, set_password, take_out
from tests.browser.conftest import MODES, MakePerson
from tests.browser.person import Person
from tests.browser.test_live import STREAM
from tests.browser.test_typing import line, people_in, write
from tests.browser.test_unread import bob_in_a_channel_and_carol_elsewhere, unread
from tests.site import Site
from tests.visitor import Visitor

Unique = Callable[[str], str]

SOON_MS = 2_000
A_MINUTE_MS = 60_000
RETRY_AFTER_AT_MOST_MS = 30_000
FAILURES = 8  # doubled each time, the last pause would be of minutes
WHAT_IS_SHOWN_OF_TYPING = """import("chat/live").then(({ live }) => live.addEventListener("typing", () =>
    console.info("Heard, and shown as: " + document.getElementById("typing").textContent)))"""
COUNT_FAILED_STREAMS = """
window.failedStreams = 0;
window.EventSource = class extends EventSource {
    constructor(address) {
        super(address);
        this.addEventListener("error", () => (window.failedStreams += 1));
    }
};
"""


@pytest.fixture
def admin(site: Site, visitor: Callable[[str], Visitor]) -> Visitor:
    """Somebody who may do everything."""
    alice = visitor("alice")
    make_admin(site, alice)
    return alice


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_who_is_taken_out_has_no_number_there_any_more(
    site: Site, person: MakePerson, unique: Unique, admin: Visitor
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    bob.say("one")
    expect(unread(carol, slug)).to_have_text("1")
    take_out(site, admin, carol, slug)
    expect(carol.sidebar.get_by_role("link", name=slug)).to_have_count(0, timeout=SOON_MS)
    expect(carol.page).to_have_title(re.compile(r"^#public"), timeout=SOON_MS)  # and not "(1) #public"
    bob.say("two")
    public = f"to all from {bob.username}"
    bob.open("public")
    bob.say(public)
    carol.message(public).wait_for()
    expect(carol.page).to_have_title(re.compile(r"^#public"))


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_who_is_taken_out_of_what_they_look_at_is_told_and_shown_no_typing(
    site: Site, person: MakePerson, unique: Unique, admin: Visitor
) -> None:
    slug = unique("watched")
    bob, carol, dave = people_in(slug, person, "bob", "carol", "dave")
    write(bob)
    expect(line(carol)).to_contain_text("is typing…")
    take_out(site, admin, carol, slug)
    expect(said(carol, "You can't write in this channel any more.")).to_be_visible(timeout=SOON_MS)
    with carol.page.expect_console_message(lambda message: message.text.startswith("Heard")) as heard:
        carol.page.evaluate(WHAT_IS_SHOWN_OF_TYPING)
        write(dave)
    assert dave.username not in heard.value.text


@pytest.mark.parametrize("way", [deactivate, set_password])
def test_whose_session_ends_is_told_and_their_page_rests(
    site: Site,
    person: MakePerson,
    unique: Unique,
    admin: Visitor,
    way: Callable[[Site, Visitor, Person], None],
) -> None:
    bob, carol = people_in(unique("ended"), person, "bob", "carol")
    carol.allow("status of 401")
    with carol.page.expect_response("**/changes/*"):
        way(site, admin, carol)
        expect(said(carol, "You are logged out.")).to_be_visible(timeout=SOON_MS)
    # Once more: it may have been their own doing. Without the answer, a minute later it would be missed.
    with carol.page.expect_response(STREAM):
        carol.page.clock.run_for(SOON_MS * 2)
    carol.pump()
    asked: list[Request] = []
    carol.page.on("request", lambda request: asked.append(request))
    carol.page.clock.run_for(A_MINUTE_MS)
    bob.say("not for who is gone")
    bob.sees_stored("not for who is gone")
    carol.page.evaluate("1")
    # But where an earlier question was sent on to.
    own = [request.url for request in asked if not request.redirected_from]
    assert own == []
    carol.sees()
    expect(said(carol, "You are logged out.")).to_be_visible()


def test_who_looks_waits_half_a_minute_at_most_for_the_next_try(person: MakePerson, unique: Unique) -> None:
    bob = person("bob")
    bob.context.add_init_script(COUNT_FAILED_STREAMS)
    bob.context.route(STREAM, lambda route: route.abort())
    bob.allow("net::ERR_FAILED")
    bob.page.clock.install()
    bob.sign_up()
    for failures in range(1, FAILURES + 1):
        bob.page.wait_for_function("(least) => failedStreams >= least", arg=failures, polling=50)
        with bob.page.expect_request(STREAM):
            bob.page.clock.fast_forward(RETRY_AFTER_AT_MOST_MS)


def said(someone: Person, words: str) -> Locator:
    return someone.page.get_by_role("status").filter(has_text=words)
