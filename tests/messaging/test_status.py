"""What became of a message, asked by its name; and deleting one that is not stored yet."""

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.models import User
from channels_app.actions import leave_channel
from channels_app.models import Channel
from messaging.actions import discard_rejected
from messaging.models import Message, RejectedMessage, Tombstone
from messaging.pipeline.accept import Accepted, rejection_of
from messaging.pipeline.delivery import deliver, patiently, read
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import Dropped, persist
from tests.cast import Cast, say, signed_in
from tests.messaging.test_ticket import ticket_on_page
from tests.messaging.workers import asleep
from tests.threads import run_together, somebody_waits_for_a_lock
from tests.waiting import wait_for

JSON = {"Accept": "application/json"}


def envelope(author: User, channel: Channel, client_id: uuid.UUID | None = None) -> Envelope:
    return Envelope(client_id or uuid.uuid4(), channel.pk, author.pk, "hello", timezone.now())


def status(client: Client, client_id: object, **asked: int) -> Any:
    response = client.get(f"/messages/{client_id}/status/", asked, headers=JSON)
    assert response.status_code == 200
    return response.json()


def delete(client: Client, client_id: object) -> Any:
    return client.post(f"/messages/{client_id}/delete/", headers={"HX-Request": "true"})


def rejected(author: User, channel: Channel) -> RejectedMessage:
    """A message of `author` that was accepted and could not be stored, as they are not in the channel."""
    persist([envelope(author, channel)], keep_rejected=True)
    return RejectedMessage.objects.get()


def test_a_stored_message_is_sent_and_shown(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "hello")

    answer = status(signed_in(cast.bob), message.client_id)

    assert (answer["client_id"], answer["status"]) == (str(message.client_id), "sent")
    assert f'id="m-{message.client_id}"' in answer["html"]


def test_a_message_of_which_nothing_is_known_is_on_its_way(cast: Cast) -> None:
    client_id = str(uuid.uuid4())

    assert status(signed_in(cast.bob), client_id) == {"client_id": client_id, "status": "sending"}


def test_a_rejected_message_is_not_sent_for_a_reason(cast: Cast) -> None:
    message = rejected(cast.mallory, cast.design)

    answer = status(signed_in(cast.mallory), message.client_id)

    assert (answer["status"], answer["code"]) == ("not_sent", "author_may_not_post")
    assert answer["message"]


@pytest.mark.parametrize("is_discarded", [False, True])
def test_what_was_accepted_again_after_that_is_on_its_way(cast: Cast, is_discarded: bool) -> None:
    mallory, first = signed_in(cast.mallory), envelope(cast.mallory, cast.design)
    again = replace(first, accepted_at=first.accepted_at + timedelta(microseconds=1))
    persist([first], keep_rejected=True)
    if is_discarded:
        discard_rejected(cast.alice, RejectedMessage.objects.get())

    assert status(mallory, first.client_id, accepted_us=first.accepted_us)["status"] == "not_sent"
    assert status(mallory, first.client_id, accepted_us=again.accepted_us)["status"] == "sending"

    persist([again], keep_rejected=True)
    assert status(mallory, first.client_id, accepted_us=again.accepted_us)["status"] == "not_sent"
    # Of an earlier post, as another browser knows it, that is the end as well.
    assert status(mallory, first.client_id, accepted_us=first.accepted_us)["status"] == "not_sent"


def test_a_message_under_the_name_of_an_earlier_one_is_not_sent(cast: Cast) -> None:
    bob, first = signed_in(cast.bob), envelope(cast.bob, cast.design)
    once_more, other = (
        replace(first, accepted_at=first.accepted_at + timedelta(seconds=seconds)) for seconds in (1, 2)
    )
    other = replace(other, text="something else")
    persist([first, once_more, other], keep_rejected=True)

    def told(accepted_us: int) -> Any:
        return status(bob, first.client_id, accepted_us=accepted_us)

    assert (told(other.accepted_us)["status"], told(other.accepted_us)["code"]) == (
        "not_sent",
        "client_id_taken",
    )
    assert [told(us)["status"] for us in (first.accepted_us, once_more.accepted_us, 0)] == ["sent"] * 3

    delete(bob, first.client_id)
    assert told(first.accepted_us)["status"] == "deleted"


