"""On a phone: the drawer, the menu, the keys, and nothing that scrolls sideways."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person

Unique = Callable[[str], str]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
NARROWEST: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
TOUCH: dict[str, Any] = {**PHONE, "has_touch": True, "is_mobile": True}

OUTSIDE_PAGES = ["/accounts/signup/", "/accounts/login/", "/nowhere/"]
INSIDE_PAGES = [
    "/channels/",
    "/channels/?q=nothing-is-called-this-way-and-nothing-ever-will-be-called-so",
    "/channels/create/",
    "/channels/search/",
    "/channels/public/members/",
    "/direct/",
    "/accounts/preferences/",
    "/accounts/logout/",
    "/nowhere/",
]

TOUCHED = "a, button, input:not([type=hidden]), textarea, select"
IN_TEXTS = "p:not(.timeline__older, .message__note), .message__body, .message__meta, .skip-link"


def test_the_drawer_opens_by_button_and_by_keyboard(person: MakePerson, unique: Unique) -> None:
    bob = person("bob", **PHONE).sign_up()
    opener = bob.button("Channels")
    expect(bob.sidebar).to_be_hidden()

    opener.click()
    expect(bob.sidebar).to_be_visible()
    bob.page.keyboard.press("Escape")
    expect(bob.sidebar).to_be_hidden()

    opener.focus()
    bob.page.keyboard.press("Enter")
    expect(bob.sidebar).to_be_visible()
    bob.page.keyboard.press("Escape")
    expect(bob.sidebar).to_be_hidden()
    expect(opener).to_be_focused()

    opener.click()
    bob.sidebar.get_by_role("button", name="Close").click()
    expect(bob.sidebar).to_be_hidden()

    opener.click()
    attic = unique("Attic")
    bob.create_channel(attic)
    expect(bob.sidebar).to_be_hidden()


def test_what_one_does_with_a_channel_is_in_a_menu(person: MakePerson) -> None:
    bob = person("bob", **PHONE).sign_up()
    expect(bob.button("Delete chat")).to_be_hidden()
    bob.button("More").click()
    bob.button("Delete chat").click()
    expect(bob.page.get_by_text("History cleared for you.")).to_be_visible()


def test_the_sheet_of_members_keeps_the_keys_until_it_is_closed(person: MakePerson) -> None:
    bob = person("bob", **PHONE).sign_up()
    bob.page.get_by_role("link", name=re.compile("member")).press("Enter")
    sheet = bob.page.get_by_role("complementary", name="Members")
    expect(sheet.get_by_role("listitem").first).to_be_visible()
    for _key in range(4):
        bob.page.keyboard.press("Tab")
        assert bob.page.evaluate("document.activeElement.closest('main, nav')") is None

    page = bob.page.get_by_role("main")
    bob.page.set_viewport_size({"width": 1440, "height": 900})
    expect(page).to_have_js_property("inert", False)
    bob.page.set_viewport_size({"width": 390, "height": 844})
    expect(page).to_have_js_property("inert", True)
    sheet.get_by_role("button", name="Close").click()
    expect(page).to_have_js_property("inert", False)
    expect(bob.page.get_by_role("link", name=re.compile("member"))).to_be_focused()


def test_on_touch_enter_breaks_the_line_and_the_button_sends(person: MakePerson, unique: Unique) -> None:
    bob = person("bob", **TOUCH).sign_up()
    bob.button("Channels").tap()
    bob.create_channel(unique("Touch"))
    bob.box.tap()
    bob.box.press_sequentially("one")
    bob.box.press("Enter")
    bob.box.press_sequentially("two")
    expect(bob.box).to_have_value("one\ntwo")
    bob.button("Send").tap()
    bob.sees_stored(re.compile(r"one\s*two"))


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_nothing_scrolls_sideways(person: MakePerson, unique: Unique, javascript: bool) -> None:
    bob = person("bob", **NARROWEST, java_script_enabled=javascript)
    bob.allow("status of 404")
    for path in OUTSIDE_PAGES:
        bob.page.goto(path)
        fits(bob)

    bob.sign_up()
    for path in INSIDE_PAGES:
        bob.page.goto(path)
        fits(bob)

    bob.page.goto("/channels/create/")
    long_name = f"{unique('a-channel')}-{'with-a-name-that-never-ends-' * 3}"[:60]
    bob.page.get_by_label("Channel name").fill(long_name)
    bob.page.get_by_label("Topic").fill("aTopicInOneWord" * 10)
    bob.button("Create").click()
    bob.is_in(long_name)
    fits(bob)
    for text in ("w" * 4_000, "هذه رسالة من اليمين إلى اليسار", "🎉", f"https://example.org/{'path' * 60}"):
        bob.say(text)
        expect(bob.message(text).locator("time")).not_to_have_text("sending")
        fits(bob)
    message_address = bob.message("w" * 4_000).get_by_role("link", name=re.compile(":")).get_attribute("href")
    for path in (f"{message_address}edit/", f"{message_address}delete/", "/channels/"):
        bob.page.goto(path)
        fits(bob)


def fits(someone: Person) -> None:
    """Nothing of the page is wider than the window, by what the browser can scroll to."""
    widths = someone.page.evaluate(
        "[document.documentElement, document.querySelector('main'), document.getElementById('timeline')]"
        ".filter(Boolean).map((element) => [element.scrollWidth, element.clientWidth])"
    )
    assert all(scrolled <= shown for scrolled, shown in widths), f"{someone.page.url} is too wide: {widths}"


def test_what_is_touched_is_44_pixels_wide_and_high(person: MakePerson, unique: Unique) -> None:
    bob = person("bob", **TOUCH)
    for path in OUTSIDE_PAGES[:2]:
        bob.page.goto(path)
        assert too_small(bob) == []
    bob.sign_up()
    for path in INSIDE_PAGES[:-1]:
        bob.page.goto(path)
        assert too_small(bob) == []

    bob.page.goto("/")
    bob.button("Channels").tap()
    assert too_small(bob) == []
    bob.sidebar.get_by_role("link", name="Jump to…").tap()
    expect(bob.page.get_by_role("option", name="public")).to_be_visible()
    assert too_small(bob) == []
    bob.page.get_by_role("dialog").get_by_role("button", name="Close").tap()
    expect(bob.button("Channels")).to_be_focused()
    bob.button("Channels").tap()
    bob.create_channel(unique("Touch"))
    bob.box.fill("under a finger")
    bob.button("Send").tap()
    bob.sees_stored("under a finger")
    press_long(bob, bob.message("under a finger"))
    assert too_small(bob) == []
    bob.message("under a finger").get_by_role("button", name="Edit").tap()
    expect(bob.page.get_by_label("Edited text")).to_be_focused()
    assert too_small(bob) == []
    bob.link("Cancel").tap()

    bob.button("More").tap()
    assert too_small(bob) == []
    bob.button("Delete chat").tap()
    expect(bob.button("Undo")).to_be_visible()
    assert too_small(bob) == []
    bob.page.locator("a.channel__members").tap()
    expect(bob.page.get_by_role("complementary", name="Members")).to_be_visible()
    assert too_small(bob) == []


def too_small(someone: Person) -> list[str]:
    """What is in sight to be touched and smaller than a fingertip; links in a text are as high as lines."""
    found: list[str] = someone.page.evaluate(
        """([touched, inTexts]) => [...document.querySelectorAll(touched)]
            .filter((element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }))
            .filter((element) => !element.closest(inTexts))
            .map((element) => (/checkbox|radio/.test(element.type) ? element.labels[0] : element))
            .map((element) => [element.outerHTML, element.getBoundingClientRect()])
            .filter(([, { width, height }]) => Math.min(width, height) < 43.9)
            .map(([html, { width, height }]) => `${html.slice(0, 120)}: ${width} x ${height}`)""",
        [TOUCHED, IN_TEXTS],
    )
    return found


def press_long(someone: Person, message: Locator) -> None:
    """Hold a finger on a message."""
    place = message.bounding_box()
    assert place is not None
    touch = someone.context.new_cdp_session(someone.page)
    points = [{"x": place["x"] + place["width"] / 2, "y": place["y"] + place["height"] / 2}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    expect(message.get_by_role("button", name="Edit")).to_have_css("opacity", "1")
    expect(message).to_have_class(re.compile("message--active"))
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
