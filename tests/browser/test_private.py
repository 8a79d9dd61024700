"""Private channels and direct messages, by those who are in them; with scripts and without."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person

Unique = Callable[[str], str]


def create_private(host: Person, name: str) -> None:
    host.sidebar.get_by_role("link", name="Create a channel").click()
    host.page.get_by_label("Channel name").fill(name)
    host.page.get_by_label("Private").check()
    host.button("Create").click()
    host.is_in(name)


def invite(host: Person, guest: Person) -> None:
    """From the page of the channel that the host looks at."""
    host.page.get_by_role("link", name=re.compile("members?$")).click()
    host.link("Invite people").click()
    host.page.get_by_label("Username").fill(guest.username)
    host.button("Invite").click()
    expect(host.page.get_by_role("heading", name="Invited")).to_be_visible()


def test_somebody_is_asked_in_talks_and_is_taken_out(person: MakePerson, unique: Unique) -> None:
    bob, carol = person("bob").sign_up(), person("carol").sign_up()
    name = unique("hiring")
    create_private(bob, name)
    invite(bob, carol)
    carol.sidebar.get_by_role("button", name="Accept").click()
    carol.is_in(name)
    carol.say("Thanks for having me")
    bob.open(f"Private: {name}")
    bob.sees_stored("Thanks for having me")

    carol.allow("404")
    bob.page.get_by_role("link", name=re.compile("members$")).click()
    row = bob.page.get_by_role("listitem").filter(has_text=f"@{carol.username}")
    row.get_by_role("link", name="Manage").click()
    bob.button("Remove from channel").click()
    expect(carol.page.get_by_role("status").filter(has_text="not there any more")).to_be_visible()
    expect(carol.sidebar.get_by_role("link", name=name)).to_have_count(0)


def give_role(host: Person, address: str, member: Person, role: str) -> None:
    host.page.goto(f"{address}members/{member.username}/")
    host.page.get_by_role("radio", name=re.compile(f"^{role}:")).check()
    host.button("Save").click()
    expect(host.page.get_by_text("has another role now")).to_be_visible()


def test_a_role_comes_and_goes_on_an_open_page(person: MakePerson, unique: Unique) -> None:
    bob, carol = person("bob").sign_up(), person("carol").sign_up()
    bob.create_channel(unique("garden"))
    address = bob.page.url
    bob.say("Who waters?")
    carol.page.goto(address)
    carol.button("Join").click()
    carol.sees_stored("Who waters?")
    settings = carol.page.get_by_role("link", name="Channel settings")
    carol.message("Who waters?").hover()
    delete = carol.message("Who waters?").get_by_role("button", name="Delete")
    expect(settings).to_have_count(0)
    expect(delete).to_be_hidden()

    give_role(bob, address, carol, "Moderator")
    expect(settings).to_be_visible()
    expect(delete).to_be_visible()

    give_role(bob, address, carol, "Member")
    expect(settings).to_have_count(0)
    expect(delete).to_be_hidden()

    bob.page.goto(f"{address}members/{carol.username}/")
    bob.button("Remove from channel").click()
    expect(carol.button("Unsubscribe")).to_have_count(0)


def test_the_tools_of_a_new_role_that_could_not_be_had_come_with_the_next_answer(
    person: MakePerson, unique: Unique
) -> None:
    bob, carol = person("bob").sign_up(), person("carol")
    bob.create_channel(name := unique("garden"))
    address = bob.page.url
    carol.sign_up(into=name)
    carol.allow("net::ERR_FAILED")
    carol.page.route(address, lambda route: route.abort())
    with carol.page.expect_event("requestfailed", lambda request: request.url == address):
        give_role(bob, address, carol, "Moderator")

    carol.page.unroute(address)
    carol.look_again()
    expect(carol.page.get_by_role("link", name="Channel settings")).to_be_visible()


def test_a_conversation_begins_with_a_press_on_a_name(person: MakePerson) -> None:
    bob, carol = person("bob").sign_up(), person("carol").sign_up()
    bob.page.goto(f"/people/{carol.username}/")
    bob.button("Message").click()
    bob.is_in(carol.username)
    bob.say("Have a minute?")

    place = carol.sidebar.get_by_role("link", name=re.compile(f"{bob.username}.* 1 unread"))
    expect(place).to_be_visible()
    expect(place.locator(".presence")).to_have_attribute("data-state", "online")
    place.click()
    carol.is_in(bob.username)
    carol.sees_stored("Have a minute?")
    carol.say("For you, two.")
    bob.sees_stored("Have a minute?", "For you, two.")

    bob.page.keyboard.press("Control+k")
    bob.page.get_by_role("combobox").fill(carol.username)
    option = bob.page.get_by_role("option", name=carol.username)
    expect(option.locator(".presence")).to_have_attribute("data-state", "online")


def test_all_of_it_works_with_plain_forms(person: MakePerson, unique: Unique) -> None:
    bob, carol = (person(who, java_script_enabled=False).sign_up() for who in ("bob", "carol"))
    name = unique("hiring")
    create_private(bob, name)
    invite(bob, carol)
    carol.page.reload()
    carol.sidebar.get_by_role("button", name="Accept").click()
    carol.is_in(name)
    carol.button("Unsubscribe").click()
    carol.button("Unsubscribe").click()  # the page that asks
    expect(carol.sidebar.get_by_role("link", name=name)).to_have_count(0)

    carol.sidebar.get_by_role("link", name="New message").click()
    carol.page.get_by_role("searchbox").fill(bob.username)
    carol.button("Find").click()
    carol.page.get_by_label(bob.username).check()
    carol.button("Open conversation").click()
    carol.is_in(bob.username)
    carol.say("I changed my mind.")
    bob.page.reload()
    bob.sidebar.get_by_role("link", name=carol.username).click()
    bob.sees("I changed my mind.")