@pytest.mark.stack
def test_who_posts_the_rejected_again_is_told_that_it_is_on_its_way(cast: Cast, worker: int) -> None:
    bob = signed_in(cast.bob)
    fields = {"text": "hello", "client_id": str(uuid.uuid4()), "ticket": ticket_on_page(bob, cast.design)}

    def accepted_us() -> int:
        """When it was accepted; it is posted once more."""
        answer = bob.post("/channels/design/messages/", fields, headers=JSON)
        assert (answer.status_code, answer.json()["status"]) == (202, "sending")
        return int(answer.json()["accepted_us"])

    def told(accepted_us: int) -> str:
        return str(status(bob, fields["client_id"], accepted_us=accepted_us)["status"])

    leave_channel(SYSTEM, cast.design, user=cast.bob)
    first = accepted_us()
    wait_for(lambda: told(first) == "not_sent", what="its rejection")
    with asleep(worker):
        again = accepted_us()
        assert (told(again), told(first)) == ("sending", "not_sent")
    wait_for(lambda: told(again) == "not_sent", what="the rejection of the other post")


@pytest.mark.parametrize(
    ("outcome", "told"), [("", "not_sent"), ("discarded", "not_sent"), ("deleted", "deleted")]
)
def test_what_was_decided_about_a_rejected_message_is_told(cast: Cast, outcome: str, told: str) -> None:
    message = rejected(cast.mallory, cast.design)
    RejectedMessage.objects.update(outcome=outcome, ended_at=timezone.now())

    assert status(signed_in(cast.mallory), message.client_id)["status"] == told


def test_a_deleted_message_is_deleted(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "gone")
    bob = signed_in(cast.bob)
    delete(bob, message.client_id)

    assert status(bob, message.client_id) == {"client_id": str(message.client_id), "status": "deleted"}


