"""A session ends or begins in one tab while others are open: nothing is lost, nobody speaks for another."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.visitor import PASSWORD

Unique = Callable[[str], str]

BROUGHT_BACK = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


def test_what_a_page_offers_works_again_after_logging_in_in_another_tab(
    person: MakePerson, unique: Unique
) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    bob.say("Soup at non")
    bob.say("Not for everybody")
    bob.sees_stored("Soup at non", "Not for everybody")
    bob.act_on(bob.message("Soup at non"), "Edit")
    text = bob.page.get_by_label("Edited text")
    expect(text).to_be_focused()
    text.fill("Soup at noon")

    bob.allow("status of 401")
    bob.allow("Error Code 401")
    with bob.another_tab():
        log_out(bob)
        first = bob.context.pages[0]
        first.get_by_role("button", name="Save").click()
        expect(first.locator(".edit-form")).to_contain_text("You are logged out.")
        expect(first.locator(".edit-form").get_by_role("link", name="Log in again")).to_be_visible()
        expect(first.get_by_label("Edited text")).to_have_value("Soup at noon")
        expect(first.get_by_role("status").filter(has_text="You are logged out.")).to_be_visible()
        bob.log_in()
        bob.is_in("public")

    bob.button("Save").click()
    bob.sees(re.compile(r"Soup at noon\s+\(edited\)"), "Not for everybody")
    bob.act_on(bob.message("Not for everybody"), "Delete")
    bob.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    bob.sees("Soup at noon")
    bob.button("Delete chat").click()
    expect(bob.page.get_by_text("History cleared for you.")).to_be_visible()


def test_what_is_tried_without_a_session_says_so_and_changes_nothing(
    person: MakePerson, unique: Unique
) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    bob.say("Soup at noon")
    bob.sees_stored("Soup at noon")
    bob.allow("status of 401")
    bob.allow("Error Code 401")
    bob.context.clear_cookies(name=re.compile("session"))

    bob.act_on(bob.messages, "Edit")
    expect(bob.page.get_by_role("status").filter(has_text="You are logged out.")).to_be_visible()
    bob.sees("Soup at noon")
    expect(bob.page.get_by_label("Username")).to_have_count(0)

    bob.page.evaluate(BROUGHT_BACK)
    expect(bob.button("Log in")).to_be_visible()


def test_a_page_of_one_person_does_not_speak_for_another(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.box.fill("From Bob alone")
    assert "From Bob alone" in drafts(bob)

    bob.allow("status of 401")
    bob.context.clear_cookies(name=re.compile("session"))
    with bob.another_tab("/accounts/signup/"):
        bob.page.get_by_label("Username").fill(unique("carol"))
        bob.page.get_by_label("Password").fill(PASSWORD)
        bob.button("Sign up").click()
        bob.is_in("public")
        assert drafts(bob) == "{}"

        bob.create_channel(slug)
        expect(bob.box).to_have_value("")

    bob.allow("status of 409")
    bob.button("Send").click()
    expect(bob.page.get_by_role("status").filter(has_text="Somebody else is logged in")).to_be_visible()
    bob.sees("From Bob alone")
    with bob.another_tab(bob.page.url):
        bob.sees()
        assert site.stored(slug) == []
        log_out(bob)
        bob.log_in()
        bob.is_in("public")
    bob.sees_stored("From Bob alone")


def test_a_page_of_one_person_takes_no_tools_of_another(person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    carol = person("carol").sign_up(into=slug)
    expect(bob.page.get_by_role("link", name="Channel settings")).to_be_visible()
    carol.allow("status of 401")
    carol.context.clear_cookies(name=re.compile("session"))
    with carol.another_tab("/accounts/login/"):
        carol.be(bob)

    with carol.page.expect_event("requestfinished", lambda request: request.url == bob.page.url):
        carol.look_again()
    carol.pump()
    expect(carol.button("Mute")).to_have_count(1)
    expect(carol.page.get_by_role("link", name="Channel settings")).to_have_count(0)


def in_a_new_channel(person: MakePerson, unique: Unique) -> tuple[Person, str]:
    """Bob, alone in a new channel, and its slug."""
    bob = person("bob").sign_up()
    slug = unique("session")
    bob.create_channel(slug)
    return bob, slug


def log_out(someone: Person) -> None:
    someone.button("Log out").click()
    expect(someone.button("Log in")).to_be_visible()


def drafts(someone: Person) -> str:
    return str(someone.page.evaluate("JSON.stringify(localStorage)"))
