"""The site as an application: it can be installed, and says honestly what it knows without its server."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.site import Site
from tests.waiting import wait_for

Unique = Callable[[str], str]

# What a page in Playwright's contexts always lacks: they are private windows.
OF_PRIVATE_WINDOWS = {"in-incognito"}

# A browser whose pages may not make notices, and what the icon of the application carries.
LIKE_A_PHONE = """
window.Notification = class {
    static permission = "granted";
    constructor() {
        throw new TypeError("Illegal constructor");
    }
};
window.onIcon = null;
navigator.setAppBadge = async (count) => (window.onIcon = count);
"""
SHOWN_BY_WORKER = """async () => {
    const notices = await registration.getNotifications();
    return notices.map(({ title, body }) => `${title}: ${body}`);
}"""
LOG_OUT_ALONE = """() => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    return fetch("/accounts/logout/", {
        method: "POST", redirect: "manual", body: new URLSearchParams({ csrfmiddlewaretoken: token }),
    }).then(() => null);
}"""
PRESS = """async () => {
    const [notification] = await registration.getNotifications();
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


def test_the_browser_finds_nothing_against_installing_it(site: Site, person: MakePerson) -> None:
    bob = with_worker(person, "bob")
    wait_until_kept(bob, "/channels/public/")
    devtools = bob.context.new_cdp_session(bob.page)

    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    manifest = devtools.send("Page.getAppManifest")

    assert {error["errorId"] for error in errors} - OF_PRIVATE_WINDOWS == set()
    assert manifest["errors"] == []
    assert manifest["url"] == f"{site.url}/manifest.webmanifest"


def test_without_the_server_the_last_channel_can_be_read_and_written_on(
    person: MakePerson, unique: Unique
) -> None:
    bob = with_worker(person, "bob")
    slug = unique("offline")
    bob.create_channel(slug)
    bob.say("Soup at noon")
    bob.sees_stored("Soup at noon")
    bob.page.reload()
    bob.sees_stored("Soup at noon")
    wait_until_kept(bob, f"/channels/{slug}/")

    go_offline(bob)
    bob.page.goto("/channels/")
    expect(bob.page.get_by_role("heading", name="The chat can't be reached")).to_be_visible()
    bob.link("Open the channel you saw last").click()
    bob.is_in(slug)
    bob.sees("Soup at noon")
    bar = bob.page.get_by_role("status").filter(has_text="This is how it was on")
    expect(bar).to_be_visible()
    expect(bob.button("Delete chat")).to_have_count(0)
    bob.say("With bread")
    bob.sees("Soup at noon", "With bread")
    expect(bar).to_contain_text("Your message will be sent.")
    bob.box.fill("and")

    bob.page.goto("/")
    bob.is_in(slug)
    expect(bob.box).to_have_value("and")
    bob.sees("Soup at noon", "With bread")

    bob.context.set_offline(False)
    bob.sees_stored("Soup at noon", "With bread")
    expect(bar).to_be_hidden()
    expect(bob.button("Delete chat")).to_be_visible()
    bob.page.goto("/channels/")
    expect(bob.page.get_by_role("heading", name="Browse channels")).to_be_visible()


def test_a_channel_that_a_script_shows_is_kept_once_it_is_seen(person: MakePerson, unique: Unique) -> None:
    bob = with_worker(person, "bob")
    slugs = [unique("first"), unique("second")]
    for slug in slugs:
        bob.create_channel(slug)
    first, second = [f"/channels/{slug}/" for slug in slugs]
    wait_until_kept(bob, second)

    bob.page.evaluate("(url) => fetch(url, { headers: { Accept: 'text/html' } })", first)
    wait_until_kept(bob, first)

    fetch_ahead = "(url) => fetch(url, { headers: { Accept: 'text/html', 'HX-Preloaded': 'true' } })"
    bob.page.evaluate(f"(url) => ({fetch_ahead})(url).then((answer) => answer.text())", second)
    assert kept(bob) == first
    bob.page.evaluate("(seen) => navigator.serviceWorker.controller.postMessage({ seen })", bob.page.url)
    wait_until_kept(bob, second)


def test_nothing_of_the_channel_is_left_after_log_out(person: MakePerson) -> None:
    bob = with_worker(person, "bob")
    wait_until_kept(bob, "/channels/public/")

    bob.button("Log out").click()
    expect(bob.button("Log in")).to_be_visible()
    assert kept(bob) == ""
    go_offline(bob)
    for address in ("/channels/public/", "/"):
        bob.page.goto(address)
        expect(bob.page.get_by_role("heading", name="The chat can't be reached")).to_be_visible()
        expect(bob.link("Open the channel you saw last")).to_be_hidden()


def test_a_log_out_erases_what_is_kept_though_no_page_comes_after_it(person: MakePerson) -> None:
    bob = with_worker(person, "bob")
    wait_until_kept(bob, "/channels/public/")

    bob.page.evaluate(LOG_OUT_ALONE)

    wait_for(lambda: kept(bob) == "", what="the kept page to be gone")
    go_offline(bob)
    bob.page.reload()
    expect(bob.page.get_by_role("heading", name="The chat can't be reached")).to_be_visible()


def test_what_was_kept_is_erased_for_whoever_comes_after_a_session_that_ended(
    person: MakePerson, unique: Unique
) -> None:
    bob = with_worker(person, "bob")
    wait_until_kept(bob, "/channels/public/")

    bob.allow("status of 401")
    bob.context.clear_cookies(name=re.compile("session"))
    bob.page.goto("/channels/public/")
    expect(bob.button("Log in")).to_be_visible()

    wait_for(lambda: kept(bob) == "", what="the kept page to be gone")


def test_the_page_that_says_so_has_the_theme_that_was_chosen(person: MakePerson) -> None:
    bob = with_worker(person, "bob")
    bob.page.goto("/accounts/preferences/")
    bob.page.get_by_label("Dark").check()
    bob.page.get_by_role("region", name="Appearance").get_by_role("button", name="Save").click()
    expect(bob.page.get_by_text("Your preferences are saved.")).to_be_visible()
    bob.page.goto("/channels/public/")
    wait_until_kept(bob, "/channels/public/")

    go_offline(bob)
    bob.page.goto("/channels/")

    expect(bob.page.get_by_role("heading", name="The chat can't be reached")).to_be_visible()
    expect(bob.page.locator("html")).to_have_css("color-scheme", "dark")


def test_an_error_of_the_server_is_shown_as_it_is(person: MakePerson) -> None:
    bob = with_worker(person, "bob")
    wait_until_kept(bob, "/channels/public/")

    bob.allow("status of 404")
    bob.page.goto("/channels/nowhere/")

    expect(bob.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert kept(bob) == "/channels/public/"


def test_the_application_shows_what_is_unread_and_notices_where_pages_may_not(
    person: MakePerson, unique: Unique
) -> None:
    bob, slug = person("bob").sign_up(), unique("loud")
    carol = person("carol", service_workers="allow", permissions=["notifications"])
    carol.context.add_init_script(LIKE_A_PHONE)
    carol.sign_up()
    for someone in (bob, carol):
        someone.create_channel(slug)
    carol.button("Notify me").click()
    expect(carol.button("Don't notify me")).to_be_visible()
    wait_until_kept(carol, f"/channels/{slug}/")
    carol.open("public")
    wait_for_icon(carol, 0)
    wait_for_stream(carol.page)

    bob.say("look here")

    wait_for_icon(carol, 1)
    [worker] = carol.context.service_workers
    wait_for(lambda: worker.evaluate(SHOWN_BY_WORKER), what="a notice")
    assert worker.evaluate(SHOWN_BY_WORKER) == [
        f"\u2068{bob.username}\u2069 in #\u2068{slug}\u2069: look here"  # each name in its own direction
    ]
    worker.evaluate(PRESS)
    carol.is_in(slug)
    expect(carol.message("look here")).to_be_visible()
    wait_for_icon(carol, 0)

    carol.open("public")
    wait_for_stream(carol.page)
    bob.say("once more")
    wait_for_icon(carol, 1)
    carol.button("Log out").click()
    expect(carol.button("Log in")).to_be_visible()
    wait_for_icon(carol, 0)


def with_worker(person: MakePerson, name: str) -> Person:
    """Somebody in #public whose browser has the service worker."""
    return person(name, service_workers="allow").sign_up()


def wait_for_icon(someone: Person, count: int) -> None:
    """The icon of the application comes to carry `count`."""
    wait_for(lambda: someone.page.evaluate("onIcon") == count, what=f"{count} on the icon")


def go_offline(someone: Person) -> None:
    someone.allow("ERR_INTERNET_DISCONNECTED")
    someone.context.set_offline(True)


def wait_until_kept(someone: Person, path: str) -> None:
    """The worker is at work, and holds the page at `path`."""
    wait_for(lambda: kept(someone) == path, what=f"{path} to be kept")


def kept(someone: Person) -> str:
    """The path of the page that the worker keeps, "" for none."""
    address: str = someone.page.evaluate(
        """async () => {
            for (const name of await caches.keys()) {
                const page = await (await caches.open(name)).match("/seen");
                if (page) return page.url;
            }
            return "";
        }"""
    )
    return urlsplit(address).path
