"""Streams of a running site: what comes, how soon, to whom, and what a stream costs while nothing comes."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psutil
import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from chatsite.asgi import application
from messaging.stream import MOST_OPEN
from tests.admin import take_out
from tests.cast import Cast, signed_in
from tests.site import Site
from tests.streams import OpenStream
from tests.visitor import Visitor
from tests.waiting import wait_for

MakePerson = Callable[[str], Visitor]
Listen = Callable[..., OpenStream]

SOON_S = 2.0  # a second, and as much for a machine that runs other tests besides


@pytest.fixture
def bob(person: MakePerson) -> Visitor:
    return person("bob")


@pytest.fixture
def carol(person: MakePerson) -> Visitor:
    return person("carol")


def said_in(html: str) -> list[tuple[int, UUID]]:
    """The numbers and names of the messages in a fragment, deleted ones too."""
    found = re.findall(r'<article[^>]* data-client-id="([^"]*)" data-seq="(\d+)"', html)
    return [(int(seq), UUID(client_id)) for client_id, seq in found]


def test_what_one_says_is_on_the_others_stream_at_once(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    stream = listen(carol, room)

    said_at = time.monotonic()
    client_id = bob.say(channel, "hello there")
    changes = stream.wait_for_text("hello there")

    assert changes.at - said_at < SOON_S
    assert (changes.facts["slug"], changes.facts["after"], changes.facts["version"]) == (room, 0, 1)
    assert said_in(changes.facts["html"]) == [(1, client_id)]
    assert changes.id.endswith(":1")
    count = stream.wait_for("count", slug=room)
    assert (count.facts["after"], count.facts["version"]) == (0, 1)
    assert (count.facts["new"], count.facts["gone"]) == ([[1, bob.username]], [])


def test_what_comes_is_what_catching_up_brings(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    stream = listen(carol, room)

    bob.say(channel, "<b>bold</b> & https://example.org/?a=1&b=2\n\n🩷\u2028")
    changes = stream.wait_for_text("bold")

    fragment = carol.get(f"{channel}changes/?after=0").body.decode()
    assert changes.facts["html"].strip()
    assert changes.facts["html"].strip() in fragment


def test_a_channel_in_the_sidebar_alone_brings_numbers(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    stream = listen(carol)

    for number in range(3):
        bob.say(channel, f"message {number}")
    wait_for(
        lambda: any(event.facts["version"] == 3 for event in stream.of("count")), what="all three counted"
    )

    counts = stream.of("count")
    assert [seq for event in counts for seq, _author in event.facts["new"]] == [1, 2, 3]
    assert [event.facts["after"] for event in counts] == [0, *[e.facts["version"] for e in counts[:-1]]]
    assert not stream.of("changes")


def test_a_guest_sees_what_is_said_and_has_no_numbers(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    stream = listen(carol, room)

    bob.say(channel, "anybody here?")
    stream.wait_for_text("anybody here?")
    bob.say(channel, "nobody?")
    stream.wait_for_text("nobody?")

    assert not [event for event in stream.of("count") if event.facts["slug"] == room]


def test_edits_and_deletions_come_too(bob: Visitor, room: str, listen: Listen) -> None:
    channel = bob.create_channel(room)
    stream = listen(bob, room)
    client_id = bob.say(channel, "first words")
    stream.wait_for_text("first words")

    bob.send(f"/messages/{client_id}/edit/", text="second words")
    stream.wait_for_text("second words")
    bob.send(f"/messages/{client_id}/delete/")
    deletion = stream.wait_for("changes", version=3)

    assert "data-deleted" in deletion.facts["html"]
    assert "words" not in deletion.facts["html"]
    assert stream.wait_for("count", version=3).facts["gone"] == [[1, bob.username]]


def test_many_changes_are_told_in_order_and_without_a_gap(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    stream = listen(carol, room)

    names = [(bob if number % 2 else carol).say(channel, f"message {number}") for number in range(60)]
    stream.wait_for("changes", version=60)

    changes = stream.of("changes")
    told = [said for event in changes for said in said_in(event.facts["html"])]
    assert [seq for seq, _name in told] == list(range(1, 61))
    assert {name for _seq, name in told} == set(names)
    assert [event.facts["after"] for event in changes] == [0, *[e.facts["version"] for e in changes[:-1]]]


def test_more_than_a_stream_should_carry_is_a_hint_to_ask(
    site: Site, bob: Visitor, room: str, listen: Listen
) -> None:
    bob.create_channel(room)
    stream = listen(bob, room)
    aside = listen(bob)

    lines = "".join(json.dumps({"text": f"line {number}"}) + "\n" for number in range(450))
    many = f"""
