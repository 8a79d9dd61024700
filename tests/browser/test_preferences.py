"""Preferences in the browser: the square of a picture, the theme, the zone, and what Enter does."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.pictures import BLUE, GREEN, RED, file_of, striped

Unique = Callable[[str], str]

TOUCH: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NEARLY = 40  # of 255: WebP does not keep every pixel as it was


def section(someone: Person, name: str) -> Locator:
    return someone.page.get_by_role("region", name=name)


def save(someone: Person, name: str) -> None:
    """Press Save in a section; the page that comes says so and has the focus where it was."""
    button = section(someone, name).get_by_role("button", name="Save")
    button.click()
    expect(someone.page.get_by_text(re.compile("(is|are) saved"))).to_be_visible()
    expect(button).to_be_focused()


def pick(someone: Person, content: bytes, name: str = "me.png", kind: str = "image/png") -> None:
    field = someone.page.get_by_label("A new picture")
    field.set_input_files({"name": name, "mimeType": kind, "buffer": content})


def middle_of(someone: Person, address: str) -> tuple[int, ...]:
    """The colour in the middle of the picture at `address`."""
    response = someone.page.request.get(address)
    assert response.headers["content-type"] == "image/webp"
    pixel = Image.open(BytesIO(response.body())).convert("RGB").getpixel((48, 48))
    assert isinstance(pixel, tuple)
    return pixel


def is_like(colour: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < NEARLY for a, b in zip(colour, other, strict=True))


def test_the_square_of_a_picture_is_chosen_by_pointer_by_keys_and_by_slider(
    person: MakePerson, unique: Unique
) -> None:
    bob = person("bob").sign_up()
    bob.create_channel(unique("Gallery"))
    channel = bob.page.url
    bob.say("hello")
    bob.sees_stored("hello")
    bob.page.goto("/accounts/preferences/")
    canvas = bob.page.get_by_role("application", name="The part of the picture that is shown")
    expect(canvas).to_be_hidden()
    mine = bob.sidebar.locator(".avatar img")
    avatar = section(bob, "Picture").locator(".avatar img")

    def chosen() -> tuple[int, ...]:
        """Save, and look at what is shown then."""
        save(bob, "Picture")
        address = mine.get_attribute("src")
        assert address is not None
        return middle_of(bob, address)

    # Without a choice the middle.
    pick(bob, file_of(striped(900, 300)))
    expect(canvas).to_be_visible()
    assert is_like(chosen(), GREEN)
    expect(avatar).to_have_js_property("naturalWidth", 192)

    # By the keys: left until the edge.
    pick(bob, file_of(striped(900, 300)))
    expect(canvas).to_be_visible()
    canvas.focus()
    for _press in range(12):
        bob.page.keyboard.press("Shift+ArrowLeft")
    assert is_like(chosen(), RED)

    # By the pointer: the picture is dragged to the left, so that its right side is shown.
    pick(bob, file_of(striped(900, 300)))
    expect(canvas).to_be_visible()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    bob.page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 50)
    bob.page.mouse.down()
    bob.page.mouse.move(box["x"] - 2 * box["width"], box["y"] + 50, steps=4)
    bob.page.mouse.up()
    assert is_like(chosen(), BLUE)

    # By the slider: with a third of it in sight the left third alone.
    bob.page.get_by_label("A new picture").scroll_into_view_if_needed()
    pick(bob, file_of(striped(300, 300)))
    expect(canvas).to_be_visible()
    bob.page.get_by_label("Zoom").fill("4")
    canvas.focus()
    for _press in range(20):
        bob.page.keyboard.press("Shift+ArrowLeft")
    assert is_like(chosen(), RED)

    # What can't be a picture is said before it is sent, and takes nothing away.
    pick(bob, b"<svg></svg>", "me.svg", "image/svg+xml")
    expect(bob.page.get_by_role("alert").filter(has_text="no picture")).to_be_visible()
    expect(canvas).to_be_hidden()
    pick(bob, bytes(6 << 20))
    expect(bob.page.get_by_role("alert").filter(has_text="too large")).to_be_visible()
    address = mine.get_attribute("src")

    # It is beside what was said before, and beside what is being sent.
    bob.page.goto(channel)
    expect(bob.message("hello").locator(".avatar img")).to_have_attribute("src", str(address))
    bob.say("and now")
    expect(bob.message("and now").locator(".avatar img")).to_have_attribute("src", str(address))
    bob.sees_stored("hello", "and now")

    bob.page.goto("/accounts/preferences/")
    section(bob, "Picture").get_by_role("button", name="Remove").click()
    expect(bob.page.get_by_text("Your picture is removed.")).to_be_visible()
    expect(mine).to_have_count(0)


def test_theme_and_zone_are_on_the_page_at_once(person: MakePerson, unique: Unique) -> None:
    bob = person("bob", color_scheme="light", timezone_id="Europe/Berlin").sign_up()
    bob.create_channel(unique("Clock"))
    channel = bob.page.url
    bob.say("hello")
    bob.sees_stored("hello")
    moment = bob.message("hello").locator("time")

    def clock() -> tuple[int, int]:
        hours, minutes = moment.inner_text().split(":")
        return int(hours), int(minutes)

    def ground() -> str:
        return str(bob.page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    hours, minutes = clock()
    light = ground()
    bob.page.goto("/accounts/preferences/")

    bob.page.get_by_label("Dark").check()
    bob.page.get_by_label("Time zone").fill("kolkata")
    save(bob, "Appearance")

    expect(bob.page.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    assert ground() != light
    bob.page.goto(channel)
    there_hours, there_minutes = clock()
    ahead = (there_hours * 60 + there_minutes - hours * 60 - minutes) % (24 * 60)
    assert ahead in (210, 270)  # 3:30 in summer, 4:30 in winter
    bob.page.goto("/accounts/preferences/")
    bob.page.get_by_label("As the system").check()
    bob.page.get_by_label("Time zone").fill("Atlantis")
    bob.allow("status of 422")
    section(bob, "Appearance").get_by_role("button", name="Save").click()
    expect(bob.page.get_by_text("No time zone is called that.")).to_be_visible()
    expect(bob.page.get_by_label("Time zone")).to_be_focused()
    bob.page.get_by_label("Time zone").fill("")
    save(bob, "Appearance")
    assert ground() == light
    bob.page.goto(channel)
    assert clock() == (hours, minutes)


def test_enter_does_what_was_chosen_on_a_desk_and_on_touch(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    bob.page.goto("/accounts/preferences/")
    bob.page.get_by_label("Always begin a new line").check()
    save(bob, "Writing")
    bob.create_channel(unique("Desk"))
    bob.box.press_sequentially("one")
    bob.box.press("Enter")
    bob.box.press_sequentially("two")
    expect(bob.box).to_have_value("one\ntwo")
    bob.box.press("Control+Enter")
    bob.sees_stored(re.compile(r"one\s*two"))

    carol = person("carol", **TOUCH).sign_up()
    carol.page.goto("/accounts/preferences/")
    carol.page.get_by_label("Always send").check()
    save(carol, "Writing")
    carol.button("Channels").tap()
    carol.create_channel(unique("Touch"))
    carol.box.tap()
    carol.box.press_sequentially("three")
    carol.box.press("Enter")
    carol.sees_stored("three")
