"""What others do is seen at once: by one stream for all tabs of a browser, or by asking without one."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import MODES, PLAIN_HOST, MakePerson
from tests.browser.person import Person
from tests.browser.test_reading_position import say_all
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

Unique = Callable[[str], str]

AT_ONCE_MS = 1_000
TAKEN_OVER_WITHIN_MS = 2_000
TABS = 8
ASKED_BY_ITSELF_AFTER_MS = 5_000  # what was accepted and is not seen stored
MISSED = 500  # changes: new, edited and deleted
MOST_KEPT = 500  # messages in the page
SILENCE_NOTICED_AFTER_MS = 61_000
LOOKS_AFTER_IT_OFTEN = "const every = setInterval; window.setInterval = (look, ms) => every(look, ms / 5)"
STREAM = "**/live/*"
CHANGES = "**/changes/*"


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_what_one_does_the_other_sees_at_once_without_asking(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol = two_who_listen(person, unique("together"))
    with asks_nothing(carol):
        bob.say("one")
        expect(carol.message("one")).to_be_visible(timeout=AT_ONCE_MS)
        bob.say("two")
        carol.say("three")
        expect(bob.message("three")).to_be_visible()
        bob.sees_stored("one", "two", "three")
        carol.sees_stored("one", "two", "three")

        bob.act_on(bob.message("two"), "Edit")
        bob.page.get_by_label("Edited text").fill("deux")
        bob.page.get_by_label("Edited text").press("Enter")
        expect(carol.message("deux")).to_contain_text("(edited)")
        bob.act_on(bob.message("one"), "Delete")
        bob.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        carol.sees_stored("deux", "three")
    carol.page.reload()
    carol.sees("deux", "three")


def test_all_tabs_of_a_browser_share_one_stream(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("tabs"))
    first = carol.page
    for _number in range(TABS - 1):
        carol.context.new_page().goto(first.url)
    pages = carol.context.pages
    wait_for(lambda: open_streams(pages) == 1, what="one stream")
    for page in pages:
        wait_for_stream(page)

    bob.say("for all of them")
    for page in pages:
        expect(page.get_by_role("article")).to_contain_text(["for all of them"])
    assert open_streams(pages) == 1


def test_another_tab_takes_over_from_one_that_is_closed(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("heirs"))
    leader = carol.page
    carol.page = carol.context.new_page()
    carol.page.goto(leader.url)
    wait_for_stream(carol.page)
    with (
        carol.page.expect_request(CHANGES),  # what came between the two streams
        carol.page.expect_request(STREAM, timeout=TAKEN_OVER_WITHIN_MS),
    ):
        leader.close()
    with asks_nothing(carol):
        bob.say("still there?")
        carol.sees("still there?")


def test_a_tab_that_is_looked_at_takes_over_from_a_frozen_one(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("frozen"))
    leader = carol.page
    carol.page = carol.context.new_page()
    carol.page.goto(leader.url)
    wait_for_stream(carol.page)
    devtools = carol.context.new_cdp_session(leader)
    devtools.send("Debugger.enable")
    devtools.send("Debugger.pause")  # at the next thing that it would do
    with carol.page.expect_request(STREAM, timeout=TAKEN_OVER_WITHIN_MS):
        carol.page.evaluate("dispatchEvent(new Event('focus'))")
    bob.say("wake up")
    carol.sees("wake up")
    devtools.send("Debugger.disable")  # and go on
    wait_for(lambda: open_streams([leader]) == 0, what="the other tab to give up its stream")
    bob.say("good morning")
    expect(leader.get_by_role("article")).to_contain_text(["wake up", "good morning"])


def test_a_tab_that_stays_in_sight_takes_over_from_a_frozen_one(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("beside"))
    leader = carol.page
    carol.page = carol.context.new_page()
    carol.page.add_init_script(LOOKS_AFTER_IT_OFTEN)
    carol.page.goto(leader.url)
    wait_for_stream(carol.page)
    devtools = carol.context.new_cdp_session(leader)
    devtools.send("Debugger.enable")
    devtools.send("Debugger.pause")
    with carol.page.expect_request(STREAM):
        # The clock of this tab alone: that of Playwright is one for all, and the other tab can't answer.
        carol.page.evaluate(
            "ms => { const now = Date.now; Date.now = () => now() + ms; }", SILENCE_NOTICED_AFTER_MS
        )
    bob.say("side by side")
    carol.sees("side by side")
    devtools.send("Debugger.disable")
    wait_for(lambda: open_streams([leader]) == 0, what="the other tab to give up its stream")


def test_the_stream_is_asked_for_what_tabs_show_and_from_where_on(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, carol = two_who_listen(person, first := unique("first"))
    second, third = unique("second"), unique("third")
    carol.create_channel(second)
    carol.open("public")
    leader = carol.page
    wait_for_stream(leader)
    tabs = {}
    for slug in (first, second):
        tabs[slug] = carol.context.new_page()
        tabs[slug].goto(f"/channels/{slug}/")
        wait_for_stream(tabs[slug])
    bob.say("one")
    expect(tabs[first].get_by_role("article")).to_contain_text(["one"])

    # A tab that answers late is in the next one.
    known = {f"{channel_id(site, first)}:1", f"{channel_id(site, second)}:0"}
    with carol.context.expect_event("request", lambda request: wishes(request, "last") == known) as asked:
        leader.close()
    assert wishes(asked.value, "open") == {first, second}

    wait_for_stream(tabs[first])
    tabs[second].close()
    with carol.context.expect_event("request", lambda request: third in wishes(request, "open")) as asked:
        carol.page = carol.context.new_page()
        carol.page.goto("/")
        carol.create_channel(third)
    assert second not in wishes(asked.value, "open")
    bob.say("two")
    expect(tabs[first].get_by_role("article")).to_contain_text(["one", "two"])


def test_one_tab_reads_the_sidebar_for_all_of_them(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("many"))
    leader = carol.page
    others = [carol.context.new_page() for _number in range(3)]
    for page in others:
        page.goto(leader.url)
        wait_for_stream(page)
    bob.say("settled")
    for page in others:
        expect(page.get_by_role("article")).to_contain_text(["settled"])
    asked: list[str] = []
    carol.context.on("request", lambda request: asked.append(request.url))
    with carol.context.expect_event("request", lambda request: "/sidebar/" in request.url):
        leader.close()
    bob.say("and again")
    for page in others:
        expect(page.get_by_role("article")).to_contain_text(["settled", "and again"])
    bob.say("at last")
    for page in others:
        expect(page.get_by_role("article")).to_contain_text(["settled", "and again", "at last"])
    assert sum("/sidebar/" in url for url in asked) == 1


def test_the_header_says_how_many_members_there_are_now(
    person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    carol, dave = person("carol").sign_up(into=(slug := unique("about"))), visitor("dave")
    wait_for_stream(carol.page)
    dave.create_channel(slug)
    expect(carol.page.locator(".channel__header")).to_contain_text("2 members")
    expect(carol.page.get_by_role("heading", level=1)).to_have_text(re.compile(slug))


def test_a_page_follows_its_channel_to_another_name_unless_somebody_writes(
    person: MakePerson, unique: Unique
) -> None:
    bob, carol = two_who_listen(person, unique("first"))
    second, third = unique("second"), unique("third")
    bob.say("one")
    carol.sees_stored("one")
    pages = carol.page.evaluate("history.length")
    rename(bob, second)
    expect(carol.page).to_have_url(re.compile(f"/channels/{second}/$"))
    carol.is_in(second)
    assert carol.page.evaluate("history.length") == pages
    bob.say("two")
    carol.sees_stored("one", "two")

    carol.box.fill("half a thought")
    rename(bob, third)
    told = carol.page.get_by_role("status").filter(has_text="This channel has another name now.")
    told.get_by_role("link", name="Reload the page").wait_for()
    expect(carol.box).to_have_value("half a thought")
    expect(carol.page).to_have_url(re.compile(f"/channels/{second}/$"))


def test_what_was_rejected_is_asked_about_at_once(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    wait_for_stream(bob.page)
    fate = {"status": "not_sent", "code": "not_a_member", "message": "You are not in this channel."}
    bob.page.route("**/messages/", lambda route: route.fulfill(status=202, json={"status": "sending"}))
    bob.page.route("**/status/*", lambda route: route.fulfill(json=fate))
    bob.say("one")
    name = bob.message("one").get_attribute("data-client-id")
    with bob.page.expect_request("**/status/*", timeout=ASKED_BY_ITSELF_AFTER_MS / 2):
        bob.page.evaluate(
            "name => import('chat/live').then(({ live }) => live.share('rejected', { client_id: name }))",
            name,
        )
    expect(bob.message("one")).to_contain_text(fate["message"])


def test_offline_and_back_nothing_is_missing(
    site: Site, person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    slug = unique("offline")
    writer = visitor("writer")
    address = writer.create_channel(slug)
    carol = person("carol").sign_up(into=slug)
    wait_for_stream(carol.page)
    carol.allow("net::ERR_")
    carol.context.set_offline(True)
    expect(carol.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    texts = [f"missed {number:03}" for number in range(MISSED * 8 // 10)]
    names = say_all(site, writer, address, texts)
    for number in range(0, len(texts), 8):
        texts[number] = f"edited {number:03}"
        writer.send(f"/messages/{names[number]}/edit/", text=texts[number])
        writer.send(f"/messages/{names[number + 1]}/delete/")
    del texts[1::8]

    carol.context.set_offline(False)
    carol.sees_stored(*texts)
    expect(carol.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_hidden()


def test_an_answer_that_was_on_its_way_does_not_hide_that_the_network_is_gone(
    site: Site, person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    slug = unique("cut-off")
    writer = visitor("writer")
    address = writer.create_channel(slug)
    carol = person("carol").sign_up(into=slug)
    wait_for_stream(carol.page)
    held: list[Route] = []
    carol.page.route(CHANGES, lambda route: held.append(route), times=1)
    carol.look_again()
    wait_for(lambda: carol.page.evaluate("true") and bool(held), what="the question")
    say_all(site, writer, address, ["before it went"])
    answer = held[0].fetch()

    carol.allow("net::ERR_")
    carol.context.set_offline(True)
    held[0].fulfill(response=answer)
    carol.sees("before it went")
    carol.pump()
    expect(carol.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()


def test_a_server_that_was_killed_is_found_again(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("restart"))
    for someone in (bob, carol):
        someone.allow("net::ERR_")
        someone.allow("status of 502")  # as nginx says it
    parts = {site.web, site.live}  # one and the same in the embedded default
    for part in parts:
        part.kill()
    try:
        expect(carol.page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    finally:
        for part in parts:
            part.start()
        site.wait_until_ready()
    wait_for_stream(carol.page, timeout_s=30)
    bob.say("here again")
    bob.sees_stored("here again")
    with asks_nothing(carol):
        carol.sees_stored("here again")


def test_a_server_without_streams_is_asked(person: MakePerson, unique: Unique) -> None:
    slug = unique("plain")
    bob, carol = person("bob").sign_up(into=slug), person("carol")
    carol.allow("status of 503")
    carol.context.route(STREAM, lambda route: route.fulfill(status=503, json={"code": "no_streams"}))
    carol.sign_up(into=slug)
    bob.say("one")
    carol.sees_stored("one")
    carol.context.unroute(STREAM)
    carol.page.evaluate("dispatchEvent(new Event('focus'))")
    wait_for_stream(carol.page)
    with asks_nothing(carol):
        bob.say("two")
        carol.sees_stored("one", "two")


@pytest.mark.parametrize("site", ["embedded"], indirect=True)
def test_on_plain_http_the_tab_that_is_looked_at_has_the_stream(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob = person("bob", base_url=f"http://{PLAIN_HOST}:{site.port}")
    bob.allow("Cross-Origin-Opener-Policy header has been ignored")
    bob.sign_up_on_the_page()  # the name of that host is known to the browser alone
    bob.create_channel(unique("plain"))
    wait_for_stream(bob.page)
    with bob.another_tab(bob.page.url):
        wait_for_stream(bob.page)
        assert open_streams(bob.context.pages) == 1
        bob.say("one")
        for page in bob.context.pages:
            expect(page.get_by_role("article")).to_contain_text(["one"])
    wait_for_stream(bob.page)
    assert open_streams(bob.context.pages) == 1


def test_who_logs_out_in_another_tab_is_told_at_once(person: MakePerson, unique: Unique) -> None:
    bob, carol = two_who_listen(person, unique("ended"))
    carol.allow("status of 401")
    first = carol.page
    with carol.another_tab(first.url):
        carol.button("Log out").click()
        expect(carol.button("Log in")).to_be_visible()
        expect(first.get_by_role("status").filter(has_text="You are logged out.")).to_be_visible()
        bob.say("not for the page that is left")
        bob.sees_stored("not for the page that is left")
        expect(first.get_by_role("article")).to_have_count(0)


def test_what_came_long_ago_makes_room(
    site: Site, person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> None:
    slug = unique("long")
    writer = visitor("writer")
    address = writer.create_channel(slug)
    carol = person("carol").sign_up(into=slug)
    wait_for_stream(carol.page)
    texts = [f"line {number:03}" for number in range(MOST_KEPT + 20)]
    for text in texts:
        writer.say(address, text)
    expect(carol.messages.last).to_contain_text(texts[-1], timeout=30_000)
    expect(carol.messages).to_have_count(MOST_KEPT)
    expect(carol.messages.first).to_contain_text(texts[20])
    expect(carol.messages.last).to_be_in_viewport()

    carol.messages.first.scroll_into_view_if_needed()
    expect(carol.messages.first).to_contain_text(texts[0])


def two_who_listen(person: MakePerson, channel: str) -> tuple[Person, Person]:
    """Bob and Carol, both in `channel`, and what happens there comes to them by itself."""
    bob, carol = person("bob").sign_up(into=channel), person("carol").sign_up(into=channel)
    for someone in (bob, carol):
        wait_for_stream(someone.page)
    return bob, carol


def rename(owner: Person, name: str) -> None:
    """Give the channel that the owner looks at another name, and come back to it."""
    owner.link("Channel settings").click()
    owner.page.get_by_label("Channel name").fill(name)
    owner.button("Save").click()
    owner.page.get_by_text("Saved.").wait_for()
    owner.link("Back").click()
    owner.box.wait_for()


def wait_for_stream(page: Page, *, timeout_s: float = 10) -> None:
    is_up = "import('chat/live').then(({ live }) => live.isUp)"
    wait_for(lambda: page.evaluate(is_up), what="the stream", timeout_s=timeout_s)


def wishes(request: Request, name: str) -> set[str]:
    """What a request for a stream has under `name` in its address; nothing in any other request."""
    address = urlsplit(request.url)
    return set(parse_qs(address.query).get(name, ())) if address.path == "/live/" else set()


def channel_id(site: Site, slug: str) -> int:
    return int(site.rows("SELECT id FROM channels_app_channel WHERE slug = {}", slug)[0][0])


def open_streams(pages: list[Page]) -> int:
    """In how many tabs there is one."""
    return sum(page.evaluate("import('chat/live').then(({ live }) => live.isLeading)") for page in pages)


@contextmanager
def asks_nothing(someone: Person) -> Iterator[None]:
    """Have them ask the server for no changes meanwhile."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/changes/" in request.url:
            asked.append(request.url)

    someone.page.on("request", note)
    yield
    someone.page.remove_listener("request", note)
    assert asked == []
