"""The main job by the keys alone, what shows where they are, and what a screen reader has of the timeline."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.visitor import PASSWORD, Visitor

Unique = Callable[[str], str]

MOST_KEYS = 60  # from anywhere on a page to anywhere else
TIMELINE = """
- log "Messages":
  - heading "{slug}" [level=2]
  - paragraph: This is where the channel begins.
  - text: Today
  - article:
    - link "{other}":
      - /url: /people/{other}/
    - link /^\\d\\d:\\d\\d$/:
      - /url: /^/messages/.+/$/
      - time: /^\\d\\d:\\d\\d$/
    - text: Soup at noon?
    - button "Mark as unread from here"
  - article:
    - link "{me}":
      - /url: /people/{me}/
    - link /^\\d\\d:\\d\\d$/:
      - /url: /^/messages/.+/$/
      - time: /^\\d\\d:\\d\\d$/
    - text: I am in.
    - button "Mark as unread from here"
    - button "Edit"
    - button "Delete"
"""
# What has the focus, in words, and whether it or the box around it shows that, by an outline or by a light.
FOCUSED = """() => {
    const element = document.activeElement;
    const isForced = matchMedia("(forced-colors: active)").matches;
    const shows = ({ outlineStyle, outlineWidth, outlineColor, boxShadow }) => {
        const isOutlined = outlineStyle !== "none" && outlineWidth !== "0px" && !/, 0\\)$/.test(outlineColor);
        return isOutlined || (!isForced && boxShadow !== "none");
    };
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const isInSight = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
    const around = element.closest(".composer__box");
    return {
        name: element.cloneNode().outerHTML.slice(0, 120),
        isPage: element === document.body,
        isSeen: isInSight && [element, around].some((one) => one && shows(getComputedStyle(one))),
    };
}"""


def test_the_main_job_needs_no_mouse(person: MakePerson, unique: Unique) -> None:
    bob = person("bob")
    keys, garden = bob.page.keyboard, unique("garden")
    bob.page.goto("/accounts/signup/")
    go_to(bob, bob.page.get_by_label("Username"))
    keys.type(bob.username)
    go_to(bob, bob.page.get_by_label("Password"))
    keys.type(PASSWORD)
    keys.press("Enter")
    bob.is_in("public")

    go_to(bob, bob.link("Create a channel"))
    keys.press("Enter")
    go_to(bob, bob.page.get_by_label("Channel name"))
    keys.type(garden)
    keys.press("Enter")
    bob.is_in(garden)

    go_to(bob, bob.box)
    for text in ("Soup at non", "Not for everybody"):
        keys.type(text)
        keys.press("Enter")
    bob.sees_stored("Soup at non", "Not for everybody")
    go_to(bob, bob.message("Not for everybody").get_by_role("button", name="Delete"), "Shift+Tab")
    keys.press("Enter")
    dialog = bob.page.get_by_role("dialog", name="Delete this message?")
    go_to(bob, dialog.get_by_role("button", name="Delete"))
    keys.press("Enter")
    bob.sees_stored("Soup at non")

    go_to(bob, bob.box)
    keys.press("ArrowUp")
    expect(bob.page.get_by_label("Edited text")).to_be_focused()
    keys.press("Backspace")
    keys.type("on")
    keys.press("Enter")
    bob.sees(re.compile(r"Soup at noon\s+\(edited\)"))

    go_to(bob, bob.button("Delete chat"), "Shift+Tab")
    keys.press("Enter")
    bob.sees()
    go_to(bob, bob.button("Undo"))
    keys.press("Enter")
    bob.sees("Soup at noon")

    keys.press("Control+k")
    keys.type("publ")
    expect(bob.page.get_by_role("option", selected=True)).to_contain_text("public")
    keys.press("Enter")
    bob.is_in("public")
    keys.press("Control+k")
    keys.type(garden)
    expect(bob.page.get_by_role("option", selected=True)).to_contain_text(garden)
    keys.press("Enter")
    bob.is_in(garden)
    go_to(bob, bob.button("Unsubscribe"))
    keys.press("Enter")
    go_to(bob, bob.button("Join"))
    keys.press("Enter")
    expect(bob.box).to_be_visible()

    go_to(bob, bob.button("Log out"))
    keys.press("Enter")
    expect(bob.button("Log in")).to_be_visible()


def test_one_sees_where_the_keys_are_also_in_forced_colours(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up(into=unique("keys"))
    bob.say("Soup at noon?")
    bob.sees_stored("Soup at noon?")
    places = [bob.page.url, "/channels/", "/accounts/preferences/", "/accounts/logout/"]

    unseen = []
    colours: Any
    for colours in ("none", "active"):
        bob.page.emulate_media(forced_colors=colours)
        for place in places:
            bob.page.goto(place)
            unseen += [f"{place}, {colours}: {stop}" for stop in stops(bob) if not stop["isSeen"]]

    assert unseen == []


def test_the_timeline_is_a_log_of_articles_with_who_and_when(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    carol, slug = visitor("carol"), unique("tree")
    carol.say(carol.create_channel(slug), "Soup at noon?")
    bob = person("bob").sign_up(into=slug)
    bob.say("I am in.")
    bob.sees_stored("Soup at noon?", "I am in.")

    expect(bob.page.get_by_role("main")).to_match_aria_snapshot(
        f"""
- main:
  - heading "{slug}" [level=1]
  - link "2 members"
  - button "Mute"
  - button "Notify me"
  - button "Unsubscribe"
  - button "Delete chat"
  - log "Messages"
  - textbox "Message"
  - button "Send"
"""
    )
    expect(bob.timeline).to_match_aria_snapshot(
        TIMELINE.format(slug=slug, me=bob.username, other=carol.username)
    )


def go_to(someone: Person, target: Locator, key: str = "Tab") -> None:
    """Press `key` until `target` has the focus."""
    expect(target).to_be_visible()
    for _pressed in range(MOST_KEYS):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        someone.page.keyboard.press(key)
    expect(target).to_be_focused()


def stops(someone: Person) -> list[Any]:
    """What gets the focus, one after the other, from the beginning of the page to its end."""
    found: list[Any] = []
    for _pressed in range(MOST_KEYS):
        someone.page.keyboard.press("Tab")
        stop = someone.page.evaluate(FOCUSED)
        if found and (stop["isPage"] or stop["name"] == found[0]["name"]):
            return found
        found.append(stop)
    raise AssertionError(f"more than {MOST_KEYS} stops: {found}")
