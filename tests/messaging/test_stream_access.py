"""Who may listen, and no longer: a stream ends within a second of the right to it, whatever is away."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest

from tests.admin import deactivate, set_password, take_out, user_id
from tests.messaging.test_stream import SOON_S, Listen, MakePerson
from tests.site import Site
from tests.streams import OpenStream, Received
from tests.visitor import PASSWORD, Visitor
from tests.waiting import wait_for

RACES = 8

_numbers = count(1)

EndSession = Callable[[Site, Visitor, Visitor], object]


@pytest.fixture
def bob(person: MakePerson) -> Visitor:
    return person("bob")


def end_of(stream: OpenStream, act: Callable[[], object]) -> float:
    """How long after `act()` returned the stream ended, in seconds; it is said goodbye."""
    act()
    acted_at = time.monotonic()
    ended_at = stream.wait_until_ended()
    assert stream.of("bye")[0].facts == {"reason": "logged_out"}
    return ended_at - acted_at


def log_out(someone: Visitor) -> None:
    assert someone.send("/accounts/logout/").status == 302


# All that ends sessions; done by an admin, or by the one whom it is about.
WAYS_OUT: dict[str, EndSession] = {
    "logged out": lambda _site, _admin, someone: log_out(someone),
    "deactivated": deactivate,
    "another password": set_password,
}


def test_logging_out_ends_the_streams_of_that_session_alone(site: Site, bob: Visitor, listen: Listen) -> None:
    with Visitor(site.url, bob.username) as elsewhere:
        elsewhere.log_in()
        here, there = listen(bob, "public"), listen(elsewhere, "public")

        assert end_of(here, lambda: log_out(bob)) < SOON_S

        elsewhere.say("/channels/public/", f"still here, {bob.username}")
        there.wait_for_text(f"still here, {bob.username}")


def test_logging_out_of_the_admin_ends_streams(admin: Visitor, listen: Listen) -> None:
    stream = listen(admin)

    assert end_of(stream, lambda: admin.send("/admin/logout/")) < SOON_S


def test_an_account_that_ends_ends_its_streams(
    site: Site, bob: Visitor, admin: Visitor, listen: Listen
) -> None:
    stream = listen(bob)

    assert end_of(stream, lambda: deactivate(site, admin, bob)) < SOON_S
    with OpenStream(bob) as refused:
        assert refused.status == 401


def test_another_password_ends_all_streams(site: Site, bob: Visitor, admin: Visitor, listen: Listen) -> None:
    streams = [listen(bob), listen(bob, "public")]

    assert end_of(streams[0], lambda: set_password(site, admin, bob)) < SOON_S
    streams[1].wait_until_ended()


def test_a_password_of_ones_own_ends_ones_other_streams(site: Site, bob: Visitor, listen: Listen) -> None:
    with Visitor(site.url, bob.username) as elsewhere:
        elsewhere.log_in()
        stream = listen(elsewhere)
        fields = {"oldpassword": PASSWORD, "password1": "another four unrelated words"}

        assert end_of(stream, lambda: bob.send("/accounts/password/change/", **fields)) < SOON_S


def counted(stream: OpenStream, slug: str) -> list[Received]:
    return [event for event in stream.of("count") if event.facts["slug"] == slug]


def test_who_is_taken_out_has_no_numbers_any_more_and_reads_on_as_a_guest(
    site: Site, bob: Visitor, admin: Visitor, person: MakePerson, room: str, listen: Listen
) -> None:
    carol = person("carol")
    channel = bob.create_channel(room)
    carol.create_channel(room)
    aside, opened, mine = listen(carol), listen(carol, room), listen(bob)

    take_out(site, admin, carol, room)
    taken_out_at = time.monotonic()
    for stream in (aside, opened):
        assert stream.wait_for("sidebar").at - taken_out_at < SOON_S
    bob.say(channel, "among us")
    mine.wait_for("count", slug=room)

    opened.wait_for_text("among us")
    assert not counted(aside, room)
    assert not counted(opened, room)


def is_heard_without_number(stream: OpenStream, writer: Visitor, channel: str) -> bool:
    """Have `writer` say something. Its number would come right behind it, so before what is said next."""
    slug = channel.split("/")[2]
    before = len(counted(stream, slug))
    for _message in range(2):
        text = f"message {next(_numbers)}."
        writer.say(channel, text)
        stream.wait_for_text(text)
    return len(counted(stream, slug)) == before


def test_who_is_taken_out_in_the_moment_in_which_a_stream_begins_has_no_numbers(
    site: Site, bob: Visitor, admin: Visitor, person: MakePerson, unique: Callable[[str], str]
) -> None:
    carol = person("carol")
    with ThreadPoolExecutor(1) as other:
        for _race in range(RACES):
            room = unique("room")
            channel = bob.create_channel(room)
            carol.create_channel(room)
            taken_out = other.submit(take_out, site, admin, carol, room)
            with OpenStream(carol, room) as stream:
                stream.wait_until_ready()
                taken_out.result()
                # Two processes tell of the two: word of a message may come first, but not for long.
                wait_for(
                    partial(is_heard_without_number, stream, bob, channel),
                    what="a message without a number",
                    timeout_s=SOON_S,
                )
                assert is_heard_without_number(stream, bob, channel)


def test_a_session_that_runs_out_ends_its_streams(site: Site, bob: Visitor, listen: Listen) -> None:
    stream = listen(bob)
    site.manage(
        "shell",
        given=f"""
from django.contrib.sessions.models import Session
from django.utils import timezone
Session.objects.filter(session_key={bob.session_key!r}).update(expire_date=timezone.now())
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed
announce(sessions_changed({user_id(site, bob)}))
""",
    )

    stream.wait_until_ended()


@pytest.mark.parametrize("way", WAYS_OUT)
def test_what_ends_a_session_ends_the_stream_that_begins_in_the_same_moment(
    site: Site, admin: Visitor, person: MakePerson, way: str
) -> None:
    with ThreadPoolExecutor(1) as other:
        for _race in range(RACES):
            bob = person("bob")
            session = other.submit(WAYS_OUT[way], site, admin, bob)
            with OpenStream(bob) as stream:
                session.result()
                ended_at = time.monotonic()
                if stream.status == 200:
                    assert stream.wait_until_ended() - ended_at < SOON_S
                else:
                    assert stream.status == 401