@pytest.mark.parametrize("asked", ["-1", "now", "9" * 19])
def test_a_question_with_no_moment_in_it_is_refused(cast: Cast, asked: str) -> None:
    answer = signed_in(cast.bob).get(f"/messages/{uuid.uuid4()}/status/?accepted_us={asked}", headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("change", [{"version": 99}, {"channel_id": None}, {"accepted_us": "now"}])
def test_whose_message_no_release_can_read_is_told_that_it_is_not_sent(
    cast: Cast, change: dict[str, object]
) -> None:
    fields = {**envelope(cast.bob, cast.design).as_json(), **change}

    deliver([read(fields)], pause=patiently)

    now_us = envelope(cast.bob, cast.design).accepted_us
    answer = status(signed_in(cast.bob), fields["client_id"], accepted_us=now_us)
    assert (answer["status"], answer["code"]) == ("not_sent", "unknown_envelope")
    assert answer["message"]
    assert status(signed_in(cast.carol), fields["client_id"])["status"] == "sending"


@pytest.mark.parametrize(
    "names",
    [
        {"client_id": "no name"},
        {"client_id": 7},
        {"author_id": "bob"},
        {"author_id": True},
        {"author_id": 987654},
        {"author_id": 10**30},
        {"author_id": -1},
    ],
)
def test_what_names_nobody_is_kept_as_nobodys(cast: Cast, names: dict[str, object]) -> None:
    fields = {**envelope(cast.bob, cast.design).as_json(), "version": 99, **names}

    deliver([read(fields)], pause=patiently)

    kept = RejectedMessage.objects.get()
    assert kept.author == (None if "author_id" in names else cast.bob)
    assert (kept.client_id is None) == ("client_id" in names)


def test_the_messages_of_others_look_like_none(cast: Cast) -> None:
    stored = say(cast.bob, cast.design, "hello")
    lost = rejected(cast.mallory, cast.design)
    deleted = say(cast.bob, cast.design, "gone")
    delete(signed_in(cast.bob), deleted.client_id)
    buried = uuid.uuid4()
    delete(signed_in(cast.bob), buried)

    for client_id in (stored.client_id, lost.client_id, deleted.client_id, buried):
        answer = status(signed_in(cast.carol), client_id)
        assert answer == {"client_id": str(client_id), "status": "sending"}


def test_a_rejection_is_known_to_who_waits_for_it_whatever_the_workers_clock_says(cast: Cast) -> None:
    sent = envelope(cast.mallory, cast.design)
    again = replace(sent, accepted_at=sent.accepted_at + timedelta(seconds=1))
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        persist([sent], keep_rejected=True)

    assert rejection_of(accepted(sent)) == "author_may_not_post"
    assert rejection_of(accepted(again)) == ""


def accepted(sent: Envelope) -> Accepted:
    return Accepted(sent.client_id, sent.author_id, sent.fingerprint, sent.accepted_us, is_stored=False)


def test_who_is_not_logged_in_is_told_nothing(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "hello")

    response = Client().get(f"/messages/{message.client_id}/status/", headers=JSON)

    assert (response.status_code, response.json()["code"]) == (401, "logged_out")


def test_a_message_deleted_before_it_is_stored_never_is(cast: Cast) -> None:
    bob, late = signed_in(cast.bob), envelope(cast.bob, cast.design)

    response = delete(bob, late.client_id)

    assert (response.status_code, response.content) == (200, b"")
    for _delivery in range(2):
        persist([late], keep_rejected=True)
    assert not Message.objects.exists()
    assert not RejectedMessage.objects.exists()
    assert status(bob, late.client_id)["status"] == "deleted"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change", [{"version": 99}, {"text": "half a \ud800 character"}, {"channel_id": 987654}]
)
def test_a_message_deleted_before_it_is_rejected_is_not_kept(cast: Cast, change: dict[str, object]) -> None:
    bob, fields = signed_in(cast.bob), {**envelope(cast.bob, cast.design).as_json(), **change}
    delete(bob, fields["client_id"])

    deliver([read(fields)], pause=patiently)

    assert not RejectedMessage.objects.exists()
    assert not Message.objects.exists()
    assert status(bob, fields["client_id"])["status"] == "deleted"


def test_a_rejected_message_that_its_author_buried_is_dropped(cast: Cast) -> None:
    buried, other = envelope(cast.mallory, cast.design), envelope(cast.mallory, cast.design)
    delete(signed_in(cast.mallory), buried.client_id)

    outcomes = persist([buried, other], keep_rejected=True)

    assert outcomes[0] == Dropped(buried.client_id)
    assert RejectedMessage.objects.get().client_id == other.client_id


def test_deleting_it_twice_is_deleting_it(cast: Cast) -> None:
    bob, client_id = signed_in(cast.bob), uuid.uuid4()

    assert [delete(bob, client_id).status_code for _press in range(2)] == [200, 200]
    assert Tombstone.objects.count() == 1


def test_the_plain_page_ends_in_the_chat(cast: Cast) -> None:
    response = signed_in(cast.bob).post(f"/messages/{uuid.uuid4()}/delete/")

    assert (response.status_code, response["Location"]) == (302, "/")


def test_nobody_buries_what_another_says(cast: Cast) -> None:
    late = envelope(cast.bob, cast.design)

    assert delete(signed_in(cast.carol), late.client_id).status_code == 200
    persist([late], keep_rejected=True)

    assert Message.objects.get().client_id == late.client_id
    assert delete(signed_in(cast.carol), late.client_id).status_code == 403


def test_an_unknown_a_deleted_and_anothers_unstored_message_are_deleted_alike(cast: Cast) -> None:
    deleted = say(cast.bob, cast.design, "gone")
    delete(signed_in(cast.bob), deleted.client_id)
    buried = uuid.uuid4()
    delete(signed_in(cast.bob), buried)
    carol = signed_in(cast.carol)

    answers = [delete(carol, client_id) for client_id in (uuid.uuid4(), deleted.client_id, buried)]

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}


