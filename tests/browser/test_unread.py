"""What is unread is counted live, beside the channels and in the title, until somebody has seen it."""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

import pytest
from playwright.sync_api import APIResponse, Locator, Route, expect

from tests.browser.conftest import MODES, MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

Unique = Callable[[str], str]

DRAWN_WIDTH = """(address) => new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = () => resolve(image.naturalWidth);
    image.src = address;
})"""


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_what_others_say_elsewhere_is_counted_until_it_is_seen(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    bob.say("one")
    expect(unread(carol, slug)).to_have_text("1")
    expect(carol.page).to_have_title(re.compile(r"^\(1\) #public"))
    bob.say("two")
    expect(unread(carol, slug)).to_have_text("2")
    bob.sees_stored("one", "two")
    bob.act_on(bob.message("one"), "Delete")
    bob.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(unread(carol, slug)).to_have_text("1")
    expect(unread(bob, slug)).to_have_count(0)

    carol.sidebar.get_by_role("link", name=slug).click()
    carol.is_in(slug)
    expect(carol.timeline.get_by_text("New", exact=True)).to_be_visible()
    expect(unread(carol, slug)).to_have_count(0)
    expect(carol.page).to_have_title(re.compile(rf"^#{slug}"))
    wait_for(lambda: last_read(site, carol, slug) == 2, what="the pointer to be moved")


def test_the_icon_of_the_tab_carries_the_number(person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    plain = icon_of(carol)
    assert "data:" not in plain
    for number in ("1", "2"):
        bob.say(f"message {number}")
        drawn = f">{number}<"
        wait_for(partial(is_on_the_icon_of, carol, drawn), what=f"{number} on the icon")
    assert carol.page.evaluate(DRAWN_WIDTH, icon_of(carol)) > 0

    carol.open(slug)
    wait_for(lambda: icon_of(carol) == plain, what="the icon without a number")


def test_it_is_read_on_all_devices_at_once(person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    phone = the_phone_of(carol, person)
    bob.say("one")
    for device in (carol, phone):
        expect(unread(device, slug)).to_have_text("1")
    phone.sidebar.get_by_role("link", name=slug).click()
    phone.is_in(slug)
    expect(unread(carol, slug)).to_have_count(0)
    expect(carol.page).to_have_title(re.compile("^#public"))


def test_what_was_seen_right_before_leaving_is_read_too(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    carol.open(slug)
    wait_for_stream(carol.page)
    bob.say("one")
    wait_for(lambda: last_read(site, carol, slug) == 1, what="the first to be told as read")
    bob.say("two")
    carol.sees("one", "two")
    carol.pump()
    carol.open("public")
    wait_for(lambda: last_read(site, carol, slug) == 2, what="the second to be read")
    expect(unread(carol, slug)).to_have_count(0)


def test_marked_as_unread_it_stays_so_until_the_channel_is_opened_again(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    carol.open(slug)
    wait_for_stream(carol.page)
    bob.say("one")
    bob.say("two")
    carol.sees_stored("one", "two")
    wait_for(lambda: last_read(site, carol, slug) == 2, what="both to be read")

    carol.act_on(carol.message("one"), "Mark as unread from here")
    expect(unread(carol, slug)).to_have_text("2")
    expect(carol.timeline.get_by_text("New", exact=True)).to_be_visible()
    bob.say("three")
    expect(unread(carol, slug)).to_have_text("3")
    assert last_read(site, carol, slug) == 0

    carol.page.reload()
    expect(unread(carol, slug)).to_have_count(0)
    wait_for(lambda: last_read(site, carol, slug) == 3, what="all to be read")


def test_marked_as_unread_on_one_device_it_stays_so_on_another_that_shows_it(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    phone = the_phone_of(carol, person)
    for device in (carol, phone):
        device.open(slug)
        wait_for_stream(device.page)
    for text in ("one", "two", "three"):
        bob.say(text)
    for device in (carol, phone):
        device.sees_stored("one", "two", "three")
    wait_for(lambda: last_read(site, carol, slug) == 3, what="all to be read")

    phone.act_on(phone.message("two"), "Mark as unread from here")
    for device in (carol, phone):
        expect(unread(device, slug)).to_have_text("2")
        expect(device.timeline.get_by_text("New", exact=True)).to_be_visible()
    carol.page.evaluate("dispatchEvent(new Event('focus'))")
    bob.say("four")
    for device in (carol, phone):
        device.sees_stored("one", "two", "three", "four")
        expect(unread(device, slug)).to_have_text("3")
    assert last_read(site, carol, slug) == 1

    carol.page.keyboard.press("Escape")
    for device in (carol, phone):
        expect(unread(device, slug)).to_have_count(0)
    wait_for(lambda: last_read(site, carol, slug) == 4, what="all to be read again")
    bob.say("five")
    wait_for(lambda: last_read(site, carol, slug) == 5, what="reading to go on")


def test_what_a_device_was_about_to_tell_does_not_undo_marking_as_unread_on_another(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    phone = the_phone_of(carol, person)
    for device in (carol, phone):
        device.open(slug)
        wait_for_stream(device.page)
    bob.say("one")
    wait_for(lambda: last_read(site, carol, slug) == 1, what="the first to be read")
    carol.page.route("**/channels/sidebar/", lambda route: None)  # held: she does not hear of it
    phone.act_on(phone.message("one"), "Mark as unread from here")
    wait_for(lambda: last_read(site, carol, slug) == 0, what="it to be unread")
    with carol.page.expect_response(f"**/channels/{slug}/read/"):
        bob.say("two")
    carol.page.unroute("**/channels/sidebar/")  # which lets go of what was held, too
    for device in (carol, phone):
        expect(unread(device, slug)).to_have_text("2")
    assert last_read(site, carol, slug) == 0


def test_what_is_counted_while_the_sidebar_is_read_again_is_counted_on(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    bob.say("one")
    expect(unread(carol, slug)).to_have_text("1")
    carol.pump()
    answers: list[tuple[Route, APIResponse]] = []
    carol.page.route("**/channels/sidebar/", lambda route: answers.append((route, route.fetch())))
    with Visitor(site.url, carol.username) as elsewhere:
        elsewhere.log_in()
        elsewhere.create_channel(other := unique("other"))
    wait_for(lambda: carol.page.evaluate("1") and answers, what="the sidebar to be read")
    for number in range(2, 5):
        bob.say(f"number {number}")
        expect(unread(carol, slug)).to_have_text(str(number))
    bob.act_on(bob.message("number 2"), "Delete")
    bob.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(unread(carol, slug)).to_have_text("3")

    route, answer = answers[0]
    route.fulfill(response=answer)
    expect(carol.sidebar.get_by_role("link", name=other)).to_be_visible()
    expect(unread(carol, slug)).to_have_text("3")
    bob.say("number 5")
    expect(unread(carol, slug)).to_have_text("4")
    # Not again and again; once more when the hub's next review finds that something was joined.
    assert len(answers) <= 2


def test_escape_marks_all_as_read(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    carol.open(slug)
    bob.say("one")
    carol.sees_stored("one")
    carol.act_on(carol.message("one"), "Mark as unread from here")
    expect(unread(carol, slug)).to_have_text("1")
    carol.page.keyboard.press("Escape")
    expect(unread(carol, slug)).to_have_count(0)
    wait_for(lambda: last_read(site, carol, slug) == 1, what="it to be read")


def test_a_muted_channel_counts_nothing(person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_in_a_channel_and_carol_elsewhere(person, unique)
    carol.open(slug)
    carol.button("Mute").click()
    expect(carol.button("Unmute")).to_be_visible()
    carol.open("public")
    wait_for_stream(carol.page)
    bob.say("one")
    bob.sees_stored("one")
    carol.open(slug)
    carol.sees("one")
    expect(unread(carol, slug)).to_have_count(0)


def bob_in_a_channel_and_carol_elsewhere(person: MakePerson, unique: Unique) -> tuple[Person, Person, str]:
    """Both are in the channel of that slug; Carol looks at #public."""
    slug = unique("news")
    bob, carol = person("bob").sign_up(into=slug), person("carol").sign_up(into=slug)
    carol.open("public")
    for someone in (bob, carol):
        wait_for_stream(someone.page)
    return bob, carol, slug


def is_on_the_icon_of(someone: Person, drawn: str) -> bool:
    return drawn in unquote(icon_of(someone))


def icon_of(someone: Person) -> str:
    return str(someone.page.locator("link[rel=icon]").evaluate("(link) => link.href"))


def the_phone_of(someone: Person, person: MakePerson) -> Person:
    """Another device of theirs, which shows #public."""
    phone = person("phone").be(someone)
    wait_for_stream(phone.page)
    return phone


def unread(someone: Person, slug: str) -> Locator:
    """The number beside a channel, when there is one to be seen."""
    return someone.sidebar.get_by_role("link", name=slug).locator(".place__count:visible")


def last_read(site: Site, someone: Person, slug: str) -> int:
    rows = site.rows(
        "SELECT last_read_seq FROM channels_app_membership AS membership "
        "JOIN accounts_user AS person ON person.id = membership.user_id "
        "JOIN channels_app_channel AS channel ON channel.id = membership.channel_id "
        "WHERE person.username = {} AND channel.slug = {}",
        someone.username,
        slug,
    )
    return int(rows[0][0])
