"""Storing batches: numbered, once each, and what breaks a rule stops nothing behind it."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from accounts.actors import SYSTEM
from channels_app.actions import archive_channel, join_channel, leave_channel
from channels_app.models import Channel
from chatsite.errors import Conflict
from messaging.actions import retry_rejected
from messaging.models import Message, RejectedMessage, Tombstone
from messaging.pipeline.delivery import deliver, patiently, read, read_call
from messaging.pipeline.envelope import Envelope, UnknownEnvelope
from messaging.pipeline.fate import fate_of
from messaging.pipeline.persist import Dropped, Rejected, Stored, persist
from messaging.rendering import render
from tests.cast import Cast
from tests.messaging.test_timeline import NOON
from tests.threads import run_together, somebody_waits_for_a_lock
from tests.waiting import wait_for

LARGEST_PACKET = 16 << 20  # bytes in one statement, as MariaDB is set up on Debian


def envelope(cast: Cast, text: str = "hello", **changes: object) -> Envelope:
    made = Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, text, NOON)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_batch_over_several_channels_is_numbered_in_each(cast: Cast) -> None:
    batch = [
        envelope(cast, f"{n}", channel_id=channel.pk)
        for n in range(3)
        for channel in (cast.design, cast.public)
    ]

    outcomes = persist(batch, keep_rejected=True)

    assert outcomes == [Stored(sent.client_id, is_new=True) for sent in batch]
    for channel in (cast.design, cast.public):
        stored = Message.objects.filter(channel=channel).order_by("seq")
        assert [(row.seq, row.version, row.text) for row in stored] == [(1, 1, "0"), (2, 2, "1"), (3, 3, "2")]


def test_a_duplicate_in_the_batch_or_before_it_is_stored_once(cast: Cast) -> None:
    sent = envelope(cast)
    persist([sent], keep_rejected=True)

    outcomes = persist([sent, second := envelope(cast), second, sent], keep_rejected=True)

    assert [outcome.is_new for outcome in outcomes if isinstance(outcome, Stored)] == [
        False,
        True,
        False,
        False,
    ]
    assert Message.objects.count() == 2
    cast.design.refresh_from_db()
    assert cast.design.last_seq == 2


def test_one_that_breaks_a_rule_is_kept_with_its_reason_and_the_others_are_stored(cast: Cast) -> None:
    taken = envelope(cast)
    persist([taken], keep_rejected=True)
    batch = [
        envelope(cast, "one"),
        envelope(cast, "another text", client_id=taken.client_id),
        envelope(cast, author_id=cast.mallory.pk),
        envelope(cast, channel_id=987654),
        envelope(cast, "two"),
    ]

    outcomes = persist(batch, keep_rejected=True)

    assert [outcome.reason if isinstance(outcome, Rejected) else "" for outcome in outcomes] == [
        "",
        "client_id_taken",
        "author_may_not_post",
        "no_such_channel",
        "",
    ]
    assert list(Message.objects.order_by("seq").values_list("text", flat=True)) == ["hello", "one", "two"]
    kept = RejectedMessage.objects.order_by("pk")
    assert [row.reason for row in kept] == ["client_id_taken", "author_may_not_post", "no_such_channel"]
    assert Envelope.from_json(json.loads(kept[0].envelope)) == batch[1]


def test_who_leaves_is_heard_with_what_was_accepted_before_and_no_more(cast: Cast) -> None:
    before = envelope(cast, accepted_at=timezone.now())
    leave_channel(cast.bob, cast.design)
    after = envelope(cast, accepted_at=timezone.now())

    outcomes = persist([before, after], keep_rejected=True)

    assert isinstance(outcomes[0], Stored)
    assert outcomes[1] == Rejected(after.client_id, "author_may_not_post")


def test_who_is_taken_out_is_not_heard_any_more_until_they_join_again(cast: Cast) -> None:
    before = envelope(cast, accepted_at=timezone.now())
    leave_channel(SYSTEM, cast.design, user=cast.bob)

    [while_out] = persist([before], keep_rejected=False)
    join_channel(cast.bob, cast.design)
    [afterwards] = persist([before], keep_rejected=False)

    assert while_out == Rejected(before.client_id, "author_may_not_post")
    assert isinstance(afterwards, Stored)


def test_who_left_before_being_taken_out_is_not_heard_either(cast: Cast) -> None:
    before = envelope(cast, accepted_at=timezone.now())
    leave_channel(cast.bob, cast.design)
    leave_channel(SYSTEM, cast.design, user=cast.bob)

    [outcome] = persist([before], keep_rejected=False)

    assert outcome == Rejected(before.client_id, "author_may_not_post")


def test_a_tombstone_counts_for_its_author_alone(cast: Cast) -> None:
    mine, theirs = envelope(cast), envelope(cast)
    for sent, author in ((mine, cast.bob), (theirs, cast.mallory)):
        Tombstone.objects.create(client_id=sent.client_id, author=author, created_at=NOON)

    outcomes = persist([mine, theirs], keep_rejected=True)

    assert outcomes == [Dropped(mine.client_id), Stored(theirs.client_id, is_new=True)]
    assert Message.objects.get().seq == 1


@pytest.mark.stack
def test_a_deadlock_is_no_reason_to_refuse_or_to_drop(cast: Cast) -> None:
    first, second = sorted([cast.design.pk, cast.public.pk])
    batch = [envelope(cast, channel_id=first), envelope(cast, channel_id=second)]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            # The transaction with more changes wins, so that the batch is the one undone.
            Message.objects.bulk_create([row(cast, number) for number in range(50)])
            Channel.objects.select_for_update().get(pk=second)
            storing = pool.submit(_on_a_connection_of_its_own, persist, batch, keep_rejected=True)
            wait_for(somebody_waits_for_a_lock, what="the batch to wait for the second channel")
            Channel.objects.select_for_update().get(pk=first)  # which it holds
            transaction.set_rollback(True)
        outcomes = storing.result(timeout=30)

    assert outcomes == [Stored(sent.client_id, is_new=True) for sent in batch]
    assert Message.objects.count() == 2


def row(cast: Cast, number: int) -> Message:
    return Message(
        channel=cast.design,
        author=cast.bob,
        client_id=uuid.uuid4(),
        seq=1000 + number,
        version=1000 + number,
        html_version=1,
        fingerprint=b"",
        accepted_at=NOON,
        stored_at=NOON,
    )


def test_an_author_who_was_deactivated_meanwhile_is_rejected(cast: Cast) -> None:
    cast.bob.is_active = False
    cast.bob.save()

    [outcome] = persist([envelope(cast)], keep_rejected=True)

    assert outcome == Rejected(outcome.client_id, "author_may_not_post")


def test_an_archived_channel_takes_what_was_accepted_before(cast: Cast) -> None:
    before = envelope(cast, accepted_at=timezone.now())
    archive_channel(SYSTEM, cast.design)
    after = envelope(cast, accepted_at=timezone.now())

    outcomes = persist([before, after], keep_rejected=True)

    assert isinstance(outcomes[0], Stored)
    assert outcomes[1] == Rejected(after.client_id, "channel_archived")


def test_a_batch_larger_than_a_statement_is_stored_whole(cast: Cast) -> None:
    batch = [envelope(cast, "🎉" * 10_000) for _ in range(250)]
    assert sum(len(f"{sent.text}{render(sent.text)}".encode()) for sent in batch) > LARGEST_PACKET

    persist(batch, keep_rejected=True)

    assert Message.objects.filter(text="🎉" * 10_000).count() == 250


def test_an_envelope_survives_its_way_through_json(cast: Cast) -> None:
    sent = envelope(cast, "“quoted” 🎉\n\\u0000")

    assert Envelope.from_json(sent.as_json()) == sent


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"version": None},
        {"client_id": "x"},
        {"channel_id": None},
        {"channel_id": float("inf")},
        {"version": True},
        {"accepted_us": "now"},
        {"version": 1, "accepted_at": "now"},
        {"version": 1, "accepted_at": "2026-03-02T12:00:00"},
    ],
)
def test_what_is_no_known_envelope_is_not_taken_for_one(cast: Cast, change: dict[str, object]) -> None:
    with pytest.raises(UnknownEnvelope):
        Envelope.from_json({**envelope(cast).as_json(), **change})


@pytest.mark.parametrize("fields", [None, [], "x", {}, {"version": 99, "text": "from the future"}])
def test_a_delivery_that_is_no_envelope_is_set_aside_not_dropped(cast: Cast, fields: object) -> None:
    deliver([read(fields)], pause=patiently)

    kept = RejectedMessage.objects.get()
    assert (kept.reason, json.loads(kept.envelope)) == ("unknown_envelope", fields)


@pytest.mark.parametrize("call", ["{}", "[[{}], {{}}, {{}}]", '[[{{"version": {}}}], {{}}, {{}}]'])
def test_what_can_be_read_but_not_written_again_is_set_aside_too(cast: Cast, call: str) -> None:
    depths = range(850, 1000)  # where Python has enough of it, sooner in one place than in another
    for depth in depths:
        deliver([read_call(call.format("[" * depth + "]" * depth))], pause=no_pause)

    assert RejectedMessage.objects.filter(reason="unknown_envelope").count() == len(depths)


@pytest.mark.django_db(transaction=True)
def test_a_delivery_that_can_not_be_stored_is_set_aside_with_the_reason(cast: Cast) -> None:
    deliver([envelope(cast, "a\ud800b")], pause=patiently)

    kept = RejectedMessage.objects.get()
    assert kept.reason == "not_storable"
    assert not Message.objects.exists()


def test_a_rejection_repeated_is_one_row_but_two_texts_under_one_name_are_two(cast: Cast) -> None:
    sent = envelope(cast, "one", author_id=cast.mallory.pk)

    for rejected in (sent, sent, replace(sent, text="two")):
        deliver([rejected], pause=patiently)

    kept = RejectedMessage.objects.order_by("pk").values_list("envelope", flat=True)
    assert [json.loads(fields)["text"] for fields in kept] == ["one", "two"]


@pytest.mark.django_db(transaction=True)
def test_a_delivery_is_held_while_the_tables_are_not_there(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    sent = envelope(cast)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE messaging_message RENAME TO moved_away")
    with ThreadPoolExecutor(1) as pool:
        try:
            delivery = pool.submit(_on_a_connection_of_its_own, deliver, [sent], pause=patiently)
            wait_for(lambda: "holding" in caplog.text, what="the message to be held")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE moved_away RENAME TO messaging_message")
        delivery.result(timeout=30)

    assert Message.objects.get().client_id == sent.client_id
    assert not RejectedMessage.objects.exists()


@pytest.mark.stack
@pytest.mark.parametrize("number", [1180, 1105])
def test_a_message_is_held_while_nothing_can_be_committed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    sent, pauses = envelope(cast), []

    def fail(_connection: object) -> None:
        raise OperationalError(number, "no commit")

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 3:
            monkeypatch.undo()
        return True

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", fail)
    deliver([sent], pause=pause)

    assert Message.objects.get().client_id == sent.client_id
    assert not RejectedMessage.objects.exists()


@pytest.mark.stack
def test_what_could_not_even_be_set_aside_is_stored_once_it_can_be(cast: Cast) -> None:
    sent = envelope(cast)
    change_tables(
        "ALTER TABLE messaging_message ADD CONSTRAINT against_hello CHECK (text <> 'hello')",
        "ALTER TABLE messaging_rejectedmessage RENAME TO moved_away",
    )

    def pause(_seconds: float) -> bool:
        change_tables(
            "ALTER TABLE moved_away RENAME TO messaging_rejectedmessage",
            "ALTER TABLE messaging_message DROP CONSTRAINT against_hello",
        )
        return True

    deliver([sent], pause=pause)

    assert Message.objects.get().client_id == sent.client_id
    assert not RejectedMessage.objects.exists()


def change_tables(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.stack
def test_a_lock_that_others_hold_for_long_is_waited_for(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    sent = envelope(cast)

    def store() -> None:
        change_tables("SET SESSION innodb_lock_wait_timeout = 1")
        deliver([sent], pause=patiently)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Channel.objects.select_for_update().get(pk=cast.design.pk)
            storing = pool.submit(_on_a_connection_of_its_own, store)
            wait_for(lambda: "holding" in caplog.text, what="the message to be held")
            assert "1205" in " ".join(getattr(record, "fault", "") for record in caplog.records)
        storing.result(timeout=30)

    assert Message.objects.get().client_id == sent.client_id
    assert not RejectedMessage.objects.exists()


@pytest.fixture
def small_packets() -> Iterator[int]:
    """The database takes statements of so many bytes, 1 MiB."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.max_allowed_packet")
        [before] = cursor.fetchone()
    change_tables(f"SET GLOBAL max_allowed_packet = {1 << 20}")
    connection.close()  # a connection keeps what it began with
    yield 1 << 20
    change_tables(f"SET GLOBAL max_allowed_packet = {before}")
    connection.close()


