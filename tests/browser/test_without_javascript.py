"""The main job with plain forms: nothing but what the server sends."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_main_job import find_in_browse_and_join
from tests.visitor import Visitor

Unique = Callable[[str], str]


def test_two_people_meet_and_talk(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_without_javascript(person, unique("Plain"))
    bob.say("Soup at noon?\nhttps://soup.example/menu")
    carol.page.reload()
    carol.sees(re.compile(r"Soup at noon\?\s*https://soup\.example/menu"))
    expect(carol.messages.get_by_role("link", name="https://soup.example/menu")).to_have_attribute(
        "rel", "noopener nofollow ugc"
    )
    carol.say("I am in.")
    carol.sees("Soup at noon?", "I am in.")
    expect(carol.box).to_have_value("")
    bob.page.reload()
    bob.sees("Soup at noon?", "I am in.")


def test_own_messages_are_edited_and_deleted_on_pages_of_their_own(
    person: MakePerson, unique: Unique
) -> None:
    bob, carol = two_without_javascript(person, unique("Plain"))
    bob.say("Soup at non")
    bob.say("Not for everybody")

    bob.act_on(bob.message("Soup at non"), "Edit")
    bob.page.get_by_label("Edited text").fill("Soup at noon")
    bob.button("Save").click()
    bob.sees(re.compile(r"Soup at noon\s+\(edited\)"), "Not for everybody")

    bob.act_on(bob.message("Not for everybody"), "Delete")
    expect(bob.page.get_by_role("heading", name="Delete this message?")).to_be_visible()
    bob.button("Delete").click()
    bob.sees("Soup at noon")
    carol.page.reload()
    carol.sees("Soup at noon")


def test_a_history_is_cleared_and_a_channel_left_with_undo(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_without_javascript(person, unique("Plain"))
    bob.say("Old news")
    carol.page.reload()
    carol.button("Delete chat").click()
    carol.sees()
    carol.button("Undo").click()
    carol.sees("Old news")

    carol.button("Unsubscribe").click()
    expect(carol.button("Join")).to_be_visible()
    carol.sees("Old news")
    carol.button("Undo").click()
    expect(carol.box).to_be_visible()

    address = carol.page.url
    carol.button("Log out").click()
    expect(carol.button("Log in")).to_be_visible()
    carol.page.goto(address)
    carol.log_in()
    carol.sees("Old news")


def test_a_refused_text_is_kept_with_the_reason(person: MakePerson, unique: Unique) -> None:
    bob, _carol = two_without_javascript(person, unique("Plain"))
    bob.allow("status of 422")
    bob.say("x" * 10_001)
    expect(bob.page.get_by_role("alert").filter(has_text="10,000")).to_be_visible()
    expect(bob.box).to_have_value("x" * 10_001)

    bob.say("shorter")
    bob.sees("shorter")


def test_older_messages_are_a_page_of_their_own(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    carol = visitor("carol")
    address = carol.create_channel(unique("history"))
    for number in range(60):
        carol.say(address, f"line {number:02}")
    bob = person("bob", java_script_enabled=False).sign_up()
    # The plain form waits until its message is stored, and so is everything before it.
    bob.create_channel(address.split("/")[2])
    bob.say("the end")
    expect(bob.messages).to_have_count(50)
    expect(bob.message("the end")).to_be_in_viewport()

    bob.link("Older messages").click()
    bob.sees(*[f"line {number:02}" for number in range(11)])
    bob.link("Newer messages").click()
    expect(bob.message("the end")).to_have_count(1)


def test_what_is_new_is_marked_as_read_and_as_unread_again(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_without_javascript(person, unique("Plain"))
    bob.say("Soup at noon?")
    bob.say("With bread.")
    carol.page.reload()
    expect(carol.timeline.get_by_text("New", exact=True)).to_be_visible()

    carol.button("Mark as read").click()
    expect(carol.button("Mark as read")).to_have_count(0)
    expect(carol.timeline.get_by_text("New", exact=True)).to_have_count(0)

    carol.act_on(carol.message("With bread."), "Mark as unread from here")
    expect(carol.timeline.get_by_text("New", exact=True)).to_be_visible()
    carol.sees("Soup at noon?", "With bread.")
    carol.say("I am in.")
    expect(carol.timeline.get_by_text("New", exact=True)).to_have_count(0)


def test_people_channels_and_preferences_are_plain_pages_too(person: MakePerson, unique: Unique) -> None:
    lunch = unique("Plain")
    bob, carol = two_without_javascript(person, lunch)
    bob.page.get_by_role("link", name=re.compile("member")).click()
    people = bob.page.get_by_role("main").get_by_role("listitem")
    people.filter(has_text=carol.username).get_by_role("link").first.click()
    expect(bob.page.get_by_role("heading", level=1, name=carol.username)).to_be_visible()
    bob.page.get_by_role("main").get_by_role("link", name=lunch).click()
    bob.is_in(lunch)
    bob.button("Mute").click()
    expect(bob.sidebar.get_by_role("link", name=lunch)).to_contain_text("muted")

    bob.link("Preferences").click()
    bob.page.get_by_label("Display name").fill("Bob, who cooks")
    bob.page.get_by_role("button", name="Save", description="Name", exact=True).click()
    expect(bob.page.get_by_text("Your preferences are saved.")).to_be_visible()
    bob.open(lunch)
    bob.say("Soup at noon?")
    carol.page.reload()
    expect(carol.message("Soup at noon?")).to_contain_text("Bob, who cooks")


def two_without_javascript(person: MakePerson, channel: str) -> tuple[Person, Person]:
    """Bob, who created `channel`, and Carol, who found it."""
    bob = person("bob", java_script_enabled=False).sign_up()
    carol = person("carol", java_script_enabled=False).sign_up()
    bob.create_channel(channel)
    find_in_browse_and_join(carol, channel)
    return bob, carol
