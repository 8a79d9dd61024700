"""What was sent and is not stored yet is kept, goes out in order and once, and says what became of it."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import pytest
from playwright.sync_api import APIResponse, Locator, Route, expect

from tests.browser.conftest import MODES, PLAIN_HOST, MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.waiting import wait_for

Unique = Callable[[str], str]

POSTS = "**/messages/"
CHANGES = "**/changes/*"
STREAM = "**/live/*"
TWO_HOURS_MS = 2 * 60 * 60 * 1000
POSTED_AGAIN_AFTER_MS = 61_000
SLOW_AFTER_MS = 31_000  # of trying, a message says that it is not sent yet
ASKED_ABOUT_AFTER_MS = 5_100
TRIED_EVERY_MS = 8_100
FIRST_RETRY_AFTER_S = 0.7  # at the least: it is spread
ACCEPTED_US = 1_764_000_000_000_123  # any moment
SEEN_COMING = """() => {
  globalThis.came = [];
  new MutationObserver((records) => {
    for (const { addedNodes } of records)
      for (const node of addedNodes)
        if (node.matches?.("[data-seq]")) came.push(node.querySelector(".message__body").innerText.trim());
  }).observe(document.querySelector(".timeline__messages"), { childList: true });
}"""
SENT_LONG_AGO_MS = 40_000  # long enough for a message to say that it is not sent yet


@pytest.mark.parametrize("site", MODES, indirect=True)
def test_what_was_not_sent_outlives_a_reload_and_goes_out_in_order(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    keep_posts_from_arriving(bob)
    bob.say("one")
    bob.say("two")
    bob.page.reload()
    bob.sees("one", "two")
    expect(bar(bob, "Your 2 messages will be sent.")).to_be_visible()
    bob.say("three")
    bob.sees("one", "two", "three")
    names = [UUID(entry["clientId"]) for entry in kept(bob)]
    assert [name.version for name in names] == [7, 7, 7]  # as messaging/names.py makes them, and why
    assert names == sorted(names)

    bob.context.unroute(POSTS)
    bob.sees_stored("one", "two", "three")
    expect(bar(bob, "Reconnecting")).to_be_hidden()
    assert len(site.stored(slug)) == 3
    assert kept(bob) == []


def test_back_online_it_is_sent_without_anybody_doing_anything(person: MakePerson, unique: Unique) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    bob.allow("net::ERR_INTERNET_DISCONNECTED")
    bob.context.set_offline(True)
    bob.say("Is anybody there?")
    expect(bar(bob, "Your message will be sent.")).to_be_visible()
    bob.context.set_offline(False)
    bob.sees_stored("Is anybody there?")
    expect(bar(bob, "Reconnecting")).to_be_hidden()


def test_who_is_too_fast_has_the_rest_sent_when_it_is_time(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("429")
    posted: list[float] = []

    def too_fast_at_first(route: Route) -> None:
        posted.append(time.monotonic())
        if len(posted) > 1:
            route.continue_()
            return
        headers = {"Retry-After": "8", "Content-Type": "application/json"}
        route.fulfill(status=429, headers=headers, body='{"code": "too_many", "message": "Too fast."}')

    bob.context.route(POSTS, too_fast_at_first)
    bob.say("one")
    bob.say("two")
    expect(bar(bob, re.compile(r"That was a lot at once\. More can be sent at .*\d\d:\d\d"))).to_be_visible()
    expect(bar(bob, "Your 2 messages will be sent.")).to_be_visible()
    expect(bar(bob, "Reconnecting")).to_be_hidden()

    bob.sees_stored("one", "two")
    expect(bar(bob, "That was a lot")).to_be_hidden()
    assert posted[1] - posted[0] >= 8
    assert len(site.stored(slug)) == 2


def test_a_new_tab_sends_what_a_closed_one_left(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    keep_posts_from_arriving(bob)
    bob.say("one")
    bob.say("two")
    first, bob.page = bob.page, bob.context.new_page()
    first.close()
    bob.context.unroute(POSTS)

    bob.page.goto("/channels/")  # any page will do
    wait_for(lambda: site.stored_count(slug) == 2, what="both to be stored")
    bob.open(slug)
    bob.sees_stored("one", "two")


def test_two_tabs_show_the_same_and_one_of_them_posts(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    held = hold_posts(bob)
    with bob.page.expect_request(POSTS):
        bob.say("one")
    with bob.another_tab(bob.page.url):
        bob.say("two")
        bob.sees("one", "two")
        sees_on_the_first_page(bob, "one", "two")
        assert len(held) == 1

        held.pop().continue_()
        bob.context.unroute(POSTS)
        bob.sees_stored("one", "two")
    bob.sees_stored("one", "two")
    assert len(site.stored(slug)) == 2


def test_a_tab_takes_over_from_one_that_is_closed(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    one_of_two_tabs_is_closed_while_it_posts(bob)
    assert len(site.stored(slug)) == 2


@pytest.mark.parametrize("site", ["embedded"], indirect=True)
def test_tabs_take_turns_on_plain_http_too(site: Site, person: MakePerson, unique: Unique) -> None:
    bob = person("bob", base_url=f"http://{PLAIN_HOST}:{site.port}")
    bob.allow("Cross-Origin-Opener-Policy header has been ignored")
    bob.sign_up_on_the_page()  # the name of that host is known to the browser alone
    bob.create_channel(slug := unique("plain"))
    assert bob.page.evaluate("navigator.locks === undefined")
    one_of_two_tabs_is_closed_while_it_posts(bob)
    assert site.stored_count(slug) == 2

    bob.page.evaluate(
        "(key) => localStorage.setItem(key, JSON.stringify({ owner: 'x', until: Date.now() + 3000 }))",
        f"turn:outbox:{bob.username}",
    )
    bob.say("three")
    expect(bob.message("three").locator("time")).to_have_text("sending")
    bob.sees_stored("one", "two", "three")


def test_entries_that_this_release_does_not_know_do_no_harm(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.evaluate(
        """([prefix, slug]) => {
          const name = "aaaa0009-0000-4000-8000-000000000009";
          const entry = { clientId: name, text: "odd", slug, createdAt: Date.now(), state: "paused" };
          localStorage.setItem(prefix + name, JSON.stringify(entry));
          const markup = 'x"><img src=x>';
          const forged = { ...entry, clientId: markup, state: "waiting" };
          localStorage.setItem(prefix + markup, JSON.stringify(forged));
          for (const junk of ["5", "null", "{{{"]) localStorage.setItem(prefix + junk, junk);
        }""",
        [f"outbox:{bob.username}:", slug],
    )

    bob.page.reload()
    bob.say("still here")

    bob.sees_stored("still here")
    assert bob.page.locator("#timeline img").count() == 0


def test_what_is_older_than_an_hour_asks_first(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    leave_behind(bob, "On my way!", "Wait for me")
    posts: list[str] = []
    bob.context.on("request", lambda it: posts.append(it.url) if it.url.endswith("/messages/") else None)
    bob.page.reload()

    question = bob.page.get_by_role("region", name="These 2 messages were not sent for more than an hour.")
    expect(question.get_by_role("listitem")).to_contain_text(["On my way!", "Wait for me"])
    bob.sees()
    bob.say("Hello")
    bob.sees_stored("Hello")
    assert len(posts) == 1

    question.get_by_role("button", name="Send now").click()
    expect(question).to_be_hidden()
    expect(bob.box).to_be_focused()
    bob.sees_stored("Hello", "On my way!", "Wait for me")
    assert site.stored_count(slug) == 3


def test_what_is_older_than_an_hour_can_be_deleted(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    leave_behind(bob, "On my way!")
    bob.page.reload()
    question = bob.page.get_by_role("region", name="This message was not sent for more than an hour.")
    question.get_by_role("button", name="Delete").click()
    expect(question).to_be_hidden()
    expect(bob.box).to_be_focused()
    wait_for(lambda: kept(bob) == [], what="the outbox to be empty")
    bob.page.reload()
    bob.say("Hello")
    bob.sees_stored("Hello")
    assert site.stored_count(slug) == 1


def test_logging_out_warns_of_what_is_not_sent_and_erases_it(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    keep_posts_from_arriving(bob)
    bob.say("one")
    bob.say("two")
    bob.sees("one", "two")

    dialog = bob.page.get_by_role("dialog", name="Log out and delete what is not sent?")
    bob.button("Log out").click()
    expect(dialog).to_contain_text("2 messages are not sent yet.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert len(kept(bob)) == 2

    bob.button("Log out").click()
    dialog.get_by_role("button", name="Log out").click()
    expect(bob.button("Log in")).to_be_visible()
    wait_for(lambda: kept(bob) == [], what="the outbox to be erased")
    bob.context.unroute(POSTS)
    bob.log_in()
    bob.is_in("public")
    assert site.stored_count(slug) == 0


def test_what_is_erased_at_log_out_goes_from_other_tabs_too(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 401")
    keep_posts_from_arriving(bob)
    bob.say("one")
    bob.box.fill("half a thought")
    bob.sees("one")

    with bob.another_tab(bob.page.url):
        bob.sees("one")
        bob.button("Log out").click()
        dialog = bob.page.get_by_role("dialog", name="Log out and delete what is not sent?")
        dialog.get_by_role("button", name="Log out").click()
        expect(bob.button("Log in")).to_be_visible()
        wait_for(lambda: bob.page.evaluate("localStorage.length") == 0, what="all to be erased")

    bob.sees()
    expect(bar(bob, "You are logged out.")).to_be_visible()
    bob.context.unroute(POSTS)
    bob.page.reload()
    bob.log_in()
    bob.is_in(slug)
    bob.sees()
    expect(bob.box).to_have_value("")
    assert site.stored_count(slug) == 0


def test_the_warning_before_logging_out_follows_what_is_sent(person: MakePerson, unique: Unique) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    keep_posts_from_arriving(bob)
    bob.say("one")
    bob.sees("one")
    dialog = bob.page.get_by_role("dialog", name="Log out and delete what is not sent?")
    bob.button("Log out").click()
    expect(dialog).to_contain_text("1 message is not sent yet.")

    bob.context.unroute(POSTS)
    expect(dialog).to_contain_text("Everything is sent now.")


def test_a_log_out_that_fails_erases_nothing(person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 503")
    bob.box.fill("half a thought")
    bob.context.route("**/logout/", lambda route: route.fulfill(status=503, body="away"))
    bob.button("Log out").click()
    expect(bob.page.get_by_text("away")).to_be_visible()

    bob.context.unroute("**/logout/")
    bob.page.goto(f"/channels/{slug}/")
    expect(bob.box).to_have_value("half a thought")
    bob.button("Log out").click()
    expect(bob.button("Log in")).to_be_visible()
    wait_for(lambda: bob.page.evaluate("localStorage.length") == 0, what="the draft to be erased")


def test_an_expired_session_keeps_the_text_until_its_author_is_back(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 401")
    bob.context.clear_cookies(name=re.compile("session"))
    bob.say("one")
    bob.say("two")
    expect(bar(bob, "You are logged out. What you wrote stays here.")).to_be_visible()
    bob.sees("one", "two")
    expect(bob.messages.get_by_text("Not sent yet.")).to_have_count(2)
    expect(bob.messages.get_by_text("sending")).to_have_count(0)
    assert site.stored_count(slug) == 0

    with bob.context.expect_page() as opened:
        bar(bob, "You are logged out.").get_by_role("link", name="Log in again").click()
    first, bob.page = bob.page, opened.value
    bob.log_in()
    bob.is_in(slug)
    bob.sees_stored("one", "two")
    bob.page.close()
    bob.page = first
    bob.sees_stored("one", "two")
    expect(bar(bob, "You are logged out.")).to_be_hidden()
    assert site.stored_count(slug) == 2


def test_a_stale_token_keeps_the_text_too(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 403")
    bob.context.route(POSTS, without_token)
    bob.say("one")
    expect(bar(bob, "What you wrote stays here.")).to_be_visible()
    bob.sees("one")
    bob.context.unroute(POSTS)
    with bob.another_tab(bob.page.url):  # any page brings a new token
        bob.sees_stored("one")
    assert site.stored_count(slug) == 1


def test_a_removed_author_is_told_why_and_can_retry(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 403")
    site.manage("unsubscribe", bob.username, slug)
    bob.say("Soup at noon?")
    message = bob.message("Soup at noon?")
    expect(message.get_by_role("alert")).to_contain_text("Not sent. Join the channel to write in it.")
    bob.page.reload()
    bob.sees("Soup at noon?")
    is_told_why_and_retries(site, bob, slug)


def test_a_second_try_waits_until_the_first_is_taken_back(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 403")
    keep_posts_from_arriving(bob, times=1)  # for all the page knows it did
    site.manage("unsubscribe", bob.username, slug)
    bob.say("Soup at noon?")
    expect(bob.messages.get_by_role("alert")).to_contain_text("Not sent.")
    site.manage("subscribe", bob.username, slug)

    bob.context.route("**/delete/", lambda route: route.abort("connectionreset"))
    answered: list[str] = []
    bob.context.on("response", lambda it: answered.append(it.url.split("/")[-2]))
    with bob.page.expect_request("**/delete/"):
        press(bob.message("Soup at noon?"), "Retry")
    expect(bob.box).to_be_focused()
    bob.say("And bread?")
    bob.sees("Soup at noon?", "And bread?")

    bob.context.unroute("**/delete/")
    bob.sees_stored("Soup at noon?", "And bread?")
    steps = [step for step in answered if step in ("delete", "messages")]
    assert steps == ["delete", "messages", "messages"]


def test_who_is_removed_while_looking_is_shown_the_way_back(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    site.manage("unsubscribe", bob.username, slug)
    told = bar(bob, "You can't write in this channel any more.")
    expect(told).to_be_visible()
    told.get_by_role("link", name="Reload the page").click()
    expect(bob.button("Join")).to_be_visible()
    expect(bob.box).to_have_count(0)

    site.manage("subscribe", bob.username, slug)
    told = bar(bob, "You can write in this channel now.")
    told.get_by_role("link", name="Reload the page").click()
    expect(bob.box).to_be_visible()
    expect(told).to_be_hidden()


@pytest.mark.stack
def test_who_was_removed_before_the_message_was_stored_is_told_and_can_retry(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    with nothing_stored(site):
        bob.say("Soup at noon?")
        wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
        site.manage("unsubscribe", bob.username, slug)
    is_told_why_and_retries(site, bob, slug)


@pytest.mark.stack
def test_what_is_accepted_and_not_stored_for_long_is_posted_again_and_stored_once(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    with nothing_stored(site):
        bob.say("one")
        bob.say("two")
        wait_for(lambda: states(bob) == ["accepted", "accepted"], what="both to be accepted")
        with bob.page.expect_request(lambda request: "text=two" in (request.post_data or "")):
            bob.page.clock.run_for(POSTED_AGAIN_AFTER_MS)
    bob.sees_stored("one", "two")
    assert site.stored_count(slug) == 2


@pytest.mark.stack
def test_what_is_taken_back_from_the_queue_is_never_stored(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    with nothing_stored(site):
        bob.say("Not for everybody")
        wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
        bob.page.clock.run_for(SLOW_AFTER_MS)
        with bob.page.expect_response("**/delete/"):
            press(bob.message("Not for everybody"), "Delete")
        bob.say("Hello")
    bob.sees_stored("Hello")
    assert site.stored_count(slug) == 1


def test_a_refused_message_can_be_deleted(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 403")
    site.manage("unsubscribe", bob.username, slug)
    bob.say("Soup at noon?")
    press(bob.message("Soup at noon?"), "Delete")
    bob.sees()
    expect(bob.box).to_be_focused()
    wait_for(lambda: kept(bob) == [], what="the outbox to be empty")


@pytest.mark.parametrize("button", ["Delete", "Retry"])
def test_what_was_refused_although_the_broker_may_have_it_comes_once_at_most(
    site: Site, person: MakePerson, unique: Unique, button: str
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 403")
    site.manage("unsubscribe", bob.username, slug)
    with bob.page.expect_request(POSTS) as posted:
        bob.say("Soup at noon?")
    expect(bob.message("Soup at noon?").get_by_role("alert")).to_contain_text("Not sent.")
    site.manage("subscribe", bob.username, slug)
    with bob.page.expect_response("**/delete/"):
        press(bob.message("Soup at noon?"), button)

    # What the broker was given and did not confirm in time arrives now.
    sent = posted.value
    answer = bob.context.request.post(sent.url, headers=sent.headers, data=sent.post_data)
    assert answer.status < 500
    bob.page.reload()
    bob.say("Hello")

    bob.sees_stored(*(["Soup at noon?"] if button == "Retry" else []), "Hello")
    assert site.stored_count(slug) == (2 if button == "Retry" else 1)


@pytest.mark.parametrize("button", ["Delete", "Retry"])
def test_giving_up_a_message_whose_name_another_has_leaves_the_other_alone(
    site: Site, person: MakePerson, unique: Unique, button: str
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    hear_of_nothing(bob)
    bob.context.route(POSTS, another_was_stored, times=1)
    fate = {"status": "not_sent", "code": "client_id_taken", "message": "Another message was sent."}
    bob.context.route("**/status/*", lambda route: route.fulfill(json=fate))
    bob.say("one")
    wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
    bob.page.clock.run_for(ASKED_ABOUT_AFTER_MS)
    press(bob.message("one"), button)
    wait_for(lambda: "refused" not in states(bob), what="it to be given up")
    if button == "Retry":
        wait_for(lambda: site.stored_count(slug) == 2, what="it to be sent once more")
    else:
        wait_for(lambda: kept(bob) == [], what="the outbox to be empty")

    for address in (STREAM, CHANGES):
        bob.context.unroute(address)
    bob.page.reload()
    bob.sees_stored("another", *(["one"] if button == "Retry" else []))


@pytest.mark.stack
def test_what_was_accepted_is_not_said_to_be_refused_because_its_author_has_left_since(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 403")
    bob.page.clock.install()
    with nothing_stored(site):
        bob.say("Bye, all")
        wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
        bob.button("Unsubscribe").click()
        expect(bob.button("Join")).to_be_visible()
        with bob.page.expect_response(lambda response: response.status == 403):
            bob.page.clock.run_for(POSTED_AGAIN_AFTER_MS)
        bob.page.reload()
        expect(bob.message("Bye, all")).to_be_visible()
        expect(bob.messages.get_by_role("alert")).to_have_count(0)
        assert states(bob) == ["accepted"]

    bob.sees_stored("Bye, all")
    wait_for(lambda: kept(bob) == [], what="the outbox to be empty")
    assert site.stored_count(slug) == 1


def test_what_the_server_has_for_long_is_said_to_be_on_its_way_and_not_asked_about(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.context.route(POSTS, lambda route: route.fulfill(status=202, json={"status": "sending"}), times=1)
    bob.say("one")
    wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
    two_hours_ago = int(time.time() * 1000) - TWO_HOURS_MS
    for state in ("accepted", "waiting"):  # at its first way into the queue, and at its next
        keep_posts_from_arriving(bob)
        make_older(bob, TWO_HOURS_MS, state=state, acceptedAt=two_hours_ago)
        bob.page.reload()
        note = bob.message("one").locator(".message__note")
        expect(note).to_contain_text("Still sending. It is safe with the server.")
        expect(bob.page.get_by_role("region", name="not sent for more than an hour")).to_be_hidden()

    bob.context.unroute(POSTS)
    bob.sees_stored("one")
    assert site.stored_count(slug) == 1


def test_while_somebody_looks_it_is_tried_again_every_eight_seconds(
    person: MakePerson, unique: Unique
) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    keep_posts_from_arriving(bob)
    with bob.page.expect_event("requestfailed"):
        bob.say("Is anybody there?")
    for _try in range(5):
        bob.pump()  # and the next try is planned
        with bob.page.expect_event("requestfailed", timeout=5_000):
            bob.page.clock.run_for(TRIED_EVERY_MS)
    bob.context.unroute(POSTS)
    bob.sees_stored("Is anybody there?")


def test_the_page_asks_about_what_nobody_saw_stored(site: Site, person: MakePerson, unique: Unique) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    hear_of_nothing(bob)
    bob.context.route(POSTS, answer_accepted)
    bob.say("one")
    wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
    with bob.page.expect_request(f"**/status/?accepted_us={ACCEPTED_US}"):
        bob.page.clock.run_for(ASKED_ABOUT_AFTER_MS)
    bob.sees_stored("one")
    assert site.stored_count(slug) == 1
    assert kept(bob) == []


@pytest.mark.parametrize("site", ["embedded"], indirect=True)  # where the request stores, one after the other
def test_what_was_accepted_and_lost_is_sent_again_in_order(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 409")
    accepted = {"status": "sending", "accepted_us": ACCEPTED_US}
    bob.context.route(POSTS, lambda route: route.fulfill(status=202, json=accepted), times=2)
    bob.say("one")
    bob.say("two")
    wait_for(lambda: states(bob) == ["accepted", "accepted"], what="both to be accepted")
    with bob.page.expect_response(lambda response: response.status == 409) as refused:
        bob.say("three")
    assert refused.value.json()["code"] == "resend_previous"
    assert f"&previous_accepted_us={ACCEPTED_US}&" in (refused.value.request.post_data or "")
    bob.sees_stored("one", "two", "three")
    assert site.stored_count(slug) == 3


@pytest.mark.parametrize("site", ["embedded"], indirect=True)
def test_what_is_sent_again_in_vain_is_sent_ever_less_often(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.allow("status of 409")
    refused_at: list[float] = []

    def one_process_reaches_the_broker_and_another_does_not(route: Route) -> None:
        if "text=one" in (route.request.post_data or ""):
            return route.fulfill(status=202, json={"status": "sending"})
        refused_at.append(time.monotonic())
        return route.fulfill(status=409, json={"code": "resend_previous", "message": "Send this again."})

    bob.context.route(POSTS, one_process_reaches_the_broker_and_another_does_not)
    bob.say("one")
    wait_for(lambda: states(bob) == ["accepted"], what="the first to be accepted")
    bob.say("two")

    wait_for(lambda: bob.page.evaluate("1") and len(refused_at) >= 4, what="four refusals", timeout_s=30)
    first, second, third, fourth = refused_at[:4]
    assert second - first < third - second < fourth - third
    assert third - second > FIRST_RETRY_AFTER_S
    expect(bar(bob, "Reconnecting")).to_be_hidden()

    bob.context.unroute(POSTS)
    bob.sees_stored("one", "two")
    assert site.stored_count(slug) == 2


def test_a_message_taken_back_before_it_is_stored_is_never_seen(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    posts: list[Route] = []

    def lose_it(route: Route) -> None:
        posts.append(route)
        route.fulfill(status=202, json={"status": "sending"})

    bob.context.route(POSTS, lose_it)
    bob.say("Not for everybody")
    wait_for(lambda: states(bob) == ["accepted"], what="it to be accepted")
    bob.page.clock.run_for(SLOW_AFTER_MS)
    with bob.page.expect_response("**/delete/"):
        press(bob.message("Not for everybody"), "Delete")
    bob.sees()
    wait_for(lambda: kept(bob) == [], what="the server to be told")

    # What was on its way arrives now.
    bob.context.unroute(POSTS)
    sent = posts[0].request
    answer = bob.context.request.post(sent.url, headers=sent.headers, data=sent.post_data)
    assert answer.status < 500
    bob.page.reload()
    bob.say("Hello")
    bob.sees_stored("Hello")
    assert site.stored_count(slug) == 1


@pytest.mark.parametrize("is_posted", [True, False])
def test_what_one_tab_takes_back_while_another_is_about_to_post_it_is_never_seen(
    site: Site, person: MakePerson, unique: Unique, is_posted: bool
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    keep_posts_from_arriving(bob)
    with bob.page.expect_request(POSTS):
        bob.say("Not for everybody")
    make_older(bob, SENT_LONG_AGO_MS, isPosted=is_posted)
    bob.page.reload()
    bob.sees("Not for everybody")
    with bob.page.expect_popup() as opened:
        bob.page.evaluate("() => void (window.other = open(location.href))")
    expect(opened.value.locator(".message__note [data-discard]")).to_be_visible()

    # Between what the first tab read and what it writes: each write of a tab has to count for itself.
    bob.page.evaluate(
        """() => {
          const { setItem } = Storage.prototype;
          Storage.prototype.setItem = function (...entry) {
            Storage.prototype.setItem = setItem;
            other.document.querySelector(".message__note [data-discard]").click();
            setItem.apply(this, entry);
          };
        }"""
    )
    bob.context.unroute(POSTS)
    bob.page.evaluate("() => dispatchEvent(new Event('online'))")

    wait_for(lambda: kept(bob) == [], what="the server to be told")
    opened.value.close()
    bob.sees()
    bob.say("Hello")
    bob.sees_stored("Hello")
    assert site.stored_count(slug) == 1


def test_a_deletion_waits_for_the_server_unseen_and_keeps_nothing_waiting(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    bob.page.clock.install()
    keep_posts_from_arriving(bob)
    bob.context.route("**/delete/", lambda route: route.abort("connectionreset"))
    bob.say("Not for everybody")
    bob.sees("Not for everybody")
    bob.page.clock.run_for(SLOW_AFTER_MS)
    press(bob.message("Not for everybody"), "Delete")
    bob.sees()
    bob.page.reload()
    bob.sees()
    [entry] = kept(bob)
    assert set(entry) == {"clientId", "ownUrl", "createdAt", "state"}  # nothing that tells anybody anything
    assert slug not in str(entry)
    bob.context.unroute(POSTS)
    bob.say("Hello")
    bob.sees_stored("Hello")
    assert states(bob) == ["deleting"]

    bob.context.unroute("**/delete/")
    with bob.page.expect_response("**/delete/"):
        bob.page.clock.run_for(SLOW_AFTER_MS)
    wait_for(lambda: kept(bob) == [], what="the outbox to be empty")
    assert site.stored_count(slug) == 1


def test_what_was_taken_back_is_not_shown_though_it_was_stored(
    site: Site, person: MakePerson, unique: Unique
) -> None:
    bob, slug = in_a_new_channel(person, unique)
    hear_of_nothing(bob)
    bob.page.clock.install()
    bob.allow("net::ERR_CONNECTION_RESET")
    for address in ("**/delete/", "**/status/*"):
        bob.context.route(address, lambda route: route.abort("connectionreset"))
    bob.context.route(POSTS, lose_the_answer)
    bob.say("Not for everybody")
    wait_for(lambda: bob.page.evaluate("1") and site.stored_count(slug) == 1, what="it to be stored")
    bob.page.clock.run_for(SLOW_AFTER_MS)
    press(bob.message("Not for everybody"), "Delete")
    bob.sees()

    bob.context.unroute(CHANGES)
    with bob.page.expect_response(CHANGES):
        bob.page.clock.run_for(SLOW_AFTER_MS)
    bob.sees()
    bob.page.reload()
    bob.sees()
    assert states(bob) == ["deleting"]

    bob.context.unroute("**/delete/")
    wait_for(lambda: kept(bob) == [], what="the server to be told", timeout_s=30)
    bob.page.reload()
    bob.sees()


def test_without_room_to_keep_it_a_message_is_sent_and_leaving_warns(
    person: MakePerson, unique: Unique
) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    keep_posts_from_arriving(bob)
    fill_storage(bob)
    bob.say("one")
    bob.sees("one")
    with bob.page.expect_event("dialog") as asked:
        bob.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()

    bob.context.unroute(POSTS)
    bob.sees_stored("one")


def test_changes_that_come_late_do_not_bring_back_what_was_deleted(
    person: MakePerson, unique: Unique
) -> None:
    bob, _slug = in_a_new_channel(person, unique)
    bob.allow("net::ERR_FAILED")
    bob.context.route(STREAM, lambda route: route.abort())  # the page asks for changes now and then
    bob.page.reload()
    asked: list[tuple[Route, APIResponse]] = []
    bob.say("a slip of the tongue")
    bob.sees_stored("a slip of the tongue")
    bob.context.route(CHANGES, lambda route: asked.append((route, route.fetch())))
    while not asked:
        bob.pump()
    bob.act_on(bob.message("a slip of the tongue"), "Delete")
    bob.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    bob.sees()
    bob.page.evaluate(SEEN_COMING)

    for route, answer in asked:
        route.fulfill(response=answer)
    bob.context.unroute(CHANGES)

    bob.say("what I meant")
    bob.sees_stored("what I meant")
    assert bob.page.evaluate("() => globalThis.came") == ["what I meant"]


def in_a_new_channel(person: MakePerson, unique: Unique) -> tuple[Person, str]:
    """Bob, alone in a new channel, and its slug."""
    slug = unique("outbox")
    return person("bob").sign_up(into=slug), slug


def without_token(route: Route) -> None:
    headers = {name: value for name, value in route.request.headers.items() if name != "x-csrftoken"}
    route.continue_(headers=headers)


@contextmanager
def nothing_stored(site: Site) -> Iterator[None]:
    """Messages are accepted and stay in the queue."""
    assert site.worker is not None
    site.worker.pause()
    try:
        yield
    finally:
        site.worker.resume()


def is_told_why_and_retries(site: Site, someone: Person, slug: str) -> None:
    message = someone.message("Soup at noon?")
    expect(message.get_by_role("alert")).to_contain_text("Not sent. Join the channel to write in it.")
    site.manage("subscribe", someone.username, slug)
    press(message, "Retry")
    someone.sees_stored("Soup at noon?")
    assert site.stored_count(slug) == 1


def one_of_two_tabs_is_closed_while_it_posts(someone: Person) -> None:
    held = hold_posts(someone)
    first = someone.page
    with someone.page.expect_request(POSTS):
        someone.say("one")
    someone.page = someone.context.new_page()
    someone.page.goto(first.url)
    someone.say("two")
    someone.sees("one", "two")
    assert len(held) == 1

    with someone.page.expect_request(POSTS) as taken_over:
        first.close()
    assert "text=one" in (taken_over.value.post_data or "")
    someone.context.unroute(POSTS)
    someone.sees_stored("one", "two")


def hear_of_nothing(someone: Person) -> None:
    """Open their page anew, and have nothing come to it, by itself or asked for."""
    someone.allow("status of 503")
    for address in (STREAM, CHANGES):
        someone.context.route(address, lambda route: route.fulfill(status=503))
    someone.page.reload()


def keep_posts_from_arriving(someone: Person, *, times: int | None = None) -> None:
    someone.allow("net::ERR_CONNECTION_RESET")
    someone.context.route(POSTS, lambda route: route.abort("connectionreset"), times=times)


def hold_posts(someone: Person) -> list[Route]:
    """The posts of all tabs, held back until they are continued."""
    held: list[Route] = []
    someone.context.route(POSTS, lambda route: held.append(route))
    return held


def answer_accepted(route: Route) -> None:
    """As a site with a broker does, whatever this one said."""
    answer = route.fetch()
    fields = {"client_id": answer.json()["client_id"], "status": "sending", "accepted_us": ACCEPTED_US}
    route.fulfill(status=202, json=fields)


def another_was_stored(route: Route) -> None:
    """What is posted is accepted; stored under its name is another message."""
    fields = dict(parse_qsl(route.request.post_data or ""))
    answer = route.fetch(post_data=urlencode({**fields, "text": "another"}))
    answered = {"client_id": fields["client_id"], "status": "sending", "accepted_us": ACCEPTED_US}
    assert answer.status in (201, 202)
    route.fulfill(status=202, json=answered)


def lose_the_answer(route: Route) -> None:
    assert route.fetch().status in (201, 202)
    route.abort("connectionreset")


def leave_behind(someone: Person, *texts: str) -> None:
    """Have them write `texts` two hours ago, in vain."""
    keep_posts_from_arriving(someone)
    for text in texts:
        someone.say(text)
    someone.sees(*texts)
    make_older(someone, TWO_HOURS_MS)
    someone.context.unroute(POSTS)


def make_older(someone: Person, age_ms: int, **change: object) -> None:
    """Have what is in the outbox be older than it is, and be otherwise by `change`."""
    someone.page.evaluate(
        """([age, change]) => {
          for (const key of Object.keys(localStorage).filter((key) => key.startsWith("outbox:"))) {
            const entry = { ...JSON.parse(localStorage.getItem(key)), ...change };
            localStorage.setItem(key, JSON.stringify({ ...entry, createdAt: entry.createdAt - age }));
          }
        }""",
        [age_ms, change],
    )


def fill_storage(someone: Person) -> None:
    someone.page.evaluate(
        """() => {
          for (let size = 2 ** 22; size >= 1; size /= 2) {
            try { for (;;) localStorage.setItem(`filler ${Math.random()}`, "x".repeat(size)); } catch {}
          }
        }"""
    )


def kept(someone: Person) -> list[dict[str, Any]]:
    """What is in the outbox, the oldest first."""
    entries: list[dict[str, Any]] = someone.page.evaluate(
        """() => Object.entries(localStorage).filter(([key]) => key.startsWith("outbox:"))
          .map(([, value]) => JSON.parse(value)).sort((one, other) => one.createdAt - other.createdAt)"""
    )
    return entries


def states(someone: Person) -> list[str]:
    return [str(entry["state"]) for entry in kept(someone)]


def bar(someone: Person, text: str | re.Pattern[str]) -> Locator:
    return someone.page.get_by_role("status").filter(has_text=text)


def press(message: Locator, button: str) -> None:
    message.locator(".message__note").get_by_role("button", name=button).click()


def sees_on_the_first_page(someone: Person, *texts: str) -> None:
    articles = someone.context.pages[0].get_by_role("log", name="Messages").get_by_role("article")
    expect(articles).to_contain_text(list(texts))
