"""The worker as it runs on a server: it stores in batches, and nothing that comes out of a queue stops it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from messaging.models import Message, RejectedMessage, Tombstone
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.publish import publish
from messaging.pipeline.queues import persist_queue_name, tasks_queue
from messaging.tasks import persist
from tests.cast import Cast
from tests.messaging.test_persist import envelope
from tests.messaging.workers import asleep
from tests.waiting import wait_for

pytestmark = pytest.mark.stack


def put_into_queue(channel_id: int, body: str) -> None:
    """Put `body` where the calls of the task go, as another release might have."""
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        message = channel.prepare_message(body, content_type="application/json", content_encoding="utf-8")
        channel.basic_publish(message, exchange="", routing_key=persist_queue_name(channel_id))


def call(fields: object) -> str:
    return json.dumps([[fields], {}, {}])


def wait_until_stored(count: int) -> None:
    wait_for(lambda: Message.objects.count() == count, what=f"{count} messages", timeout_s=30)


def test_the_worker_gives_way_to_pages(worker: int) -> None:
    assert os.getpriority(os.PRIO_PROCESS, worker) == 10
    # Where sessions are groups, that counts within the worker's own alone.
    group = Path(f"/proc/{worker}/autogroup")
    assert not group.exists() or group.read_text().split()[-1] == "10"


def test_what_waits_is_stored_in_few_transactions_and_in_order(cast: Cast, worker: int) -> None:
    sent = [envelope(cast, f"number {number}") for number in range(100)]
    with asleep(worker):
        for one in sent:
            publish(one)

    wait_until_stored(100)

    stored = Message.objects.order_by("seq")
    assert [row.client_id for row in stored] == [one.client_id for one in sent]
    assert [row.seq for row in stored] == list(range(1, 101))
    assert len({row.stored_at for row in stored}) < 10  # those of one transaction share the moment


def test_an_envelope_of_the_version_before_is_stored(cast: Cast) -> None:
    new = envelope(cast, "from before the update")
    old = {**new.as_json(), "version": 1, "accepted_at": new.accepted_at.isoformat()}
    del old["accepted_us"]

    put_into_queue(cast.design.pk, call(old))

    wait_until_stored(1)
    stored = Message.objects.get()
    assert (stored.client_id, stored.text) == (new.client_id, new.text)
    assert stored.accepted_at == new.accepted_at


@pytest.mark.parametrize(
    "body",
    [
        "this is no JSON",
        '{"neither": "a call"}',
        "[[]]",
        call({"version": 99, "text": "from the future"}),
        call(None),
    ],
)
def test_what_no_release_knows_is_kept_and_blocks_nothing(cast: Cast, body: str) -> None:
    put_into_queue(cast.design.pk, body)
    publish(envelope(cast, "behind it"))

    wait_until_stored(1)
    kept = RejectedMessage.objects.get()
    assert kept.reason == "unknown_envelope"
    assert json.loads(kept.envelope) in (body, *_parts(body))


def _parts(body: str) -> list[object]:
    try:
        whole = json.loads(body)
    except ValueError:
        return []
    return [whole, whole[0][0]] if isinstance(whole, list) and whole[0] else [whole]


def test_a_poison_among_good_ones_is_found_and_set_aside_alone(cast: Cast, worker: int) -> None:
    good = [envelope(cast, f"number {number}") for number in range(60)]
    poison = envelope(cast, "half a \ud800 character")
    with asleep(worker):
        for one in [*good[:30], poison, *good[30:]]:
            publish(one)

    wait_until_stored(60)

    stored = Message.objects.order_by("seq")
    assert [row.client_id for row in stored] == [one.client_id for one in good]
    kept = RejectedMessage.objects.get()
    assert (kept.client_id, kept.reason, kept.author) == (poison.client_id, "not_storable", cast.bob)


def test_what_was_deleted_while_it_waited_is_never_stored(cast: Cast, worker: int) -> None:
    deleted, other = envelope(cast, "a slip"), envelope(cast, "what I meant")
    with asleep(worker):
        publish(deleted)
        publish(other)
        Tombstone.objects.create(client_id=deleted.client_id, author=cast.bob, created_at=deleted.accepted_at)

    wait_until_stored(1)
    assert Message.objects.get().client_id == other.client_id
    assert not RejectedMessage.objects.exists()


def test_a_plain_celery_worker_stores_a_call_too(cast: Cast) -> None:
    sent: Envelope = envelope(cast)

    persist(sent.as_json())

    assert Message.objects.get().client_id == sent.client_id


def test_no_other_task_holds_up_a_worker_that_stores(cast: Cast) -> None:
    with current_app.connection_for_write() as broker:
        queue: Any = tasks_queue()(broker.default_channel)
        queue.declare()
        queue.purge()  # nobody does what other tests left to be done
        current_app.send_task("nobody.knows.this")
        wait_for(lambda: queue.queue_declare(passive=True).message_count == 1, what="the task in its queue")
        assert queue.queue_declare(passive=True).consumer_count == 0
        queue.purge()
