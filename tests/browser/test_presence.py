"""Who is here is shown beside their names, live, to whoever looks at them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Request, Route, expect

from tests.browser.conftest import MODES, MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.site import Site
from tests.visitor import Visitor

Unique = Callable[[str], str]

IDLE_AFTER_MS = 5 * 60 * 1000
LOOKED_AFTER_EVERY_MS = 10_000
SAY_WHAT_COMES = """import("chat/live").then(({ live }) =>
    live.addEventListener("presence", () => console.info("It came")))"""


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_members_come_go_and_rest_before_the_eyes_of_who_looks(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol = bob_and_carol_in(unique("faces"), person)
    carol.page.locator("a.channel__members").click()
    expect(state_of(carol, bob)).to_have_text("online")
    expect(state_of(carol, carol)).to_have_text("online")

    rest(bob)
    expect(state_of(carol, bob)).to_have_text("away")
    expect(mine(bob)).to_have_attribute("data-state", "away")
    bob.page.mouse.move(200, 200)
    expect(state_of(carol, bob)).to_have_text("online")
    expect(mine(bob)).to_have_attribute("data-state", "online")

    bob.page.goto("about:blank")
    expect(state_of(carol, bob)).to_have_text("offline")


def test_the_list_is_a_page_too_and_is_live_there(person: MakePerson, unique: Unique) -> None:
    slug = unique("page")
    bob, carol = bob_and_carol_in(slug, person)
    carol.page.goto(f"/channels/{slug}/members/")
    expect(state_of(carol, bob)).to_have_text("online")
    with carol.another_tab(f"/channels/{slug}/members/"):  # that hears what the first one knows
        expect(state_of(carol, bob)).to_have_text("online")
        rest(bob)
        expect(state_of(carol, bob)).to_have_text("away")


def test_the_aside_opens_and_closes_by_keyboard(person: MakePerson, unique: Unique) -> None:
    [bob] = [person("bob").sign_up()]
    bob.create_channel(unique("keys"))
    wait_for_stream(bob.page)
    link = bob.page.locator("a.channel__members")
    link.focus()
    bob.page.keyboard.press("Enter")
    aside = bob.page.get_by_role("complementary", name="Members")
    expect(aside.get_by_role("listitem")).to_have_count(1)
    expect(aside.get_by_role("heading", name="Members")).to_be_focused()
    bob.page.keyboard.press("Escape")
    expect(aside).to_have_count(0)
    expect(link).to_be_focused()


def test_who_switches_it_off_is_shown_as_nothing(person: MakePerson, unique: Unique) -> None:
    bob, carol = bob_and_carol_in(unique("hidden"), person)
    carol.page.locator("a.channel__members").click()
    expect(state_of(carol, bob)).to_have_text("online")

    bob.link("Preferences").click()
    bob.page.get_by_label("Show others whether I'm here").uncheck()
    bob.page.get_by_role("region", name="Presence").get_by_role("button", name="Save").click()
    expect(bob.page.get_by_text("Your preferences are saved.")).to_be_visible()
    expect(bob.page.get_by_role("button", name="Save", description="Presence")).to_be_focused()
    expect(mine(bob)).to_have_count(0)
    expect(state_of(carol, bob)).to_be_hidden()
    expect(state_of(carol, carol)).to_have_text("online")


def test_nothing_is_told_while_nothing_changes_and_nobody_is_looked_at(
    person: MakePerson, unique: Unique
) -> None:
    bob, _carol = bob_and_carol_in(unique("quiet"), person)
    told: list[Request] = []
    bob.page.on("request", lambda request: told.extend([request] if "/presence/" in request.url else []))
    bob.page.clock.fast_forward(LOOKED_AFTER_EVERY_MS * 2)
    bob.page.mouse.move(100, 100)
    bob.pump()
    assert told == []
    with bob.page.expect_request("**/presence/"):
        rest(bob)


def test_who_comes_and_goes_is_in_the_open_list_and_out_of_it(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    slug = unique("open")
    carol, dave, erin = person("carol").sign_up(), visitor("dave"), visitor("erin")
    carol.create_channel(slug)
    wait_for_stream(carol.page)
    carol.page.locator("a.channel__members").click()
    people = carol.page.get_by_role("complementary", name="Members").get_by_role("listitem")
    expect(people).to_have_count(1)
    with asks_nothing_of_members(carol):
        carol.say("not about members")
        carol.sees_stored("not about members")

    address = dave.create_channel(slug)
    expect(people).to_contain_text([carol.username, dave.username])
    expect(state_of(carol, carol)).to_have_text("online")
    expect(carol.page.locator("a.channel__members")).to_have_attribute("aria-expanded", "true")
    erin.create_channel(slug)
    dave.send(f"{address}unsubscribe/")
    expect(people).to_contain_text([carol.username, erin.username])
    expect(people).to_have_count(2)


@contextmanager
def asks_nothing_of_members(someone: Person) -> Iterator[None]:
    asked: list[str] = []
    someone.page.on(
        "request", lambda request: asked.extend([request.url] if "/members/" in request.url else [])
    )
    yield
    assert asked == []


def test_what_was_taken_without_an_answer_is_told_once_more(person: MakePerson, unique: Unique) -> None:
    bob, carol = bob_and_carol_in(unique("unanswered"), person)
    bob.allow("net::ERR_FAILED")
    bob.page.evaluate(SAY_WHAT_COMES)
    bob.page.route("**/presence/", take_and_lose, times=1)
    with bob.page.expect_event("requestfailed"):
        bob.page.locator("a.channel__members").click()
        expect(state_of(bob, carol)).to_have_text("online")
    with bob.page.expect_console_message(lambda message: message.text == "It came"):
        bob.page.clock.fast_forward(LOOKED_AFTER_EVERY_MS)

    told: list[Request] = []
    bob.page.on("request", lambda request: told.extend([request] if "/presence/" in request.url else []))
    for _look in range(3):
        bob.page.clock.fast_forward(LOOKED_AFTER_EVERY_MS)
        bob.pump()
    assert told == []


def take_and_lose(route: Route) -> None:
    route.fetch()
    route.abort()


def bob_and_carol_in(channel: str, person: MakePerson) -> tuple[Person, Person]:
    """Both have that channel open; Bob's clock can be moved."""
    bob, carol = person("bob"), person("carol")
    bob.page.clock.install()
    for someone in (bob, carol):
        someone.sign_up(into=channel)
        wait_for_stream(someone.page)
    return bob, carol


def rest(someone: Person) -> None:
    """Nobody touches anything for some minutes."""
    someone.page.clock.fast_forward(IDLE_AFTER_MS + LOOKED_AFTER_EVERY_MS)


def state_of(someone: Person, member: Person) -> Locator:
    """What `someone` sees of `member` in the list of members."""
    return someone.page.get_by_role("listitem").filter(has_text=f"@{member.username}").locator(".presence")


def mine(someone: Person) -> Locator:
    return someone.page.locator("#my-presence")
