"""The box one writes in never loses a text, and never sends one twice."""

import re
from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.waiting import wait_for

Unique = Callable[[str], str]

SLOW_AFTER_MS = 31_000  # of trying, a message says that it is not sent yet


def test_what_is_sent_quickly_stays_in_order(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    texts = [f"number {number:02}" for number in range(20)]
    for text in texts:
        bob.box.fill(text)
        bob.box.press("Enter")

    bob.sees_stored(*texts)
    bob.page.reload()
    bob.sees(*texts)
    assert len(site.stored(slug)) == len(texts)


def test_an_empty_message_is_not_sent(person: MakePerson, unique: Unique) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    bob.box.fill("   ")
    bob.box.press("Enter")
    bob.button("Send").click()
    bob.say("something")
    bob.sees_stored("something")


def test_a_refused_text_is_kept_with_the_reason(person: MakePerson, unique: Unique) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    too_long = "x" * 10_001
    bob.allow("status of 422")
    bob.say(too_long)

    expect(bob.page.get_by_role("alert").filter(has_text="10,000")).to_be_visible()
    expect(bob.box).to_have_value(too_long)
    bob.sees()

    bob.box.fill("x" * 10_000)
    bob.button("Send").click()
    bob.sees_stored(re.compile("x{10000}"))
    expect(bob.page.get_by_role("alert").filter(has_text="10,000")).to_have_count(0)


def test_a_message_waits_for_a_server_that_is_away(site: Site, person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    bob.page.clock.install()
    slug = create_channel(bob, unique)
    bob.say("before")
    bob.sees_stored("before")
    bob.allow("net::ERR_")
    bob.allow("status of 502")  # as nginx says it

    site.web.kill()
    try:
        bob.say("Is anybody there?")
        expect(bob.message("Is anybody there?").locator("time")).to_have_text("sending")
        expect(bob.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()

        bob.page.clock.run_for(SLOW_AFTER_MS)
        expect(bob.message("Is anybody there?")).to_contain_text("Not sent yet.")
        bob.message("Is anybody there?").get_by_role("button", name="Retry").click()
        expect(bob.message("Is anybody there?")).not_to_contain_text("Not sent yet.")
        expect(bob.box).to_be_focused()
    finally:
        site.restart(site.web)

    bob.sees_stored("before", "Is anybody there?")
    expect(bob.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_hidden()
    assert len(site.stored(slug)) == 2


def test_a_message_whose_answer_is_lost_is_stored_once(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("net::ERR_CONNECTION_RESET")

    def lose_the_answer(route: Route) -> None:
        assert route.fetch().status in (201, 202)
        route.abort("connectionreset")

    bob.page.route("**/messages/", lose_the_answer, times=1)
    bob.say("once")
    bob.say("then this")

    bob.sees_stored("once", "then this")
    assert len(site.stored(slug)) == 2


def test_a_draft_waits_in_its_channel_and_is_erased_at_log_out(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    bob.box.fill("half a thought")
    attic = unique("Attic")
    bob.create_channel(attic)
    expect(bob.box).to_have_value("")
    bob.box.fill("another")

    bob.open("public")
    expect(bob.box).to_have_value("half a thought")
    bob.open(attic)
    expect(bob.box).to_have_value("another")

    bob.button("Log out").click()
    expect(bob.button("Log in")).to_be_visible()
    wait_for(lambda: drafts(bob) == "{}", what="the drafts to be erased")
    bob.log_in()
    bob.is_in("public")
    expect(bob.box).to_have_value("")


def test_a_draft_outlives_a_send_in_another_tab(person: MakePerson, unique: Unique) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    first_box = bob.box
    with bob.another_tab(bob.page.url):
        bob.box.fill("quick")
        first_box.fill("half a thought")
        wait_for(lambda: "half a thought" in drafts(bob), what="the draft to reach this tab's process")
        bob.button("Send").click()
        bob.sees_stored("quick")

    bob.page.reload()
    expect(bob.box).to_have_value("half a thought")


def test_what_is_sent_from_a_page_of_older_messages_is_not_lost(person: MakePerson, unique: Unique) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    address = bob.page.url
    bob.say("one")
    bob.say("two")
    bob.sees_stored("one", "two")
    bob.page.route("**/messages/?after=*", lambda route: None)  # held, or the newest come by themselves
    bob.page.goto(f"{address}?before=2")
    bob.sees("one")

    bob.allow("net::ERR_CONNECTION_RESET")
    bob.page.route("**/messages/", lambda route: route.abort("connectionreset"), times=1)
    bob.say("three")
    bob.sees_stored("one", "two", "three")
    assert bob.page.url == f"{address}?newest=1"

    bob.page.go_back()
    bob.sees("one")  # or it is said on the page that goes
    bob.say("four")
    bob.sees_stored("one", "two", "three", "four")


def in_a_new_channel(person: MakePerson, unique: Unique) -> tuple[Person, str]:
    """Bob, alone in a new channel, and its slug."""
    slug = unique("writing")
    return person("bob").sign_up(into=slug), slug


def create_channel(someone: Person, unique: Unique) -> str:
    slug = unique("writing")
    someone.create_channel(slug)
    return slug


def drafts(someone: Person) -> str:
    return str(someone.page.evaluate("JSON.stringify(localStorage)"))
