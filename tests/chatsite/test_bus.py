"""The bus, on a real broker and a wire that can be cut: it is heard again, and nobody ever waits for it."""

import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kombu
import pytest
from django.conf import LazySettings
from django.db import transaction

from chatsite.live import publisher
from chatsite.live.bus import Hearing, announce, listen
from chatsite.live.events import Event, channel_changed, memberships_changed, typing
from chatsite.live.wire import exchange_name
from tests.faults.proxy import Proxy
from tests.faults.tls import tls_before
from tests.waiting import wait_for

UNNOTICED_S = 0.5  # for a thousand announcements
FOUND_OUT_S = 2.0
HELD_UP_S = 1.5
LONGEST_FLUSH_S = 10.0


@pytest.fixture
def wire(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The wire to the broker, for a process that has announced nothing yet, on a bus of its own."""
    settings.QUEUE_PREFIX = f"bus.{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(publisher, "_publisher", None)
    direct = settings.BROKER_URL
    url = urlsplit(direct)
    with Proxy(url.port or 5672) as wire:
        netloc = f"{url.username}:{url.password}@127.0.0.1:{wire.port}"
        settings.BROKER_URL = url._replace(netloc=netloc).geturl()
        yield wire
    with kombu.Connection(direct) as connection:
        channel: Any = connection.default_channel
        channel.exchange_delete(exchange_name())


class Ears:
    """What a hub's end of the bus heard."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.hearing: Hearing = listen(self.heard.append)

    def wait_for(self, event: Event) -> None:
        wait_for(lambda: event in self.heard, what=f"{event} among {self.heard}")

    def wait_until_sound(self) -> None:
        wait_for(lambda: self.hearing.is_sound, what="a bus that is sound")


@pytest.fixture
def ears(wire: Proxy) -> Iterator[Ears]:
    made = Ears()
    made.wait_until_sound()
    yield made
    made.hearing.stop()


@pytest.fixture
def ears_of_others(wire: Proxy, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ears]:
    """Hear whatever becomes of the wire, which is the one by which this process announces."""
    wired = settings.BROKER_URL
    settings.BROKER_URL = wired.replace(f":{wire.port}", f":{wire.target_port}")
    made = Ears()
    made.wait_until_sound()
    settings.BROKER_URL = wired
    monkeypatch.setattr(publisher, "_publisher", None)  # the one that the ears made
    yield made
    made.hearing.stop()


@pytest.mark.stack
def test_what_is_announced_is_heard_whatever_it_is_about(ears: Ears) -> None:
    events = [channel_changed(7, 12), memberships_changed(3), typing(7, 3)]

    announce(*events)

    for event in events:
        ears.wait_for(event)
    assert ears.heard == events


@pytest.mark.stack
def test_of_many_hints_of_the_same_the_last_is_heard(ears: Ears) -> None:
    for version in range(1, 2_001):
        announce(channel_changed(7, version))

    ears.wait_for(channel_changed(7, 2_000))


@pytest.mark.stack
def test_two_hubs_hear_the_same(ears: Ears) -> None:
    others = Ears()
    others.wait_until_sound()

    announce(channel_changed(1, 1))

    ears.wait_for(channel_changed(1, 1))
    others.wait_for(channel_changed(1, 1))
    others.hearing.stop()


@pytest.mark.stack
@pytest.mark.parametrize("is_hanging", [True, False], ids=["hangs", "gone"])
def test_nobody_waits_for_a_broker_that_is_away_and_it_is_heard_again(
    wire: Proxy, ears: Ears, is_hanging: bool
) -> None:
    announce(channel_changed(1, 1))
    ears.wait_for(channel_changed(1, 1))
    losses = ears.hearing.losses

    (wire.hold if is_hanging else wire.cut)()
    away_at = time.monotonic()
    for number in range(1_000):
        announce(channel_changed(number, 1))
    took_s = time.monotonic() - away_at
    wait_for(lambda: not ears.hearing.is_sound, what="word that the bus is not sound")
    found_out_s = time.monotonic() - away_at
    wire.mend()
    ears.wait_until_sound()
    announce(channel_changed(2, 2))

    ears.wait_for(channel_changed(2, 2))
    assert took_s < UNNOTICED_S
    assert found_out_s < FOUND_OUT_S
    assert is_hanging or ears.hearing.losses > losses


@pytest.mark.stack
@pytest.mark.parametrize("is_on_its_way", [False, True], ids=["closed before", "closed meanwhile"])
def test_what_was_announced_when_the_connection_broke_is_heard_and_waited_for(
    wire: Proxy, ears_of_others: Ears, is_on_its_way: bool
) -> None:
    announce(channel_changed(1, 1))
    ears_of_others.wait_for(channel_changed(1, 1))

    if is_on_its_way:
        wire.hold()
        announce(memberships_changed(3))
        wire.cut()
    else:
        wire.cut()
        announce(memberships_changed(3))
    wire.mend()
    started_at = time.monotonic()
    publisher.the_publisher().flush(LONGEST_FLUSH_S)

    assert time.monotonic() - started_at < LONGEST_FLUSH_S
    ears_of_others.wait_for(memberships_changed(3))


@pytest.mark.stack
def test_a_node_that_hangs_behind_tls_is_left_for_one_that_answers(
    wire: Proxy,
    ears_of_others: Ears,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    good = settings.BROKER_URL
    with tls_before(wire.port, tmp_path) as secured, Proxy(secured.port) as hanging:
        monkeypatch.setenv("SSL_CERT_FILE", str(secured.certificate))
        settings.BROKER_URL = good.replace("amqp:", "amqps:").replace(f":{wire.port}", f":{hanging.port}")
        monkeypatch.setattr(publisher, "_publisher", None)  # one that found the broker before
        announce(channel_changed(1, 1))
        ears_of_others.wait_for(channel_changed(1, 1))

        hanging.hold()
        settings.BROKER_URL = good
        announce(memberships_changed(3))

        ears_of_others.wait_for(memberships_changed(3))


@pytest.mark.stack
def test_that_somebody_wrote_is_not_told_long_afterwards(
    wire: Proxy, ears_of_others: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "HELD_FLEETING_FOR_S", 0.0)
    announce(channel_changed(1, 1))
    ears_of_others.wait_for(channel_changed(1, 1))

    wire.cut()
    announce(typing(7, 3), memberships_changed(3))
    wire.mend()

    ears_of_others.wait_for(memberships_changed(3))
    assert typing(7, 3) not in ears_of_others.heard


@pytest.mark.stack
def test_a_process_that_was_held_up_does_not_take_that_for_a_loss_of_the_bus(ears: Ears) -> None:
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(10 * HELD_UP_S)  # no other thread of this process gets its turn
    held_until = time.monotonic() + HELD_UP_S
    while time.monotonic() < held_until:
        pass
    was_sound = ears.hearing.is_sound
    sys.setswitchinterval(interval_s)

    assert was_sound


@pytest.mark.stack
def test_a_broker_that_is_away_from_the_beginning_is_found_later(wire: Proxy) -> None:
    wire.cut()
    ears = Ears()
    announce(channel_changed(1, 1))
    assert ears.hearing.has_tried.wait(10)
    assert not ears.hearing.is_sound

    wire.mend()
    ears.wait_until_sound()
    announce(channel_changed(1, 2))

    ears.wait_for(channel_changed(1, 2))
    ears.hearing.stop()


@pytest.mark.stack
def test_a_fork_announces_by_a_connection_of_its_own(ears: Ears) -> None:
    announce(channel_changed(1, 1))
    ears.wait_for(channel_changed(1, 1))

    child = os.fork()
    if child == 0:
        announce(channel_changed(1, 2))
        publisher.the_publisher().flush()
        os._exit(0)
    os.waitpid(child, 0)
    announce(channel_changed(1, 3))

    ears.wait_for(channel_changed(1, 2))
    ears.wait_for(channel_changed(1, 3))


@pytest.mark.embedded
def test_without_a_broker_this_process_hears_itself() -> None:
    ears = Ears()

    announce(channel_changed(1, 1))
    ears.hearing.stop()
    announce(channel_changed(1, 2))

    assert ears.heard == [channel_changed(1, 1)]


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_what_is_undone_is_never_announced_and_the_rest_once_it_is_committed() -> None:
    ears = Ears()

    with transaction.atomic():
        announce(channel_changed(1, 1))
        assert not ears.heard
        transaction.set_rollback(True)
    with transaction.atomic():
        announce(channel_changed(1, 2))
        assert not ears.heard

    assert ears.heard == [channel_changed(1, 2)]
    ears.hearing.stop()


def test_an_event_is_read_as_it_was_written() -> None:
    event = typing(7, 3)

    assert Event.from_json(event.topic, event.as_json()) == event
    for topic, body in [("channel.x", "[]"), ("channel.1", "{}"), ("channel.1", "no"), ("pulse", '["a",{}]')]:
        with pytest.raises(ValueError):
            Event.from_json(topic, body)
