"""The keys: the switcher, the way from channel to channel, and the sheet that says which keys there are."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.site import Site
from tests.visitor import Visitor

Unique = Callable[[str], str]

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
OFFERED = 200  # channels, without a search for what was typed


def test_the_switcher_finds_channels_by_what_is_typed(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    maker, mark = visitor("maker"), unique("q").upper()
    theirs = ["Café", "مكتب التصميم", "设计团队", "Straße", "late-designs"]
    addresses = {name: maker.create_channel(f"{name} {mark}") for name in theirs}
    bob = person("bob").sign_up()
    for name in (f"redesign {mark}", f"design-team {mark}", f"news {mark}"):
        bob.create_channel(name)
    maker.say(maker.create_channel(f"redesign {mark}"), "to be read")
    unread = bob.sidebar.get_by_role("link", name=f"redesign {mark}")
    expect(unread).to_contain_text("1")

    bob.page.keyboard.press("Control+k")
    expect(field(bob)).to_be_focused()
    expect(chosen(bob)).to_have_accessible_name(f"redesign {mark} 1 unread")
    for typed, found in {
        f"DESIGN {mark}": ["design-team", "late-designs", "redesign"],  # its beginning, a word, within
        f"dt {mark}": ["design-team"],
        f"dsgntm {mark}": ["design-team"],
        f"cafe {mark}": ["Café"],
        f"strasse {mark}": ["Straße"],
        f"团队 {mark}": ["设计团队"],
        f"التَّصميم {mark}": ["مكتب التصميم"],
        f"#news {mark}": ["news"],
    }.items():
        field(bob).fill(typed)
        expect(options(bob)).to_contain_text([f"{name} {mark}" for name in found])

    field(bob).fill(f"nothing is called {mark}")
    expect(dialog(bob).get_by_text("Nothing and nobody is called like that.")).to_be_visible()
    field(bob).press("Enter")
    field(bob).fill(f"e {mark}")
    field(bob).press("ArrowUp")
    expect(options(bob).last).to_have_attribute("aria-selected", "true")
    field(bob).press("ArrowDown")
    expect(options(bob).first).to_have_attribute("aria-selected", "true")
    field(bob).press("Escape")
    expect(dialog(bob)).to_be_hidden()
    expect(bob.box).to_be_focused()

    bob.sidebar.get_by_role("link", name="Jump to…").click()
    field(bob).fill(f"cafe {mark}")
    expect(chosen(bob)).to_contain_text("Café")
    with bob.context.expect_page() as opened:
        field(bob).press("Control+Enter")
    expect(opened.value).to_have_url(re.compile(re.escape(addresses["Café"])))
    opened.value.close()
    bob.is_in(f"news {mark}")
    bob.page.keyboard.press("Control+k")
    field(bob).fill(f"cafe {mark}")
    expect(chosen(bob)).to_contain_text("not joined")
    field(bob).press("Enter")
    bob.is_in(f"Café {mark}")
    expect(dialog(bob)).to_be_hidden()


def test_what_is_typed_before_the_switcher_has_its_script_is_searched_for(
    person: MakePerson, unique: Unique
) -> None:
    bob, name = person("bob").sign_up(), unique("typed-early")
    bob.create_channel(name)
    bob.page.goto("/")
    scripts: list[Route] = []
    bob.page.route("**/js/jump.*", lambda route: scripts.append(route))

    with bob.page.expect_request("**/js/jump.*"):
        bob.page.keyboard.press("Control+k")
    bob.page.keyboard.type(name)
    expect(bob.box).to_have_value("")
    expect(field(bob)).to_have_value(name)
    scripts.pop().continue_()
    expect(chosen(bob)).to_contain_text(name)


def test_of_very_many_channels_the_server_is_asked_for_what_is_typed(
    site: Site, person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    far = unique("zz-far-away")
    visitor("maker").create_channel(far)
    bob = person("bob").sign_up()
    with many_channels(site):
        bob.page.keyboard.press("Control+k")
        expect(options(bob).filter(has_text="0-filler-001")).to_be_visible()
        field(bob).press_sequentially(far)
        expect(chosen(bob)).to_contain_text(far)
        field(bob).press("Enter")
        bob.is_in(far)


def test_keys_lead_from_channel_to_channel(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    bob, maker = person("bob").sign_up(), visitor("maker")
    first, second, third = unique("a"), unique("b"), unique("c")
    for name in (first, second, third):
        bob.create_channel(name)

    for keys, place in (
        ("Alt+ArrowDown", "public"),
        ("Alt+ArrowUp", third),
        ("Alt+ArrowUp", second),
        ("Alt+ArrowDown", third),
    ):
        bob.page.keyboard.press(keys)
        bob.is_in(place)
    maker.say(maker.create_channel(first), "to be read")
    expect(bob.sidebar.get_by_role("link", name=first)).to_contain_text("1 unread")
    bob.page.keyboard.press("Alt+Shift+ArrowDown")
    bob.is_in(first)
    bob.sees_stored("to be read")

    bob.say("mine")
    bob.sees_stored("to be read", "mine")
    bob.box.press("ArrowUp")
    edited = bob.page.get_by_label("Edited text")
    expect(edited).to_have_value("mine")
    expect(edited).to_be_focused()  # what is filled in before would meet the caret on its way
    edited.fill("mine, better")
    edited.press("Alt+ArrowUp")
    bob.pump()
    expect(edited).to_have_value("mine, better")
    edited.press("Escape")
    expect(bob.box).to_be_focused()
    bob.page.keyboard.press("Alt+ArrowUp")
    bob.is_in("public")
    expect(edited).to_have_count(0)


def test_the_sheet_says_which_keys_there_are(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    wait_for_stream(bob.page)
    sheet = bob.page.get_by_role("dialog", name="Keyboard shortcuts")
    bob.box.press_sequentially("really?")
    expect(bob.box).to_have_value("really?")
    expect(sheet).to_be_hidden()
    press_while_composing(bob, "k", ctrlKey=True)
    press_while_composing(bob, "Escape")
    expect(dialog(bob)).to_be_hidden()

    bob.timeline.focus()
    bob.page.keyboard.press("Shift+?")
    expect(sheet).to_be_visible()
    expect(sheet.locator("div", has_text="Jump to a channel").get_by_role("definition")).to_have_text(
        "Ctrl K"
    )
    bob.page.keyboard.press("Alt+ArrowDown")
    bob.page.keyboard.press("Control+k")
    expect(dialog(bob)).to_be_hidden()
    bob.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(bob.timeline).to_be_focused()

    members = bob.page.get_by_role("complementary", name="Members")
    bob.page.get_by_role("link", name=re.compile("member")).click()
    expect(members).to_be_visible()
    bob.box.press("Escape")
    expect(members).to_have_count(0)

    bob.link("Preferences").click()
    bob.button("Keyboard shortcuts").click()
    expect(sheet.get_by_text("Send the message")).to_be_visible()
    sheet.get_by_role("button", name="Close").click()
    expect(bob.button("Keyboard shortcuts")).to_be_focused()
    bob.page.get_by_label("Always begin a new line").check()
    bob.page.get_by_role("button", name="Save", description="Writing").click()
    expect(bob.page.get_by_text("Your preferences are saved.")).to_be_visible()
    bob.page.keyboard.press("Shift+?")
    expect(sheet.get_by_text("Begin a new line")).to_be_hidden()
    expect(keys_for(sheet, "Send it, also where Enter begins a new line")).to_have_text("Ctrl Enter")


def test_on_a_mac_they_are_those_of_a_mac(person: MakePerson, unique: Unique) -> None:
    bob = person("bob", user_agent=MAC).sign_up(into=unique("mac"))
    expect(bob.sidebar.get_by_role("link", name="Jump to…")).to_contain_text("⌘ K")
    bob.page.keyboard.press("Control+k")
    expect(dialog(bob)).to_be_hidden()
    bob.page.keyboard.press("Meta+k")
    dialog(bob).get_by_role("button", name="Keyboard shortcuts").click()
    sheet = bob.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys_for(sheet, "Unread channel above")).to_have_text("⌥ ⇧ ↑")
    bob.page.keyboard.press("Escape")

    bob.box.fill("two words")
    bob.box.press("Alt+ArrowUp")  # to the beginning of the text
    bob.pump()
    expect(bob.box).to_have_value("two words")
    bob.box.fill("")
    bob.box.press("Alt+ArrowUp")
    bob.is_in("public")


def test_the_switcher_opens_the_conversation_with_whom_one_chooses(
    person: MakePerson, visitor: Callable[[str], Visitor]
) -> None:
    carol, bob = visitor("carol"), person("bob").sign_up()
    bob.page.keyboard.press("Control+k")
    field(bob).fill(carol.username)
    expect(chosen(bob)).to_have_accessible_name(f"{carol.username} @{carol.username}")
    field(bob).press("Enter")
    expect(bob.page.get_by_role("heading", level=1)).to_have_text(carol.username)
    expect(bob.box).to_be_visible()
    address = bob.page.url

    bob.page.goto("/")
    bob.page.keyboard.press("Control+k")
    field(bob).fill(f"@{carol.username}")
    expect(options(bob)).to_have_count(1)  # the conversation, and not the person once more
    chosen(bob).click()
    expect(bob.page).to_have_url(address)


def test_without_a_script_one_jumps_by_a_page(person: MakePerson, visitor: Callable[[str], Visitor]) -> None:
    carol, bob = visitor("carol"), person("bob", java_script_enabled=False).sign_up()
    bob.sidebar.get_by_role("link", name="Jump to…").click()
    field = bob.page.get_by_role("searchbox", name="Channel or person")
    expect(field).to_be_focused()
    field.fill(carol.username)
    field.press("Enter")
    bob.page.get_by_role("main").get_by_role("button", name=carol.username).click()
    expect(bob.page.get_by_role("heading", level=1)).to_have_text(carol.username)


def dialog(someone: Person) -> Locator:
    return someone.page.get_by_role("dialog", name="Jump to a channel or person")


def field(someone: Person) -> Locator:
    return dialog(someone).get_by_role("combobox", name="Channel or person")


def options(someone: Person) -> Locator:
    return dialog(someone).get_by_role("listbox", name="Channels and people").get_by_role("option")


def chosen(someone: Person) -> Locator:
    return dialog(someone).get_by_role("option", selected=True)


def keys_for(sheet: Locator, what: str) -> Locator:
    return sheet.locator("div", has_text=what).get_by_role("definition")


def press_while_composing(someone: Person, key: str, **held: bool) -> None:
    """Press a key that an input method takes, which no test can bring up: what the browser tells of it."""
    someone.box.evaluate(
        """(box, [key, held]) => box.dispatchEvent(
            new KeyboardEvent("keydown", { key, isComposing: true, bubbles: true, cancelable: true, ...held })
        )""",
        [key, held],
    )


@contextmanager
def many_channels(site: Site) -> Iterator[None]:
    """More than are offered without a search, all before any other by their names."""
    names = f"[f'0-filler-{{number:03}}' for number in range({OFFERED + 1})]"
    model = "from channels_app.models import Channel;"
    made = f"Channel.objects.bulk_create(Channel(name=name, slug=name) for name in {names})"
    site.manage("shell", "-c", f"{model} {made}")
    try:
        yield
    finally:
        site.manage("shell", "-c", f"{model} Channel.objects.filter(slug__startswith='0-filler-').delete()")
