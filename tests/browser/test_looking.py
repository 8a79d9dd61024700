"""What comes is read once somebody looks: at this window, this tab and the end of the channel."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.browser.test_unread import last_read, unread
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

Unique = Callable[[str], str]
Act = Callable[[Person], object]

LINES = 30  # more than there is room for

# The browser's part, which has no other windows here.
BLUR = "document.hasFocus = () => false; dispatchEvent(new Event('blur'))"
FOCUS = "delete document.hasFocus; dispatchEvent(new Event('focus'))"
HIDE = """
Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
document.dispatchEvent(new Event("visibilitychange"));
"""
SHOW = """
delete document.hidden;
document.dispatchEvent(new Event("visibilitychange"));
"""


def blur(someone: Person) -> None:
    someone.page.evaluate(BLUR)


def focus(someone: Person) -> None:
    someone.page.evaluate(FOCUS)


def hide(someone: Person) -> None:
    someone.page.evaluate(HIDE)


def show(someone: Person) -> None:
    """Bring the tab back; its window had the focus all the time, so that nothing but this is told."""
    someone.page.evaluate(SHOW)


def scroll_up(someone: Person) -> None:
    someone.messages.first.scroll_into_view_if_needed()


def go_to_the_end(someone: Person) -> None:
    someone.messages.last.scroll_into_view_if_needed()


@pytest.mark.parametrize(
    ("look_away", "look_again"),
    [
        pytest.param(blur, focus, id="blurred"),
        pytest.param(hide, show, id="hidden"),
        pytest.param(scroll_up, go_to_the_end, id="scrolled up"),
    ],
)
def test_what_nobody_looks_at_is_not_read(
    site: Site,
    person: MakePerson,
    visitor: Callable[[str], Visitor],
    unique: Unique,
    look_away: Act,
    look_again: Act,
) -> None:
    bob, carol, slug = visitor("bob"), person("carol").sign_up(), unique("looks")
    address = bob.create_channel(slug)
    for number in range(LINES):
        bob.say(address, f"line {number:02}")
    wait_for(lambda: site.stored_count(slug) == LINES, what="all to be stored")
    carol.create_channel(slug)
    wait_for_stream(carol.page)
    bob.say(address, "seen")
    expect(carol.messages.last).to_contain_text("seen")
    wait_for(lambda: last_read(site, carol, slug) == LINES + 1, what="it to be read")

    look_away(carol)
    with tells_nothing(carol):
        for number in (1, 2):
            bob.say(address, f"missed {number}")
            expect(carol.messages.last).to_contain_text(f"missed {number}")
            expect(unread(carol, slug)).to_have_text(str(number))
        carol.pump()
    assert last_read(site, carol, slug) == LINES + 1

    look_again(carol)
    expect(unread(carol, slug)).to_have_count(0)
    wait_for(lambda: last_read(site, carol, slug) == LINES + 3, what="all to be read")


@contextmanager
def tells_nothing(someone: Person) -> Iterator[None]:
    """Have their page tell the server of nothing read meanwhile."""
    told: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/read/"):
            told.append(request.url)

    someone.page.on("request", note)
    yield
    someone.page.remove_listener("request", note)
    assert told == []