def test_a_rejected_message_that_its_author_deletes_is_decided(cast: Cast) -> None:
    message = rejected(cast.mallory, cast.design)
    carol, mallory = signed_in(cast.carol), signed_in(cast.mallory)

    delete(carol, message.client_id)
    message.refresh_from_db()
    assert message.outcome == RejectedMessage.Outcome.OPEN

    delete(mallory, message.client_id)
    message.refresh_from_db()
    assert message.outcome == RejectedMessage.Outcome.DELETED
    assert message.ended_at is not None
    assert timezone.now() - message.ended_at < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_deleted_while_it_is_being_stored_it_is_never_seen(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    for _round in range(20):
        racing = [envelope(cast.bob, cast.design) for _message in range(5)]

        run_together(
            [
                partial(persist, racing, keep_rejected=True),
                *(partial(delete, bob, each.client_id) for each in racing),
            ]
        )

        assert not Message.objects.filter(deleted_at=None).exists()
        persist(racing, keep_rejected=True)  # delivered again
        assert not Message.objects.filter(deleted_at=None).exists()


@pytest.mark.stack  # SQLite has one writer at a time
@pytest.mark.django_db(transaction=True)
def test_deleted_right_before_the_commit_it_is_never_seen(cast: Cast) -> None:
    bob, late = signed_in(cast.bob), envelope(cast.bob, cast.design)
    inserted = Event()

    def store_slowly() -> None:
        with transaction.atomic():
            persist([late], keep_rejected=True)
            inserted.set()
            wait_for(somebody_waits_for_a_lock, what="who deletes to wait for this transaction")

    def delete_meanwhile() -> None:
        assert inserted.wait(10)
        assert delete(bob, late.client_id).status_code == 200

    run_together([store_slowly, delete_meanwhile])

    assert Message.objects.get().is_deleted


@pytest.mark.stack  # SQLite has one writer at a time
@pytest.mark.django_db(transaction=True)
def test_deleted_right_before_a_rejection_is_committed_its_text_is_not_kept(cast: Cast) -> None:
    mallory, late = signed_in(cast.mallory), envelope(cast.mallory, cast.design)
    rejected = Event()

    def reject_slowly() -> None:
        with transaction.atomic():
            persist([late], keep_rejected=True)
            rejected.set()
            wait_for(somebody_waits_for_a_lock, what="who deletes to wait for this transaction")

    def delete_meanwhile() -> None:
        assert rejected.wait(10)
        assert delete(mallory, late.client_id).status_code == 200

    run_together([reject_slowly, delete_meanwhile])

    kept = RejectedMessage.objects.get()
    assert (json.loads(kept.envelope)["text"], kept.outcome) == ("", "deleted")


@pytest.mark.django_db(transaction=True)
def test_deleted_while_it_is_being_rejected_no_text_is_kept(cast: Cast) -> None:
    mallory = signed_in(cast.mallory)
    for _round in range(10):
        racing = [envelope(cast.mallory, cast.design) for _message in range(5)]

        run_together(
            [
                partial(persist, racing, keep_rejected=True),
                *(partial(delete, mallory, each.client_id) for each in racing),
            ]
        )

        texts = [json.loads(kept.envelope)["text"] for kept in RejectedMessage.objects.all()]
        assert not any(texts)


@pytest.mark.parametrize("is_stored", [True, False])
def test_asking_takes_a_fixed_number_of_queries(
    cast: Cast, django_assert_num_queries: Any, is_stored: bool
) -> None:
    client_id = say(cast.bob, cast.design, "hello").client_id if is_stored else uuid.uuid4()
    bob = signed_in(cast.bob)

    # session, user, message; and its author, or the tombstone and the rejection
    with django_assert_num_queries(4 if is_stored else 5):
        status(bob, client_id)
