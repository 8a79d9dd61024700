"""Nothing depends on a hint: what is announced to nobody is told all the same, a little later."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.messaging.test_stream import Listen, MakePerson
from tests.site import Site
from tests.streams import OpenStream
from tests.visitor import Visitor
from tests.waiting import wait_for

LOOK_S = 15  # versions are looked at every ten seconds
REVIEW_S = 45  # sessions, accounts and memberships are read again every thirty

Change = Callable[["Room"], None]


class Room:
    """A channel of bob and carol with a message of bob's, and changes to it that no hub hears of."""

    def __init__(self, site: Site, bob: Visitor, carol: Visitor, slug: str) -> None:
        self.site = site
        self.slug = slug
        self.channel = bob.create_channel(slug)
        carol.create_channel(slug)
        self.carol = carol.username
        bob.say(self.channel, "the first message")
        wait_for(lambda: site.stored_count(slug) == 1, what="the first message to be stored")

    def do(self, words: str) -> None:
        """Run `words` where no bus is, with what they are about by its name."""
        self.site.manage(
            "shell",
            given=f"""
import uuid
from django.conf import settings
from django.utils import timezone
from accounts.models import User
from channels_app import actions
from channels_app.models import Channel
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
settings.BROKER_URL = ""
channel = Channel.objects.get(slug={self.slug!r})
carol = User.objects.get(username={self.carol!r})
{words}
""",
        )


@pytest.fixture
def quiet_room(site: Site, person: MakePerson, room: str) -> tuple[Room, Visitor]:
    bob, carol = person("bob"), person("carol")
    return Room(site, bob, carol, room), carol


def read(room: Room) -> None:
    room.do("actions.mark_read(carol, channel, seq=1)")


def unread(room: Room) -> None:
    room.do("actions.mark_unread(carol, channel, seq=1)")


def mute(room: Room) -> None:
    room.do("actions.mute_channel(carol, channel, is_muted=True)")


def notify(room: Room) -> None:
    room.do("actions.notify_of_channel(carol, channel, notifies=True)")


def clear(room: Room) -> None:
    room.do("actions.clear_channel(carol, channel)")


def is_told_again(stream: OpenStream, change: Callable[[], None], *, timeout_s: float) -> None:
    told = len(stream.of("sidebar"))
    change()
    wait_for(lambda: len(stream.of("sidebar")) > told, what="word of the sidebar", timeout_s=timeout_s)


@pytest.mark.embedded
def test_what_was_read_or_muted_elsewhere_is_found_out(
    quiet_room: tuple[Room, Visitor], listen: Listen
) -> None:
    room, carol = quiet_room
    stream = listen(carol)

    for change in (read, unread, notify, mute, clear):
        is_told_again(stream, partial(change, room), timeout_s=LOOK_S)


@pytest.mark.stack
@pytest.mark.long
def test_what_was_read_elsewhere_is_found_out_while_the_bus_is_sound(
    quiet_room: tuple[Room, Visitor], listen: Listen
) -> None:
    room, carol = quiet_room
    stream = listen(carol)

    is_told_again(stream, lambda: read(room), timeout_s=REVIEW_S)


def test_a_message_that_was_announced_to_nobody_comes_with_the_next_look(
    quiet_room: tuple[Room, Visitor], listen: Listen
) -> None:
    room, carol = quiet_room
    stream, aside = listen(carol, room.slug), listen(carol)

    room.do(
        "persist([Envelope(uuid.uuid4(), channel.pk, carol.pk, 'is this on?', timezone.now())], "
        "keep_rejected=True)"
    )

    wait_for(lambda: stream.of("changes"), what="the message", timeout_s=LOOK_S)
    assert "is this on?" in stream.of("changes")[0].facts["html"]
    aside.wait_for("count", slug=room.slug, after=1, version=2)
