"""Two people, two languages, one channel; a page that reads from right to left; and the forms for numbers."""

import gettext
import re
from collections.abc import Callable

from playwright.sync_api import Browser, Locator, expect

from chatsite.languages import LANGUAGES
from messaging.context_processors import KINDS_OF_NUMBER, MOST_KINDS
from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.languages.catalogues import PLURAL_FORMS
from tests.visitor import Visitor

NUMBERS = [*range(201), 1_000, 1_000_000]
PHONE = {"width": 390, "height": 844}
ARABIC_NEWS = {
    1: "↓ رسالة جديدة واحدة",
    2: "↓ رسالتان جديدتان",
    3: "↓ 3 رسائل جديدة",
    11: "↓ 11 رسالة جديدة",
}
MORE_THAN_A_SCREEN = 40  # messages


def test_two_people_read_one_channel_each_in_their_language(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Callable[[str], str]
) -> None:
    slug = unique("babel")
    bob, carol, dave = person("bob").sign_up(), person("carol").sign_up(), visitor("dave")
    channel = dave.create_channel(slug)
    for number in range(MORE_THAN_A_SCREEN):
        dave.say(channel, f"Number {number}")
    bob.create_channel(slug)
    choose_language(carol, "العربية")
    carol.page.goto(channel)
    carol.page.get_by_role("button", name="انضمام").click()
    region = carol.page.get_by_role("log", name="الرسائل")

    # What comes on the stream is in the language of who hears it.
    bob.say("one")
    message = region.get_by_role("article").filter(has_text="one")
    message.hover()
    expect(message.get_by_role("button", name="تحديد كغير مقروء من هنا")).to_be_visible()
    expect(message.locator("time")).to_have_text(re.compile(r"^\d{1,2}:\d\d\s[صم]$"))
    bob.act_on(bob.message("one"), "Edit")
    bob.page.get_by_label("Edited text").fill("two")
    bob.page.get_by_label("Edited text").press("Enter")
    expect(region.get_by_role("article").filter(has_text="two")).to_contain_text("(معدَّلة)")
    expect(bob.message("two")).to_contain_text("(edited)")

    # Each number has its form.
    region.evaluate("(region) => (region.scrollTop = -region.scrollHeight)")
    news = carol.page.locator("#newer")
    said = 0
    for count, words in ARABIC_NEWS.items():
        for number in range(said, count):
            dave.say(channel, f"News {number}")
        said = count
        expect(news).to_have_text(words)

    reads_from_right_to_left(carol)


def choose_language(someone: Person, name: str) -> None:
    someone.page.goto("/accounts/preferences/")
    field = someone.page.get_by_label("Language")
    field.select_option(label=name)
    field.locator("xpath=ancestor::form").get_by_role("button", name="Save").click()
    expect(someone.page.locator("html")).to_have_attribute("lang", "ar")
    expect(someone.page.locator("html")).to_have_attribute("dir", "rtl")


def reads_from_right_to_left(carol: Person) -> None:
    """The sidebar begins the line, what is opened beside the messages ends it; on a phone it is a drawer."""
    page = carol.page
    sidebar, main = page.get_by_role("navigation", name="القنوات"), page.get_by_role("main")
    assert left_of(sidebar) > left_of(main)
    assert left_of(page.get_by_role("button", name="إرسال")) < left_of(
        page.get_by_role("textbox", name="الرسالة")
    )
    page.locator("a.channel__members").click()
    aside = page.get_by_role("complementary", name="الأعضاء")
    expect(aside.get_by_role("listitem").first).to_be_visible()
    assert left_of(aside) < left_of(main)
    aside.get_by_role("button", name="إغلاق").click()

    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("main").get_by_role("button", name="القنوات").click()
    expect(sidebar).to_be_visible()
    expect(sidebar).to_have_js_property("offsetLeft", PHONE["width"] - int(width_of(sidebar)))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def left_of(thing: Locator) -> float:
    box = thing.bounding_box()
    assert box is not None
    return box["x"]


def width_of(thing: Locator) -> float:
    box = thing.bounding_box()
    assert box is not None
    return box["width"]


def test_scripts_and_pages_use_the_same_form_for_every_number(chromium: Browser) -> None:
    page = chromium.new_page()
    for language, _name in LANGUAGES:
        kinds = KINDS_OF_NUMBER.get(language, MOST_KINDS)
        form_of = gettext.c2py(
            PLURAL_FORMS.get(language, "plural=(n != 1);").partition("plural=")[2].strip(" ;")
        )
        named = page.evaluate(
            "([language, numbers]) => numbers.map((n) => new Intl.PluralRules(language).select(n))",
            [language, NUMBERS],
        )
        for number, kind in zip(NUMBERS, named, strict=True):
            assert form_of(kinds.get(kind, kinds["other"])) == form_of(number), (language, number)
    page.close()