import json, uuid
from django.utils import timezone
from channels_app.models import Channel
from accounts.models import User
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
author, room = User.objects.get(username={bob.username!r}), Channel.objects.get(slug={room!r})
texts = [json.loads(line)["text"] for line in {lines!r}.splitlines()]
persist([Envelope(uuid.uuid4(), room.pk, author.pk, t, timezone.now()) for t in texts], keep_rejected=True)
"""
    site.manage("shell", given=many)

    stream.wait_for("hint", slug=room)
    aside.wait_for("sidebar")


def test_clearing_the_history_is_told_to_ones_own_pages_alone(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    mine, hers = listen(bob, room), listen(carol, room)
    bob.say(channel, "to be cleared")
    client_id = bob.say(channel, "and edited later")
    mine.wait_for_text("and edited later")

    bob.send(f"{channel}clear/")
    mine.wait_for("hint", slug=room)
    mine.wait_for("sidebar")
    bob.send(f"/messages/{client_id}/edit/", text="but not for me")

    hers.wait_for_text("but not for me")
    wait_for(lambda: len(mine.of("hint")) > 1, what="a hint in place of what is cleared")
    assert not [event for event in mine.of("changes") if "but not for me" in event.facts["html"]]
    assert not hers.of("hint")


def test_joining_and_leaving_are_told_to_all_ones_streams(bob: Visitor, room: str, listen: Listen) -> None:
    stream, other = listen(bob), listen(bob, "public")

    channel = bob.create_channel(room)
    stream.wait_for("sidebar")
    other.wait_for("sidebar")
    bob.say(channel, "heard at once")
    stream.wait_for("count", slug=room)

    bob.send(f"{channel}unsubscribe/")
    wait_for(lambda: len(stream.of("sidebar")) > 1, what="word of leaving")


def test_another_topic_and_who_comes_and_goes_are_hints_to_ask(
    site: Site, admin: Visitor, bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    stream, aside = listen(bob, room), listen(bob)
    rows = site.rows("SELECT id FROM channels_app_channel WHERE slug = {}", room)

    carol.create_channel(room)
    stream.wait_for("hint", slug=room)
    assert 'data-members="2"' in bob.get(f"{channel}changes/?after=0").body.decode()
    answer = admin.send(f"/admin/channels_app/channel/{rows[0][0]}/change/", topic="Tea & cake")
    assert answer.status == 302, answer.body.decode()

    wait_for(lambda: len(stream.of("hint")) > 1, what="word of the topic")
    assert 'data-topic="Tea &amp; cake"' in bob.get(f"{channel}changes/?after=0").body.decode()
    assert not aside.of("hint")


def test_reading_is_told_to_ones_own_other_pages_alone(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    stream, hers = listen(carol), listen(bob)
    bob.say(channel, "read me")
    stream.wait_for("count", slug=room)
    told = len(stream.of("sidebar"))

    assert carol.script_post(f"{channel}read/", seq="1").status == 200

    wait_for(lambda: len(stream.of("sidebar")) > told, what="word that it was read")
    assert not hers.of("sidebar")


def test_who_writes_is_told_to_others_who_have_the_channel_open(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    elsewhere, hers, mine = listen(carol), listen(carol, room), listen(bob, room)

    answer = bob.script_post(f"{channel}typing/")

    assert answer.status == 204
    facts = hers.wait_for("typing").facts
    assert facts == {"slug": room, "username": bob.username, "name": bob.username}
    bob.say(channel, "there")
    elsewhere.wait_for("count", slug=room)
    mine.wait_for_text("there")
    assert not mine.of("typing")
    assert not elsewhere.of("typing")


@pytest.mark.stack
def test_what_is_accepted_and_then_rejected_is_told_to_its_author_alone(
    site: Site, admin: Visitor, bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    mine, aside, hers = listen(bob, room), listen(bob), listen(carol, room)
    assert site.worker is not None
    site.worker.pause()
    lost = [bob.say(channel, f"too late {number}") for number in range(2)]
    take_out(site, admin, bob, room)
    site.worker.resume()

    for stream in (mine, aside):
        for client_id in lost:
            stream.wait_for("rejected", client_id=str(client_id))
    carol.say(channel, "where did he go?")
    hers.wait_for_text("where did he go?")
    assert not hers.of("rejected")


def test_who_writes_is_told_whether_anybody_else_looks(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    carol.create_channel(room)
    mine, my_other_page, elsewhere = listen(bob, room), listen(bob), listen(carol)

    bob.script_post(f"{channel}typing/")
    bob.say(channel, "nobody?")
    mine.wait_for_text("nobody?")
    assert not mine.of("heard")

    hers = listen(carol, room)
    bob.script_post(f"{channel}typing/")
    mine.wait_for("heard", slug=room)
    hers.wait_for("typing", slug=room)
    assert not [event for stream in (my_other_page, elsewhere, hers) for event in stream.of("heard")]


def test_who_comes_back_gets_what_they_missed_before_they_have_to_ask(
    bob: Visitor, carol: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    stream = listen(carol, room)
    bob.say(channel, "heard")
    heard = stream.wait_for_text("heard")
    stream.close()
    other = listen(bob, room)
    bob.say(channel, "missed")
    client_id = bob.say(channel, "to be edited")
    other.wait_for_text("to be edited")
    bob.send(f"/messages/{client_id}/edit/", text="missed as well")
    other.wait_for_text("missed as well")

    with OpenStream(carol, room, **{"Last-Event-ID": heard.id}) as again:
        again.wait_until_ready()
        changes, ready = again.received[:2]

    assert (changes.kind, ready.kind) == ("changes", "ready")
    assert (changes.facts["after"], changes.facts["version"]) == (1, 4)
    assert [seq for seq, _name in said_in(changes.facts["html"])] == [2, 3]
    assert "missed as well" in changes.facts["html"]
    for nonsense in ("", "1", "x:y", f"{2**70}:1", "999999:1", heard.id.replace(":1", ":99")):
        with OpenStream(carol, room, **{"Last-Event-ID": nonsense}) as fresh:
            fresh.wait_until_ready()
            assert [event.kind for event in fresh.received] == ["ready"]


def test_who_comes_back_to_several_channels_gets_what_they_missed_in_each(
    bob: Visitor, carol: Visitor, room: str, unique: Callable[[str], str], listen: Listen
) -> None:
    slugs = [room, unique("room"), unique("room")]
    channels = [bob.create_channel(slug) for slug in slugs]
    stream = listen(carol, *slugs)
    for channel in channels:
        bob.say(channel, "heard")
    heard = [stream.wait_for("changes", slug=slug).id for slug in slugs]
    stream.close()
    other = listen(bob, *slugs)
    for slug, channel in zip(slugs[:2], channels, strict=False):
        bob.say(channel, f"missed in {slug}")
        other.wait_for_text(f"missed in {slug}")

    stale = heard[0].replace(":1", ":0")
    with OpenStream(carol, *slugs, last=heard) as again:
        again.wait_until_ready()
        assert [event.kind for event in again.received] == ["changes", "changes", "ready"]
        for slug, event in zip(slugs[:2], again.received, strict=False):
            assert (event.facts["slug"], event.facts["after"], event.facts["version"]) == (slug, 1, 2)
            assert f"missed in {slug}" in event.facts["html"]
    with OpenStream(carol, *slugs, last=[stale, heard[1]], **{"Last-Event-ID": heard[0]}) as by_itself:
        by_itself.wait_until_ready()
        told = {event.facts["slug"]: event.facts["after"] for event in by_itself.of("changes")}
        assert told == {slugs[0]: 1, slugs[1]: 1}


def test_of_more_channels_than_a_stream_shows_the_newest_are_shown(
    bob: Visitor, room: str, listen: Listen
) -> None:
    channel = bob.create_channel(room)
    stream = listen(bob, "public", *(f"tab-{number}" for number in range(MOST_OPEN - 1)), room)

    bob.say(channel, "in the newest tab")
    stream.wait_for_text("in the newest tab")
    bob.say("/channels/public/", "in the oldest tab")
    stream.wait_for("count", slug="public")
    assert not [event for event in stream.of("changes") if event.facts["slug"] == "public"]


def test_what_is_no_question_for_a_stream_is_refused(bob: Visitor) -> None:
    too_much = bob.ask(f"/live/?{'a&' * 1_001}")
    assert (too_much.status, too_much.json()["code"]) == (400, "malformed")
    with OpenStream(bob, Host="elsewhere.example") as elsewhere:
        assert (elsewhere.status, elsewhere.refusal["code"]) == (400, "malformed")


def test_a_stream_says_how_to_treat_it(bob: Visitor, listen: Listen) -> None:
    stream = listen(bob)

    assert stream.headers["content-type"] == "text/event-stream"
    assert "no-store" in stream.headers["cache-control"]
    assert stream.of("ready")[0].facts == {"user": bob.username}
    assert len({listen(bob).retry_ms for _stream in range(5)}) > 1


def test_who_is_not_logged_in_gets_none(site: Site, bob: Visitor) -> None:
    with Visitor(site.url, "nobody") as nobody, OpenStream(nobody) as stream:
        assert (stream.status, stream.refusal["code"]) == (401, "logged_out")
    for made_up in ("abc123", "made up", "\xff", "x" * 4_000):
        with OpenStream(bob, Cookie=f"chat_session={made_up}") as stream:
            assert (stream.status, stream.refusal["code"]) == (401, "logged_out")


def test_only_a_look_opens_a_stream(bob: Visitor) -> None:
    assert bob.send("/live/").status == 405


def test_who_asks_for_the_headers_alone_gets_no_body() -> None:
    host = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "HEAD", "path": "/live/", "query_string": b"", "headers": host}

    async def answer() -> list[Any]:
        asker: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
        return [await asker.receive_output() for _part in ("start", "body")]

    start, body = asyncio.run(answer())

    assert (start["status"], body["body"]) == (405, b"")


def test_channels_that_do_not_exist_are_left_out(bob: Visitor, room: str, listen: Listen) -> None:
    channel = bob.create_channel(room)
    stream = listen(bob, "no-such-channel", "\x00", "x" * 300, room)

    bob.say(channel, "here")
    stream.wait_for_text("here")


def test_one_person_has_so_many_streams_and_no_more(person: MakePerson, listen: Listen) -> None:
    bob, carol = person("bob"), person("carol")
    streams = [listen(bob) for _number in range(settings.LIVE_STREAMS_PER_USER)]

    with OpenStream(bob) as refused:
        assert (refused.status, refused.refusal["code"]) == (429, "too_many_streams")
        assert "retry-after" in refused.headers
    listen(carol)
    streams[0].close()

    def is_let_in() -> bool:
        with OpenStream(bob) as stream:
            return stream.status == 200

    wait_for(is_let_in, what="a place that is free again")


def test_streams_hold_no_threads_and_no_connections_to_the_database(
    site: Site, person: MakePerson, listen: Listen
) -> None:
    people = [person(f"person-{number}") for number in range(3)]
    listen(people[0])
    processes = psutil.Process(site.live.pid).children()

    def cost() -> tuple[int, int]:
        threads = sum(process.num_threads() for process in processes)
        files = [file for process in processes for file in process.open_files()]
        return threads, len([file for file in files if "sqlite3" in file.path])

    def connections() -> int:
        if not site.is_stack:
            return 0
        found = site.rows("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()")
        return int(found[0][0])

    threads, files = cost()
    before = connections()
    for _round in range(10):
        for someone in people:
            listen(someone, "public")

    assert cost()[0] <= threads + 1
    assert cost()[1] <= files + 1
    assert connections() <= before + 1


def test_streams_end_when_the_server_does_and_do_not_hold_it_up(
    site: Site, bob: Visitor, listen: Listen
) -> None:
    stream = listen(bob)
    bob.hang_up()

    stopped_at = time.monotonic()
    site.live.stop()
    gone_after_s = time.monotonic() - stopped_at
    site.restart(site.live)

    assert stream.wait_until_ended() - stopped_at < SOON_S
    assert gone_after_s < 5
    listen(bob)


@pytest.mark.long
def test_a_stream_is_never_silent_for_long(bob: Visitor, listen: Listen) -> None:
    stream = listen(bob)

    wait_for(lambda: stream.heartbeats >= 2, what="two heartbeats", timeout_s=45)


@pytest.mark.django_db
def test_a_server_without_streams_says_so(client: Client) -> None:
    answer = client.get("/live/", headers={"Accept": "text/event-stream"})

    assert (answer.status_code, answer.json()["code"]) == (503, "no_streams")
    assert "Retry-After" not in answer


def test_saying_that_one_writes_takes_no_query_with_a_ticket(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    bob = signed_in(cast.bob)
    page = bob.get("/channels/design/").content.decode()
    found = re.search(r'data-ticket="([^"]+)"', page)
    assert found

    with django_assert_num_queries(0):
        answer = bob.post("/channels/design/typing/", {"ticket": found[1], "author": "bob"})

    assert answer.status_code == 204
    assert bob.post("/channels/design/typing/").status_code == 204


def test_only_members_say_that_they_write(cast: Cast) -> None:
    json_please = {"Accept": "application/json"}
    assert signed_in(cast.mallory).post("/channels/design/typing/", headers=json_please).status_code == 403
    assert Client().post("/channels/design/typing/", headers=json_please).status_code == 401
    assert signed_in(cast.bob).get("/channels/design/typing/", headers=json_please).status_code == 405
