"""Publishing: what reaches the broker is an ordinary Celery call, and what it did not take is a fault."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import kombu
import psutil
import pytest
from celery import current_app
from celery.worker.request import Request
from django.conf import LazySettings
from kombu import Queue

from messaging.pipeline import broker
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.publish import ACCEPT_TIMEOUT_S, PERSIST_TASK, BrokerAway, publish
from messaging.pipeline.queues import PERSIST, persist_queue_name, persist_queues
from tests.faults.proxy import Proxy
from tests.faults.tls import tls_before
from tests.threads import run_together
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

CHANNEL = 7


@pytest.fixture
def connection(settings: LazySettings) -> Iterator[kombu.Connection]:
    """The broker, with queues under a prefix that nobody reads."""
    settings.QUEUE_PREFIX = f"unread.{uuid.uuid4().hex[:8]}"
    with kombu.Connection(settings.BROKER_URL) as connection:
        broker.close_idle()
        yield connection
        broker.close_idle()
        channel: Any = connection.channel()
        for queue in persist_queues():
            channel.queue_delete(queue.name)
        channel.exchange_delete(settings.QUEUE_PREFIX)


@pytest.fixture
def wire(connection: kombu.Connection, settings: LazySettings) -> Iterator[Proxy]:
    """The wire to the broker."""
    url = urlsplit(settings.BROKER_URL)
    with Proxy(url.port or 5672) as wire:
        netloc = f"{url.username}:{url.password}@127.0.0.1:{wire.port}"
        settings.BROKER_URL = url._replace(netloc=netloc).geturl()
        yield wire
        broker.close_idle()


def envelope(text: str = "hello", *, channel_id: int = CHANNEL) -> Envelope:
    return Envelope(uuid.uuid4(), channel_id, 3, text, datetime(2026, 7, 1, 12, tzinfo=UTC))


def arrived(connection: kombu.Connection, count: int, *, channel_id: int = CHANNEL) -> list[Any]:
    """The next `count` messages of the queue."""
    messages: list[Any] = []
    queue = Queue(persist_queue_name(channel_id))
    with connection.Consumer(queue, on_message=messages.append, no_ack=True, auto_declare=False):
        while len(messages) < count:
            connection.drain_events(timeout=10)
    return messages


def test_what_is_published_is_a_call_of_the_task_to_any_celery_worker(connection: kombu.Connection) -> None:
    sent = envelope("Ça va? 🩷")
    publish(sent)

    [message] = arrived(connection, 1)
    current_app.loader.import_default_modules()  # as a worker does
    call: Any = Request(message, app=current_app)

    assert (call.name, call.id) == (PERSIST_TASK, str(sent.client_id))
    assert message.headers["task"] in current_app.tasks
    assert (call.kwargs, len(call.args)) == ({}, 1)
    assert Envelope.from_json(call.args[0]) == sent
    assert (call.eta, call.expires, call.time_limits) == (None, None, (None, None))


def test_what_is_published_survives_the_broker(connection: kombu.Connection) -> None:
    publish(envelope())

    [message] = arrived(connection, 1)
    assert message.properties["delivery_mode"] == 2


def test_a_queue_that_nobody_declared_yet_is_declared(connection: kombu.Connection) -> None:
    publish(envelope("first"))
    channel: Any = connection.default_channel
    channel.queue_delete(persist_queue_name(CHANNEL))
    publish(envelope("second"))

    [message] = arrived(connection, 1)
    assert "second" in message.body


def test_a_queue_that_takes_no_more_is_its_own_fault_alone(
    connection: kombu.Connection, settings: LazySettings
) -> None:
    full = Queue(
        persist_queue_name(CHANNEL),
        kombu.Exchange(settings.QUEUE_PREFIX, type="direct", durable=True),
        routing_key=persist_queue_name(CHANNEL),
        queue_arguments={**PERSIST, "x-max-length": 1},
    )
    full(connection.default_channel).declare()

    with pytest.raises(BrokerAway):  # noqa: PT012  # the limit of a quorum queue is not exact
        for _try in range(10):
            publish(envelope())

    publish(envelope(channel_id=CHANNEL + 1))
    with pytest.raises(BrokerAway):
        publish(envelope())
    assert len(arrived(connection, 1, channel_id=CHANNEL + 1)) == 1


def test_threads_never_share_a_connection(connection: kombu.Connection) -> None:
    sent = [envelope(f"{number}") for number in range(40)]
    publish(sent[0])  # declares the queue

    def publish_all(some: list[Envelope]) -> None:
        for each in some:
            publish(each)

    run_together([partial(publish_all, sent[1 + thread :: 8]) for thread in range(8)])

    messages = arrived(connection, len(sent))
    assert {message.headers["id"] for message in messages} == {str(each.client_id) for each in sent}


def test_a_connection_that_the_broker_closed_is_replaced(wire: Proxy, connection: kombu.Connection) -> None:
    publish(envelope("before"))
    wire.cut()
    wire.mend()

    publish(envelope("after"))

    before, after = arrived(connection, 2)
    assert "before" in before.body
    assert "after" in after.body


@pytest.mark.parametrize("is_connected", [True, False])
def test_a_broker_that_hangs_is_given_up_in_time_and_the_next_post_does_not_wait(
    wire: Proxy, is_connected: bool
) -> None:
    if is_connected:
        publish(envelope())
    wire.hold()

    started_at = time.monotonic()
    with pytest.raises(BrokerAway):
        publish(envelope())
    gave_up_at = time.monotonic()
    with pytest.raises(BrokerAway):
        publish(envelope())

    assert gave_up_at - started_at < ACCEPT_TIMEOUT_S + 0.5
    assert time.monotonic() - gave_up_at < 0.1


def test_a_broker_that_hangs_behind_tls_is_given_up_in_time_too(
    connection: kombu.Connection, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = urlsplit(settings.BROKER_URL)
    with tls_before(url.port or 5672, tmp_path) as secured, Proxy(secured.port) as wire:
        monkeypatch.setenv("SSL_CERT_FILE", str(secured.certificate))
        netloc = f"{url.username}:{url.password}@127.0.0.1:{wire.port}"
        settings.BROKER_URL = url._replace(scheme="amqps", netloc=netloc).geturl()
        run_together([partial(publish, envelope()) for _thread in range(4)])
        assert connections_over(wire) > 1
        wire.hold()

        # In a thread: who waits for the other end's farewells, on the idle connections too, never returns.
        posting = Thread(target=partial(pytest.raises, BrokerAway, publish, envelope()), daemon=True)
        posting.start()

        wait_for(
            lambda: not posting.is_alive(), what="the post to be given up", timeout_s=ACCEPT_TIMEOUT_S + 0.5
        )


def test_a_node_that_is_away_is_passed_over(
    wire: Proxy, connection: kombu.Connection, settings: LazySettings
) -> None:
    wire.cut()
    settings.BROKER_URL = f"{settings.BROKER_URL};{connection.as_uri(include_password=True)}"

    publish(envelope())

    assert len(arrived(connection, 1)) == 1


def connections_over(wire: Proxy) -> int:
    return len([each for each in psutil.Process().net_connections() if each.raddr[1:] == (wire.port,)])


def test_a_connection_with_a_fault_is_never_used_again_and_no_idle_one_either(wire: Proxy) -> None:
    run_together([partial(publish, envelope()) for _thread in range(4)])
    assert connections_over(wire) > 1
    wire.hold()

    with pytest.raises(BrokerAway):
        publish(envelope())

    assert connections_over(wire) == 0


def test_a_node_that_hangs_leaves_time_for_the_next_and_many_at_once_pass_over_it(
    wire: Proxy, connection: kombu.Connection, settings: LazySettings
) -> None:
    good = connection.as_uri(include_password=True)
    settings.BROKER_URL = f"{settings.BROKER_URL};{good}"
    publish(envelope())  # a queue that four declare at once refuses messages until it has a leader
    [_first] = arrived(connection, 1)
    broker.close_idle()
    wire.hold()

    run_together([partial(publish, envelope()) for _thread in range(4)])

    assert len(arrived(connection, 4)) == 4
    assert broker._nodes(settings.BROKER_URL)[0] == good