@pytest.mark.stack
@pytest.mark.parametrize("is_known", [True, False])
def test_what_no_statement_can_carry_is_cut_and_blocks_nothing(
    cast: Cast, small_packets: int, is_known: bool
) -> None:
    large = envelope(cast, "large " + "x" * small_packets)
    item = large if is_known else read({**large.as_json(), "version": 99})
    around = [envelope(cast, "before"), envelope(cast, "behind")]

    deliver([around[0], item, around[1]], pause=no_pause)

    assert list(Message.objects.order_by("seq").values_list("text", flat=True)) == ["before", "behind"]
    kept = RejectedMessage.objects.get()
    assert (kept.client_id, kept.author) == (large.client_id, cast.bob)
    assert kept.reason == ("not_storable" if is_known else "unknown_envelope")
    assert "large xxx" in kept.envelope
    assert "too large" in kept.detail
    assert fate_of(cast.bob.pk, large.client_id).status == "not_sent"
    with pytest.raises(Conflict):
        retry_rejected(SYSTEM, kept)  # what is left of it is not what was said


@pytest.mark.stack
def test_what_fits_only_without_its_html_is_set_aside_whole(cast: Cast, small_packets: int) -> None:
    large = envelope(cast, "x" * (small_packets * 2 // 3))

    deliver([large], pause=no_pause)

    kept = RejectedMessage.objects.get()
    assert Envelope.from_json(json.loads(kept.envelope)) == large
    with pytest.raises(Conflict):
        retry_rejected(SYSTEM, kept)


def no_pause(_seconds: float) -> bool:
    raise AssertionError("held")


@pytest.mark.django_db(transaction=True)
def test_a_rejection_is_logged_once_it_is_committed(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    batch = [envelope(cast, author_id=cast.mallory.pk) for _ in range(2)]

    with transaction.atomic():
        persist(batch, keep_rejected=True)
        assert "rejected" not in caplog.messages
        transaction.set_rollback(True)
    assert "rejected" not in caplog.messages

    for _delivery in range(2):
        persist(batch, keep_rejected=True)
    assert caplog.messages.count("rejected") == 2
    assert RejectedMessage.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_reject_the_same_at_once_keep_it_once(cast: Cast) -> None:
    batch = [envelope(cast, author_id=cast.mallory.pk) for _ in range(20)]

    run_together([partial(persist, batch, keep_rejected=True) for _worker in range(3)])

    assert RejectedMessage.objects.count() == 20


def _on_a_connection_of_its_own(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    finally:
        connections.close_all()


def test_a_delivery_repeated_is_stored_once(cast: Cast) -> None:
    sent = envelope(cast)

    for _delivery in range(2):
        deliver([sent], pause=patiently)

    assert Message.objects.count() == 1
    assert not RejectedMessage.objects.exists()
