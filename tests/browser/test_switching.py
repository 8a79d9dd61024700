"""Going from page to page without loading the frame again: what stays, and what is loaded as a whole."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_live import wait_for_stream
from tests.visitor import PASSWORD, Visitor
from tests.waiting import wait_for

Unique = Callable[[str], str]
MakeVisitor = Callable[[str], Visitor]

TELL_OF_STREAMS = """import("chat/live").then(({ live }) => {
  window.told = 0;
  for (const name of ["up", "down"]) live.addEventListener(name, () => (told += 1));
})"""


def test_another_channel_takes_the_place_of_this_one(
    person: MakePerson, visitor: MakeVisitor, unique: Unique
) -> None:
    carol, slug = visitor("carol"), unique("place")
    channel = carol.create_channel(slug)
    carol.say(channel, "Are you there?")
    bob = person("bob").sign_up()
    mark(bob.page)

    bob.link("Browse channels").click()
    heading(bob, "Browse channels")
    expect(bob.page.get_by_role("heading", level=1)).to_be_focused()
    expect(bob.link("Browse channels")).to_have_attribute("aria-current", "page")
    bob.page.get_by_label("Filter by name").fill(slug)
    bob.button("Filter").click()
    bob.page.get_by_role("main").get_by_role("link", name=slug, exact=True).click()
    bob.sees("Are you there?")
    expect(bob.page).to_have_url(re.compile(rf"/channels/{slug}/$"))
    expect(bob.page).to_have_title(re.compile(rf"^#{slug} · "))

    bob.button("Join").click()
    expect(bob.box).to_be_focused()
    current = bob.sidebar.locator("[aria-current]")
    expect(current).to_have_text(re.compile(slug))
    bob.box.fill("half a thought")
    bob.open("public")
    expect(current).to_have_text(re.compile("public"))
    expect(bob.box).to_be_focused()
    expect(bob.box).to_have_value("")
    bob.box.fill("another half")

    carol.say(channel, "Still there?")
    expect(bob.sidebar.get_by_role("link", name=re.compile(rf"^{slug} 1"))).to_be_visible()
    expect(bob.page).to_have_title(re.compile(r"^\(1\) #public"))
    bob.page.go_back()
    bob.sees("Are you there?", "Still there?")
    expect(bob.box).to_have_value("half a thought")
    carol.say(channel, "It comes by itself")  # the stream has this channel in full again
    bob.sees("Are you there?", "Still there?", "It comes by itself")
    bob.page.go_forward()
    bob.is_in("public")
    expect(bob.box).to_have_value("another half")
    bob.say("Said after a way back and forth")
    expect(bob.message("Said after a way back and forth")).to_be_visible()

    assert is_marked(bob.page)
    with bob.context.expect_page() as opened:
        bob.sidebar.get_by_role("link", name=re.compile(rf"^{slug}")).click(modifiers=["Control"])
    expect(opened.value.get_by_role("heading", level=1, name=slug)).to_be_visible()
    opened.value.close()


def test_buttons_act_at_once_and_can_be_undone(
    person: MakePerson, visitor: MakeVisitor, unique: Unique
) -> None:
    carol, slug = visitor("carol"), unique("buttons")
    carol.say(carol.create_channel(slug), "Old news")
    bob = person("bob").sign_up()
    mark(bob.page)
    bob.create_channel(slug)  # it is there: this joins
    bob.sees("Old news")

    bob.button("Delete chat").click()
    bob.sees()
    bob.button("Mute").click()
    expect(bob.button("Unmute")).to_be_visible()
    bob.button("Unsubscribe").click()
    expect(bob.button("Join")).to_be_visible()
    expect(bob.sidebar.get_by_role("link", name=re.compile(slug))).to_have_count(0)

    toasts = bob.page.get_by_role("status").locator(".toast")
    expect(toasts).to_have_text([re.compile("History cleared"), re.compile(f"You left .*{slug}")])
    toasts.filter(has_text="You left").get_by_role("button", name="Undo").click()
    expect(bob.box).to_be_focused()
    expect(bob.sidebar.get_by_role("link", name=re.compile(slug))).to_be_visible()
    expect(toasts).to_have_count(1)
    bob.button("Undo").click()
    bob.sees("Old news")
    expect(toasts).to_have_count(0)

    bob.allow("status of 422")
    bob.sidebar.get_by_role("link", name="Create a channel").click()
    bob.page.get_by_label("Channel name").fill("..")
    bob.button("Create").click()
    expect(bob.page.get_by_label("Channel name")).to_be_focused()
    expect(bob.page.get_by_label("Channel name")).to_have_attribute("aria-invalid", "true")
    bob.page.go_back()
    bob.sees("Old news")
    assert is_marked(bob.page)


def test_muting_leaves_the_messages_where_they_are(person: MakePerson, unique: Unique) -> None:
    bob, slug = person("bob").sign_up(), unique("still")
    bob.create_channel(slug)
    bob.say("Here I am")
    bob.sees_stored("Here I am")
    bob.box.fill("half a thought")
    bob.timeline.evaluate("(timeline) => { timeline.isMarked = true; }")

    for name, other in (("Mute", "Unmute"), ("Unmute", "Mute")):
        bob.button(name).click()
        expect(bob.button(other)).to_be_focused()
        place = bob.sidebar.get_by_role("link", name=re.compile(slug))
        expect(place.get_by_text("muted")).to_have_count(1 if name == "Mute" else 0)
    assert bob.timeline.evaluate("(timeline) => timeline.isMarked")
    expect(bob.box).to_have_value("half a thought")
    bob.button("Delete chat").click()  # the others go on working
    bob.sees()


def test_a_notice_survives_that_the_page_is_loaded_as_a_whole(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    bob.create_channel(unique("carried"))
    bob.page.get_by_role("link", name="Channel settings").click()
    bob.page.get_by_label("Topic").fill("What is carried")
    with bob.another_tab("/accounts/preferences/"):
        bob.page.get_by_label("Dark").check()
        bob.page.get_by_role("region", name="Appearance").get_by_role("button", name="Save").click()
        expect(bob.page.get_by_text("Your preferences are saved.")).to_be_visible()
    mark(bob.page)

    bob.button("Save").click()

    expect(bob.page.get_by_role("status").get_by_text("Saved.")).to_be_visible()
    assert not is_marked(bob.page)  # it looks different now
    bob.page.reload()
    expect(bob.page.get_by_label("Topic")).to_have_value("What is carried")
    expect(bob.page.get_by_text("Saved.")).to_have_count(0)


def test_a_toast_stays_while_somebody_is_at_it(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    bob.create_channel(unique("toasts"))
    bob.page.clock.install()
    bob.button("Delete chat").click()
    bob.sees()
    toast = bob.page.get_by_role("status").locator(".toast")
    toast.hover()
    bob.page.clock.run_for(60_000)
    expect(toast).to_be_visible()
    bob.button("Undo").focus()
    bob.page.mouse.move(1, 1)
    bob.page.clock.run_for(60_000)
    expect(toast).to_be_visible()
    bob.box.focus()
    bob.page.clock.run_for(60_000)
    expect(toast).to_have_count(0)


def test_what_takes_long_shows_a_line_and_what_fails_says_so(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    bob.create_channel(unique("slow"))
    mark(bob.page)
    held: list[Route] = []
    bob.page.route("**/channels/public/", lambda route: route.continue_() if held else held.append(route))
    main, line = bob.page.get_by_role("main"), bob.page.locator("#progress")
    expect(line).to_be_hidden()
    bob.sidebar.get_by_role("link", name="public").click()
    expect(line).to_be_visible()
    expect(main).to_have_attribute("aria-busy", "true")
    for route in held:
        route.continue_()
    bob.is_in("public")
    expect(line).to_be_hidden()
    expect(main).not_to_have_attribute("aria-busy", "true")

    bob.allow("net::ERR_FAILED")
    bob.page.route("**/channels/", lambda route: route.abort())
    bob.link("Browse channels").click()
    expect(bob.page.get_by_role("status").filter(has_text="That did not work")).to_be_visible()
    bob.is_in("public")
    assert is_marked(bob.page)


def test_what_can_not_stand_in_this_frame_is_loaded_as_a_whole(person: MakePerson, unique: Unique) -> None:
    bob, carol = person("bob").sign_up(), person("carol").sign_up()
    bob.create_channel(unique("whole"))
    bob.say("A link: " + carol.page.url.replace("public", "nowhere"))
    mark(bob.page)

    bob.allow("status of 404")
    bob.timeline.get_by_role("link", name=re.compile("nowhere")).click()
    heading(bob, "There is nothing here")
    expect(bob.sidebar).to_be_visible()
    bob.link("Back to the chat").click()
    bob.is_in("public")
    assert is_marked(bob.page)

    def deploy(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer,
            body=answer.text().replace('{"imports": {', '{"imports": {"chat/new": "/new.js", '),
        )

    bob.page.route("**/channels/", deploy)
    bob.link("Browse channels").click()
    heading(bob, "Browse channels")
    assert not is_marked(bob.page)
    bob.page.unroute("**/channels/")

    # Somebody else logs in, in another tab.
    mark(bob.page)
    with bob.another_tab("/accounts/logout/"):
        bob.page.get_by_role("main").get_by_role("button", name="Log out").click()
        bob.page.get_by_label("Username").fill(carol.username)
        bob.page.get_by_label("Password").fill(PASSWORD)
        bob.button("Log in").click()
        bob.is_in("public")
    bob.sidebar.get_by_role("link", name=re.compile("^public")).click()
    expect(bob.sidebar.get_by_text(f"@{carol.username}")).to_be_visible()
    assert not is_marked(bob.page)

    # And leaves.
    with bob.another_tab("/accounts/logout/"):
        bob.page.get_by_role("main").get_by_role("button", name="Log out").click()
        expect(bob.button("Log in")).to_be_visible()
    bob.link("Browse channels").click()
    expect(bob.button("Log in")).to_be_visible()


def test_nothing_of_a_page_goes_on_after_it(person: MakePerson, unique: Unique) -> None:
    bob = person("bob").sign_up()
    slug = unique("after")
    bob.create_channel(slug)
    bob.open("public")
    before = listeners(bob)
    for _time in range(3):
        bob.open(slug)
        bob.open("public")
    assert listeners(bob) == before


def test_what_a_page_loads_afresh_when_it_has_been_left_changes_nothing(
    person: MakePerson, unique: Unique
) -> None:
    bob, slug = person("bob").sign_up(), unique("left")
    bob.create_channel(slug)
    bob.say("long\n" * 100)
    expect(bob.messages).to_have_count(1)
    expect(bob.timeline.locator("[data-state]")).to_have_count(0)
    bob.timeline.evaluate("(region) => region.scrollTo(0, -region.scrollHeight)")
    bob.pump()

    def be_too_far_behind(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('data-reset="false"', 'data-reset="true"'))

    held: list[Route] = []
    bob.page.route(f"**/{slug}/messages/?after=*", lambda route: held.append(route), times=1)
    bob.page.route(f"**/{slug}/changes/*", be_too_far_behind)
    with bob.page.expect_request(f"**/{slug}/messages/?after=*"):
        bob.look_again()
    bob.page.route("**/public/changes/*", lambda _route: None)  # its answer would mend it
    bob.open("public")
    with bob.page.expect_event("requestfinished", lambda request: "/messages/?after=" in request.url):
        held.pop().continue_()
    bob.pump()
    expect(bob.page.locator(".channel__header [data-about]")).to_have_attribute("data-slug", "public")


def mark(page: Page) -> None:
    """Leave a mark that a full load would erase."""
    page.evaluate("() => { document.isMarked = true; }")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("() => document.isMarked === true"))


def heading(someone: Person, name: str) -> None:
    expect(someone.page.get_by_role("heading", level=1, name=name)).to_be_visible()


def listeners(someone: Person) -> dict[str, int]:
    """How many there are on what outlives a page."""
    someone.pump()
    devtools = someone.context.new_cdp_session(someone.page)
    counted = {}
    for name in ("window", "document", "$live", "$unread", "$sending.outbox", "$sending.delivery"):
        found: dict[str, Any] = devtools.send(
            "Runtime.evaluate", {"expression": expression(name), "awaitPromise": True}
        )
        answer = devtools.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
        counted[name] = len(answer["listeners"])
    devtools.detach()
    return counted


def expression(name: str) -> str:
    module, _dot, part = name.removeprefix("$").partition(".")
    if name == module:
        return name
    return f'import("chat/{module}").then((all) => all.{module}{f".{part}" if part else ""})'


def test_a_stream_that_is_late_is_followed_by_one_for_what_is_shown_by_then(
    person: MakePerson, unique: Unique
) -> None:
    bob, slug = person("bob").sign_up(), unique("late")
    bob.create_channel(slug)
    bob.open("public")
    wait_for_stream(bob.page)

    held: list[Route] = []
    bob.context.route("**/live/?*", lambda route: held.append(route), times=1)
    with bob.page.expect_request("**/live/?*"):
        bob.open(slug)
    bob.open("public")
    bob.page.evaluate(TELL_OF_STREAMS)
    held[0].continue_()
    wait_for(lambda: bob.page.evaluate("told"), what="the stream that is late")
    wait_for_stream(bob.page)
