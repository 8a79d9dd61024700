"""What a worker acknowledges and takes over when something breaks in it, or at the broker's side."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kombu
import pytest
from amqp.exceptions import NotFound

from tests.site import PYTHON, Part, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

MESSAGES = 20


@contextmanager
def troubled(site: Site, trouble: str) -> Iterator[Part]:
    """A worker of `site` with a fault of its own; see tests.messaging.troubled."""
    worker = Part(
        "troubled worker",
        [PYTHON, "-m", "celery", "--quiet", "-A", "tests.messaging.troubled", "worker"],
        environment={**site.environment, "TROUBLE": trouble},
        log=site.folder / "troubled.log",
    )
    worker.start()
    try:
        yield worker
    except Exception as error:
        error.add_note(worker.last_words())
        raise
    finally:
        worker.stop()


def test_a_worker_that_breaks_down_acknowledges_nothing_behind_what_it_did_not_store() -> None:
    with Site.stack(workers=0, PERSIST_BATCH="1") as site, Visitor(site.url, "bob") as bob:
        bob.sign_up()
        said = [bob.say("/channels/public/", text) for text in ["trouble", *map(str, range(MESSAGES))]]
        with troubled(site, "an error of our own") as worker:
            wait_for(lambda: not worker.is_running, what="the worker to end", timeout_s=60)

        site.add_worker()

        with site.explained():
            wait_for(lambda: site.stored_count("public") >= len(said), what="all that was said", timeout_s=30)
        assert site.stored("public") == said


def test_what_is_acknowledged_was_told() -> None:
    with Site.stack(workers=0) as site, Visitor(site.url, "bob") as bob, events(site, "channel.1") as heard:
        bob.sign_up()
        bob.say("/channels/public/", "hello")
        with troubled(site, "it dies when it is to tell") as worker:
            wait_for(lambda: not worker.is_running, what="the worker to die", timeout_s=60)
        assert site.stored_count("public") == 1
        assert not heard()

        site.add_worker()

        with site.explained():
            wait_for(heard, what="the message to be told", timeout_s=30)


@contextmanager
def events(site: Site, topic: str) -> Iterator[Callable[[], bool]]:
    """Whether a change of `topic` was told on the bus since the last question, or the beginning."""
    exchange = f"{site.environment['QUEUE_PREFIX']}.live"
    with kombu.Connection(site.environment["BROKER_URL"]) as broker:
        channel: Any = broker.default_channel
        channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)
        bound = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(bound, exchange, topic)

        def was_told() -> bool:
            said = iter(lambda: channel.basic_get(bound, no_ack=True), None)
            return "changed" in [json.loads(message.body)[0] for message in said]

        yield was_told


def test_a_queue_that_is_gone_when_it_is_taken_over_is_made_again() -> None:
    with Site.stack(workers=1) as site, troubled(site, "the roster is heard at ticks alone") as heir:
        wait_for(lambda: settled(site) == 2, what="two workers that share the queues", timeout_s=30)
        [first] = site.workers
        own, others = queue(site, 0), queue(site, 1)

        heir.pause()
        first.kill()
        wait_for(lambda: consumers(site, own) == 0, what="the queue to be without a consumer")
        with kombu.Connection(site.environment["BROKER_URL"]) as broker:
            channel: Any = broker.default_channel
            channel.queue_delete(own)
        heir.resume()

        wait_for(lambda: consumers(site, own) == consumers(site, others) == 1, what="both queues to be read")


def queue(site: Site, partition: int) -> str:
    return f"{site.environment['QUEUE_PREFIX']}.persist.{partition}"


def consumers(site: Site, name: str) -> int:
    with kombu.Connection(site.environment["BROKER_URL"]) as broker:
        channel: Any = broker.default_channel
        try:
            count: int = channel.queue_declare(name, passive=True).consumer_count
        except NotFound:
            return 0
    return count


def settled(site: Site) -> int:
    """How many workers have been there for long enough to have the queues that are theirs."""
    [(count,)] = site.rows(
        "SELECT COUNT(*) FROM messaging_worker WHERE seen_at > started_at + INTERVAL 3 SECOND"
    )
    return int(count)
