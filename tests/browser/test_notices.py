"""Notices of the browser: asked for by a button, one for each message, and none of what somebody looks at."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MODES, MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.site import Site
from tests.waiting import wait_for

Unique = Callable[[str], str]

# The browser's part, which shows nothing without a screen: whether it was asked, and what it was to show.
SPY = """
window.asked = 0;
window.notices = [];
window.Notification = class extends EventTarget {
    static permission = PERMISSION;
    static async requestPermission() {
        window.asked += 1;
        if (this.permission === "default") this.permission = ANSWER;
        return this.permission;
    }
    constructor(title, options) {
        super();
        this.title = title;
        Object.assign(this, options);
        window.notices.push(this);
    }
    close() {}
};
"""


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_a_message_in_a_chosen_channel_shows_one_notice_for_all_tabs(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol, slug = bob_and_carol_who_wants_notices(person, unique)
    carol.open("public")
    wait_for_stream(carol.page)
    with carol.another_tab("/channels/"):
        wait_for_stream(carol.page)
        bob.say(f"{'x' * 200} <b>not all of it</b>")
        [notice] = notices(carol, 1)
        assert notice["title"] == f"\u2068{bob.username}\u2069 in #\u2068{slug}\u2069"
        assert notice["body"] == "x" * 120
        assert notice["tag"] == bob.messages.last.get_attribute("data-client-id")

        bob.say("one more")
        assert [notice["body"] for notice in notices(carol, 2)] == ["x" * 120, "one more"]


def test_pressing_a_notice_leads_to_its_message(person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_and_carol_who_wants_notices(person, unique)
    carol.open("public")
    wait_for_stream(carol.page)
    bob.say("look here")
    notices(carol, 1)
    carol.page.evaluate("notices[0].dispatchEvent(new Event('click'))")
    carol.is_in(slug)
    expect(carol.message("look here")).to_be_visible()


def test_what_is_looked_at_own_and_muted_messages_show_none(person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_and_carol_who_wants_notices(person, unique)
    other = unique("other")
    bob.create_channel(other)
    carol.create_channel(other)
    carol.button("Notify me").click()
    expect(carol.button("Don't notify me")).to_be_visible()

    carol.open(slug)
    wait_for_stream(carol.page)
    bob.open(slug)
    bob.say("before her eyes")
    carol.sees_stored("before her eyes")
    carol.say("her own")
    bob.sees_stored("before her eyes", "her own")
    bob.open(other)
    bob.say("elsewhere")
    assert [notice["body"] for notice in notices(carol, 1)] == ["elsewhere"]

    carol.button("Mute").click()
    expect(carol.button("Unmute")).to_be_visible()
    expect(carol.button("Don't notify me")).to_have_count(0)
    carol.open("public")
    wait_for_stream(carol.page)
    bob.open(slug)
    bob.say("muted")
    bob.sees_stored("before her eyes", "her own", "muted")
    bob.open(other)
    bob.say("not muted")
    assert [notice["body"] for notice in notices(carol, 2)] == ["elsewhere", "not muted"]


def test_what_is_not_chosen_shows_none(person: MakePerson, unique: Unique) -> None:
    bob, carol, slug = bob_and_carol_who_wants_notices(person, unique)
    carol.button("Don't notify me").click()
    expect(carol.button("Notify me")).to_be_visible()
    other = unique("other")
    for someone in (bob, carol):
        someone.create_channel(other)
    carol.button("Notify me").click()
    expect(carol.button("Don't notify me")).to_be_visible()
    carol.open("public")
    wait_for_stream(carol.page)
    bob.open(slug)
    bob.say("not chosen any more")
    expect(carol.sidebar.get_by_role("link", name=slug).locator(".place__count")).to_have_text("1")
    bob.open(other)
    bob.say("chosen")
    assert [notice["body"] for notice in notices(carol, 1)] == ["chosen"]


def test_the_browser_is_asked_by_the_button_alone(person: MakePerson, unique: Unique) -> None:
    bob = someone_with(person, "bob", permission="default", answer="granted")
    bob.create_channel(unique("asked"))
    bob.page.reload()
    wait_for_stream(bob.page)
    assert bob.page.evaluate("asked") == 0
    asked = count_asked(bob)
    bob.button("Notify me").click()
    expect(bob.button("Don't notify me")).to_be_visible()
    assert asked == ["asked"]

    # On another device it is on, too; the browser there was not asked.
    bob.page.reload()
    wait_for_stream(bob.page)
    assert bob.page.evaluate("asked") == 0
    bob.button("Allow notifications").click()
    expect(bob.button("Allow notifications")).to_be_hidden()
    assert bob.page.evaluate("asked") == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("denied", "Your browser does not allow this site to show notifications."),
        ("default", "Nothing was allowed in your browser, so no notifications are shown."),  # it was closed
    ],
)
def test_who_does_not_allow_it_is_told_so(person: MakePerson, unique: Unique, answer: str, told: str) -> None:
    bob = someone_with(person, "bob", permission="default", answer=answer)
    bob.create_channel(unique("asked"))
    bob.button("Notify me").click()
    expect(bob.page.get_by_role("status").get_by_text(told)).to_be_visible()
    expect(bob.button("Notify me")).to_be_visible()


def test_the_setting_holds_without_a_script(person: MakePerson, unique: Unique) -> None:
    bob = person("bob", java_script_enabled=False).sign_up(into=unique("plain"))
    bob.button("Notify me").click()
    bob.button("Don't notify me").click()
    expect(bob.button("Notify me")).to_be_visible()


def someone_with(
    person: MakePerson, name: str, *, permission: str, answer: str = "granted", into: str = ""
) -> Person:
    """A person whose browser was asked before, or answers like this when it is."""
    someone = person(name)
    someone.context.add_init_script(
        SPY.replace("PERMISSION", repr(permission)).replace("ANSWER", repr(answer))
    )
    return someone.sign_up(into=into)


def bob_and_carol_who_wants_notices(person: MakePerson, unique: Unique) -> tuple[Person, Person, str]:
    """Both are on the page of the channel of that slug."""
    slug = unique("loud")
    bob = person("bob").sign_up(into=slug)
    carol = someone_with(person, "carol", permission="granted", into=slug)
    carol.button("Notify me").click()
    expect(carol.button("Don't notify me")).to_be_visible()
    wait_for_stream(bob.page)
    return bob, carol, slug


def count_asked(someone: Person) -> list[str]:
    """Grows whenever the browser is asked, on whatever page."""
    asked: list[str] = []
    someone.page.expose_function("tellAsked", lambda: asked.append("asked"))
    someone.page.evaluate(
        """() => {
            const ask = Notification.requestPermission.bind(Notification);
            Notification.requestPermission = async () => (await tellAsked(), ask());
        }"""
    )
    return asked


def notices(someone: Person, count: int) -> list[dict[str, Any]]:
    """All that was shown in any tab, by the tab that showed it; waits until there are so many."""

    def shown() -> list[dict[str, Any]]:
        pages: list[Page] = someone.context.pages
        given = [
            page.evaluate("notices.map(({ title, body, tag }) => ({ title, body, tag }))") for page in pages
        ]
        return [notice for some in given for notice in some]

    wait_for(lambda: len(shown()) >= count, what=f"{count} notices")
    someone.pump()
    assert len(shown()) == count
    return shown()
