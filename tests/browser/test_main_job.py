"""The main job: two people in two browsers sign up, meet in a channel and talk."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import MODES, MakePerson
from tests.browser.person import Person

Unique = Callable[[str], str]

# The answer to a page that missed so much that it gets the newest messages instead; here there are none.
TOO_FAR_BEHIND = (
    '<section data-changes data-version="9999" data-more="false" '
    'data-reset="true" data-cleared-seq="0" data-blocked=""></section>'
)


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_two_people_meet_in_a_channel_and_talk(person: MakePerson, unique: Unique) -> None:
    lunch = unique("Lunch")
    bob, carol = person("bob").sign_up_on_the_page(), person("carol").sign_up()

    bob.create_channel(lunch)
    bob.say("Soup at noon?")
    find_in_browse_and_join(carol, lunch)
    carol.sees("Soup at noon?")
    carol.say("I am in.")
    bob.sees_stored("Soup at noon?", "I am in.")
    carol.sees_stored("Soup at noon?", "I am in.")

    bob.box.fill("Where:")
    bob.box.press("Shift+Enter")
    bob.box.press_sequentially("https://soup.example/menu")
    bob.box.press("Enter")
    expect(bob.box).to_have_value("")
    for someone in (bob, carol):
        someone.sees_stored("Soup at noon?", "I am in.", "Where:\nhttps://soup.example/menu")
        link = someone.messages.last.get_by_role("link", name="https://soup.example/menu")
        expect(link).to_have_attribute("href", "https://soup.example/menu")
        expect(link).to_have_attribute("rel", "noopener nofollow ugc")
        expect(someone.messages.last.locator("br")).to_have_count(1)

    bob.page.reload()
    bob.sees("Soup at noon?", "I am in.", "Where:")


def test_the_first_messages_of_a_channel_come_in_order(person: MakePerson, unique: Unique) -> None:
    slug = unique("firsts")
    bob, carol = person("bob").sign_up(), person("carol").sign_up()
    held: list[Route] = []
    bob.page.route(f"**/{slug}/changes/*", lambda route: held.append(route), times=1)
    with bob.page.expect_request(f"**/{slug}/changes/*"):
        bob.create_channel(slug)
    carol.create_channel(slug)
    carol.say("first")
    carol.sees_stored("first")
    bob.say("second")
    expect(bob.message("second")).to_be_visible()

    held.pop().continue_()
    bob.sees_stored("first", "second")


def test_what_is_edited_in_place_is_seen_by_the_other_as_edited(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_in_a_channel(person, unique("Edits"))
    bob.say("Soup at non")
    carol.sees_stored("Soup at non")
    expect(carol.messages.get_by_role("button", name="Edit")).to_have_count(0)

    bob.sees_stored("Soup at non")
    bob.act_on(bob.messages, "Edit")
    text = bob.page.get_by_label("Edited text")
    expect(text).to_be_focused()
    expect(text).to_have_value("Soup at non")
    text.fill("Soup at noon")
    text.press("Enter")

    bob.sees(re.compile(r"Soup at noon\s+\(edited\)"))
    carol.sees(re.compile(r"Soup at noon\s+\(edited\)"))
    expect(bob.page.get_by_label("Edited text")).to_have_count(0)


def test_an_edit_stays_open_when_the_timeline_starts_anew(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up(into=unique("Resets"))
    bob.say("Other news")
    bob.say("Soup at non")
    bob.sees_stored("Other news", "Soup at non")
    bob.act_on(bob.message("Soup at non"), "Edit")
    text = bob.page.get_by_label("Edited text")
    expect(text).to_be_focused()
    text.fill("Soup at noon")

    bob.page.route("**/changes/*", lambda route: route.fulfill(body=TOO_FAR_BEHIND, content_type="text/html"))
    bob.look_again()
    bob.sees("Soup at non")
    expect(text).to_have_value("Soup at noon")
    bob.page.unroute("**/changes/*")
    bob.look_again()
    bob.sees("Other news", "Soup at non")
    text.press("Enter")
    bob.sees("Other news", re.compile(r"Soup at noon\s+\(edited\)"))


def test_what_is_deleted_disappears_for_the_other(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_in_a_channel(person, unique("Deletes"))
    bob.say("Keep this")
    bob.say("Not for everybody")
    carol.sees_stored("Keep this", "Not for everybody")
    expect(carol.messages.get_by_role("button", name="Delete")).to_have_count(0)
    bob.sees_stored("Keep this", "Not for everybody")

    bob.act_on(bob.message("Not for everybody"), "Delete")
    dialog = bob.page.get_by_role("dialog", name="Delete this message?")
    expect(dialog).to_contain_text("Not for everybody")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    bob.sees("Keep this", "Not for everybody")

    bob.act_on(bob.message("Not for everybody"), "Delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    bob.sees("Keep this")
    carol.sees("Keep this")


def test_delete_chat_clears_for_one_alone_and_undo_brings_it_back(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_in_a_channel(person, unique("Clears"))
    bob.say("Old news")
    carol.sees_stored("Old news")

    carol.button("Delete chat").click()
    expect(carol.page.get_by_text("History cleared for you.")).to_be_visible()
    carol.sees()
    bob.page.reload()
    bob.sees("Old news")
    bob.say("Later news")
    carol.sees("Later news")

    carol.button("Undo").click()
    carol.sees("Old news", "Later news")


def test_unsubscribe_takes_a_channel_off_the_list_and_undo_brings_it_back(
    person: MakePerson, unique: Unique
) -> None:
    garden = unique("Garden")
    bob = person("bob").sign_up(into=garden)
    place = bob.sidebar.get_by_role("link", name=garden)
    expect(place).to_be_visible()

    bob.button("Unsubscribe").click()
    expect(place).to_have_count(0)
    expect(bob.button("Join")).to_be_visible()
    expect(bob.box).to_have_count(0)

    bob.button("Undo").click()
    expect(place).to_be_visible()
    expect(bob.box).to_be_visible()


def test_logging_in_leads_back_to_where_one_was_going(person: MakePerson, unique: Unique) -> None:
    attic = unique("Attic")
    bob = person("bob").sign_up(into=attic)
    address = bob.page.url

    bob.button("Log out").click()
    expect(bob.button("Log in")).to_be_visible()
    bob.page.goto(address)
    bob.log_in()
    bob.is_in(attic)
    assert bob.page.url == address


def two_in_a_channel(person: MakePerson, channel: str) -> tuple[Person, Person]:
    """Bob and Carol, both in `channel`, which has nothing in it yet."""
    bob, carol = person("bob").sign_up(into=channel), person("carol").sign_up(into=channel)
    return bob, carol


def find_in_browse_and_join(someone: Person, channel: str) -> None:
    someone.link("Browse channels").click()
    someone.page.get_by_label("Filter by name").fill(channel)
    someone.button("Filter").click()
    row = someone.page.get_by_role("listitem").filter(has=someone.page.get_by_role("heading", name=channel))
    row.get_by_role("button", name="Join").click()
    someone.is_in(channel)
