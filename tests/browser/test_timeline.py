"""What a timeline shows of a message, and when: heading, time and actions; whether it is new, or stored."""

from collections.abc import Callable

from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.test_live import wait_for_stream
from tests.visitor import Visitor

Unique = Callable[[str], str]


def test_a_message_shows_what_is_wanted_of_it_when_it_is_wanted(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    bob, maker = person("bob").sign_up(), visitor("maker")
    slug = unique("manners")
    address = maker.create_channel(slug)
    for text in ("first", "second"):
        maker.say(address, text)
    bob.create_channel(slug)
    bob.sees_stored("first", "second")
    bob.say("mine")
    bob.say("mine too")
    bob.sees_stored("first", "second", "mine", "mine too")

    heading, grouped = bob.message("first"), bob.message("second")
    expect(bob.timeline.get_by_text("Today", exact=True)).to_have_count(1)
    expect(time_of(heading)).to_have_css("opacity", "1")
    expect(time_of(grouped)).to_have_css("opacity", "0")
    expect(tools_of(grouped)).to_have_css("opacity", "0")
    grouped.hover()
    expect(time_of(grouped)).to_have_css("opacity", "1")
    expect(tools_of(grouped)).to_have_css("opacity", "1")
    bob.box.hover()
    expect(time_of(grouped)).to_have_css("opacity", "0")
    bob.message("mine too").get_by_role("button", name="Edit").focus()
    expect(time_of(bob.message("mine too"))).to_have_css("opacity", "1")
    expect(tools_of(bob.message("mine too"))).to_have_css("opacity", "1")

    # Politely, as a log does; but nobody is told what they said themselves.
    expect(bob.timeline).not_to_have_attribute("aria-live", "off")
    expect(bob.message("mine too")).to_have_attribute("aria-live", "off")
    maker.say(address, "third")
    expect(bob.message("third")).not_to_have_attribute("aria-live", "off")


def test_what_comes_while_nobody_looks_begins_under_a_line_with_its_author(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    bob, maker = person("bob").sign_up(), visitor("maker")
    slug = unique("away")
    address = maker.create_channel(slug)
    maker.say(address, "before")
    bob.create_channel(slug)
    bob.sees_stored("before")
    wait_for_stream(bob.page)
    line = bob.timeline.get_by_text("New", exact=True)
    bob.page.evaluate("document.hasFocus = () => false")  # a window without a screen never loses it
    for text in ("after", "and then"):
        maker.say(address, text)
    bob.sees_stored("before", "after", "and then")
    expect(line).to_have_count(1)
    expect(bob.message("after")).not_to_contain_class("message--grouped")
    expect(bob.message("and then")).to_contain_class("message--grouped")

    bob.page.evaluate(
        "delete document.hasFocus; for (const name of ['focus', 'blur']) dispatchEvent(new Event(name))"
    )
    expect(line).to_have_count(0)
    expect(bob.message("after")).to_contain_class("message--grouped")


def test_a_message_is_dimmed_until_it_is_stored(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up(into=unique("dim"))
    bob.say("stored")
    bob.sees_stored("stored")
    held: list[Route] = []
    bob.page.route("**/messages/", lambda route: held.append(route), times=1)
    with bob.page.expect_request("**/messages/"):
        bob.say("on its way")
    expect(bob.message("on its way")).to_be_in_viewport()
    expect(time_of(bob.message("on its way"))).to_have_text("sending")
    assert colour_of(bob.message("on its way")) != colour_of(bob.message("stored"))
    held.pop().continue_()
    bob.sees_stored("stored", "on its way")
    assert colour_of(bob.message("on its way")) == colour_of(bob.message("stored"))


def test_the_box_grows_with_its_text_to_two_fifths_of_the_window(person: MakePerson) -> None:
    bob = person("bob", viewport={"width": 1200, "height": 800}).sign_up()
    low = height_of(bob.box)
    bob.box.fill("one\ntwo\nthree\nfour")
    middle = height_of(bob.box)
    bob.box.fill("line\n" * 100)
    high = height_of(bob.box)
    assert low < middle < high
    assert abs(high - 0.4 * 800) < 2
    expect(bob.button("Send")).to_be_in_viewport()
    bob.box.fill("")
    assert height_of(bob.box) == low


def time_of(message: Locator) -> Locator:
    return message.locator(".message__when")


def tools_of(message: Locator) -> Locator:
    return message.locator(".message__tools")


def colour_of(message: Locator) -> str:
    return str(message.locator(".message__body").evaluate("(body) => getComputedStyle(body).color"))


def height_of(box: Locator) -> float:
    place = box.bounding_box()
    assert place is not None
    return place["height"]
