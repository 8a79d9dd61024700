"""What is being read stays where it is, whatever comes above or below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import APIResponse, Locator, Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

PIXEL = 1.0  # what rounding may move
MOST_KEPT = 500  # messages in the page
PAGE = 50  # messages
VERSIONS_TOLD = 500  # to who missed them; who missed more starts over
FEW = 200  # messages: more are stored past the queue, as a history is
LONG = MOST_KEPT + 4 * PAGE  # messages, so that there is something beyond either end of what is kept
COUNT_MESSAGES = """
    most = 0;
    const count = () => (most = Math.max(most, document.querySelectorAll("#messages > .message").length));
    new MutationObserver(count).observe(document.getElementById("messages"), { childList: true });
"""


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
        if length > FEW:
            return History(carol, address, texts, say_all(site, carol, address, texts))
        client_ids = [carol.say(address, text) for text in texts]
        slug = slug_of(address)
        wait_for(lambda: site.last_seq(slug) == length, what="all messages to be stored", timeout_s=30)
        return History(carol, address, texts, client_ids)

    return make


def say_all(site: Site, someone: Visitor, address: str, texts: Sequence[str]) -> list[UUID]:
    """Have `someone` say all of it in no time; returns the names of the messages."""
    client_ids = [uuid4() for _text in texts]
    said = [(str(client_id), text) for client_id, text in zip(client_ids, texts, strict=True)]
    site.manage(
        "shell",
        given=f"""
from uuid import UUID
from django.utils import timezone
from accounts.models import User
from channels_app.models import Channel
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.load import load
channel = Channel.objects.get(slug={slug_of(address)!r})
author = User.objects.get(username={someone.username!r})
now = timezone.now()
list(load(Envelope(UUID(name), channel.pk, author.pk, text, now) for name, text in {said!r}))
""",
    )
    return client_ids


def slug_of(address: str) -> str:
    return address.split("/")[2]


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


def test_a_long_history_is_read_up_and_down_with_a_bounded_part_of_it_in_the_page(
    person: MakePerson, history: Callable[[int], History]
) -> None:
    past = history(LONG)
    bob = person("bob").sign_up()
    bob.page.goto(past.address)
    bob.page.evaluate(COUNT_MESSAGES)
    expect(bob.messages.last).to_be_in_viewport()

    scroll_until(bob, past.texts[0], bob.messages.first)
    expect(bob.messages).to_have_count(MOST_KEPT)
    expect(bob.link("Jump to newest")).to_be_visible()
    past.writer.say(past.address, "said meanwhile")
    scroll_until(bob, "said meanwhile", bob.messages.last)
    expect(bob.messages).to_have_count(MOST_KEPT)
    expect(bob.link("Jump to newest")).to_be_hidden()
    bob.sees(*past.texts[1 - MOST_KEPT :], "said meanwhile")
    assert bob.page.evaluate("most") <= MOST_KEPT + PAGE

    bob.page.evaluate("document.getElementById('timeline').scrollTop = 0")
    past.writer.say(past.address, "and now")
    expect(bob.message("and now")).to_be_in_viewport()


def test_what_is_said_while_newer_messages_load_is_not_missed(
    person: MakePerson, history: Callable[[int], History]
) -> None:
    past = history(80)
    bob = person("bob").sign_up()
    loading: list[tuple[Route, APIResponse]] = []
    bob.page.route("**/messages/?after=*", lambda route: loading.append((route, route.fetch())))
    bob.page.goto(f"{past.address}?before=41")
    wait_for(partial(has_come, bob, loading), what="newer messages to be read from the database")

    past.writer.say(past.address, "said meanwhile")
    asking: list[Route] = []
    bob.page.route("**/changes/?after=81", lambda route: asking.append(route))
    asks = "asks = setInterval(() => dispatchEvent(new Event('online')), 50)"
    bob.page.evaluate(asks)
    wait_for(partial(has_come, bob, asking), what="a question about what came after it")
    bob.page.evaluate("clearInterval(asks)")

    [(route, newer)] = loading
    route.fulfill(response=newer)
    expect(bob.message("line 080")).to_have_count(1)
    bob.page.unroute("**/changes/?after=81")
    asking[0].continue_()
    expect(bob.message("said meanwhile")).to_have_count(1)


def test_what_changed_far_behind_is_changed_on_a_page_of_older_messages(
    site: Site, person: MakePerson, history: Callable[[int], History]
) -> None:
    past = history(120)
    bob = person("bob").sign_up()
    bob.page.goto(f"/messages/{past.client_ids[29]}/")
    expect(bob.message("line 030")).to_be_in_viewport()
    bob.allow("net::ERR_")
    bob.context.set_offline(True)
    past.writer.send(f"/messages/{past.client_ids[30]}/delete/")
    past.writer.send(f"/messages/{past.client_ids[28]}/edit/", text="put otherwise")
    say_all(site, past.writer, past.address, [f"more {number}" for number in range(VERSIONS_TOLD)])

    bob.context.set_offline(False)
    expect(bob.message("line 031")).to_have_count(0)
    bob.timeline.evaluate("(region) => region.scrollTo(0, -region.scrollHeight)")
    expect(bob.message("put otherwise")).to_have_count(1)
    expect(bob.message("line 029")).to_have_count(0)


def test_a_permalink_opens_at_its_message(person: MakePerson, history: Callable[[int], History]) -> None:
    past = history(120)
    bob = person("bob").sign_up()

    bob.page.goto(f"/messages/{past.client_ids[29]}/")
    expect(bob.message("line 030")).to_be_in_viewport()
    expect(bob.message("line 030")).to_be_focused()
    expect(bob.message("line 120")).to_have_count(0)

    bob.link("Jump to newest").click()
    expect(bob.message("line 120")).to_be_in_viewport()


def scroll_until(someone: Person, text: str, outermost: Locator) -> None:
    """Scroll to the message at that end of the page, again and again, until it is the one with `text`."""

    def is_there() -> bool:
        outermost.scroll_into_view_if_needed()
        someone.pump()
        return text in outermost.inner_text()

    wait_for(is_there, what=text, timeout_s=30)


def has_come(someone: Person, requests: Sequence[object]) -> bool:
    """Whether the page has made one; the handlers that take them run while it is asked something."""
    someone.pump()
    return bool(requests)


def top_of(someone: Person, message: Locator) -> float:
    """Where `message` begins, in pixels from the top of the window, once scrolling has been noticed."""
    someone.pump()
    box = message.bounding_box()
    assert box is not None
    return box["y"]
