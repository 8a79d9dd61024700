"""What is being read stays where it is, whatever comes above or below it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

PIXEL = 1.0  # what rounding may move


@dataclass(frozen=True, slots=True)
class History:
    """A channel at `address` in which `writer` said `texts`, whose names are `client_ids`."""

    writer: Visitor
    address: str
    texts: list[str]
    client_ids: list[UUID]


@pytest.fixture
def history(
    site: Site, visitor: Callable[[str], Visitor], unique: Callable[[str], str]
) -> Callable[[int], History]:
    """Makes a channel with so many stored messages."""

    def make(length: int) -> History:
        carol = visitor("carol")
        address = carol.create_channel(unique("history"))
        texts = [f"line {number:03}" for number in range(1, length + 1)]
        client_ids = [carol.say(address, text) for text in texts]
        slug = address.split("/")[2]
        wait_for(lambda: site.last_seq(slug) == length, what="all messages to be stored", timeout_s=30)
        return History(carol, address, texts, client_ids)

    return make


def test_new_messages_do_not_move_what_is_read(person: MakePerson, history: Callable[[int], History]) -> None:
    past = history(60)
    bob = person("bob").sign_up()
    bob.page.goto(past.address)
    expect(bob.messages.last).to_be_in_viewport()
    read = bob.message("line 030")
    read.scroll_into_view_if_needed()
    before = top_of(bob, read)

    past.writer.say(past.address, "news one")
    past.writer.say(past.address, "news two")
    newer = bob.button("↓ 2 new messages")
    expect(newer).to_be_visible()
    assert top_of(bob, read) == pytest.approx(before, abs=PIXEL)
    expect(bob.message("news two")).not_to_be_in_viewport()

    newer.click()
    expect(bob.message("news two")).to_be_in_viewport()
    expect(newer).to_be_hidden()


def test_at_the_end_new_messages_come_into_sight(
    person: MakePerson, history: Callable[[int], History]
) -> None:
    past = history(60)
    bob = person("bob").sign_up()
    bob.page.goto(past.address)
    expect(bob.messages.last).to_be_in_viewport()

    past.writer.say(past.address, "news")
    expect(bob.message("news")).to_be_in_viewport()


def test_older_messages_load_above_without_moving_what_is_read(
    person: MakePerson, history: Callable[[int], History]
) -> None:
    past = history(160)
    bob = person("bob").sign_up()
    held: list[Route] = []
    bob.page.route("**/messages/?before=*", lambda route: held.append(route))
    bob.page.goto(past.address)
    expect(bob.messages).to_have_count(50)

    read = bob.message("line 111")
    with bob.page.expect_request("**/messages/?before=*"):
        read.scroll_into_view_if_needed()
    before = top_of(bob, read)
    held.pop().continue_()
    expect(bob.messages).to_have_count(100)
    assert top_of(bob, read) == pytest.approx(before, abs=PIXEL)

    bob.page.unroute("**/messages/?before=*")
    for loaded in (150, 160):
        bob.messages.first.scroll_into_view_if_needed()
        expect(bob.messages).to_have_count(loaded)
    bob.sees(*past.texts)
    expect(bob.page.get_by_text("This is where the channel begins.")).to_be_attached()
    expect(bob.link("Older messages")).to_be_hidden()


def test_a_permalink_opens_at_its_message(person: MakePerson, history: Callable[[int], History]) -> None:
    past = history(120)
    bob = person("bob").sign_up()

    bob.page.goto(f"/messages/{past.client_ids[29]}/")
    expect(bob.message("line 030")).to_be_in_viewport()
    expect(bob.message("line 030")).to_be_focused()
    expect(bob.message("line 120")).to_have_count(0)

    bob.link("Jump to newest").click()
    expect(bob.message("line 120")).to_be_in_viewport()


def top_of(someone: Person, message: Locator) -> float:
    """Where `message` begins, in pixels from the top of the window, once scrolling has been noticed."""
    someone.pump()
    box = message.bounding_box()
    assert box is not None
    return box["y"]
