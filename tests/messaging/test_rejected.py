"""What could not be stored, and an admin's decision on it: retry or discard, once, and by admins alone."""

import contextlib
import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import User
from channels_app.actions import join_channel
from channels_app.models import Channel
from chatsite.errors import Conflict, NotAllowed
from messaging.actions import delete_message, discard_rejected, retry_rejected
from messaging.models import Message, RejectedMessage
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.fate import fate_of
from messaging.pipeline.persist import persist
from messaging.pipeline.rejected import Rejection, set_aside, unreadable
from tests.cast import Cast, signed_in
from tests.threads import run_together

LIST = "/admin/messaging/rejectedmessage/"


def rejection(author: User, channel: Channel, text: str = "let me in") -> RejectedMessage:
    """A message of somebody who was not in the channel when it was to be stored."""
    envelope = Envelope(uuid.uuid4(), channel.pk, author.pk, text=text, accepted_at=timezone.now())
    set_aside(Rejection(envelope.as_json(), "author_may_not_post"), at=timezone.now())
    return RejectedMessage.objects.get(client_id=envelope.client_id)


def outcome_of(rejected: RejectedMessage) -> str:
    rejected.refresh_from_db()
    return rejected.outcome


def decide(client: Client, action: str, *chosen: RejectedMessage, address: str = LIST) -> str:
    """Choose rows on the list and run one of its actions; what the admin is told."""
    answer = client.post(
        address, {"action": action, "_selected_action": [row.pk for row in chosen]}, follow=True
    )
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def test_what_can_be_stored_now_is_stored_by_a_retry(cast: Cast) -> None:
    rejected = rejection(cast.mallory, cast.design)
    join_channel(cast.mallory, cast.design)
    assert decide(signed_in(cast.alice), "retry", rejected) == "Done: 1."
    message = Message.objects.get()
    assert (message.author, message.channel, message.text) == (cast.mallory, cast.design, "let me in")
    assert outcome_of(rejected) == "stored"
    assert rejected.ended_at is not None
    assert LogEntry.objects.get().change_message == "Retried."


def test_what_is_refused_again_stays_open_with_the_new_reason(cast: Cast) -> None:
    rejected = rejection(cast.mallory, cast.design)
    Channel.objects.filter(pk=cast.design.pk).update(archived_at=rejected.rejected_at - timedelta(days=1))
    words = decide(signed_in(cast.alice), "retry", rejected)
    assert "Refused again: channel_archived. It stays open." in words
    assert "Done" not in words
    assert outcome_of(rejected) == ""
    assert (rejected.reason, rejected.ended_at) == ("channel_archived", None)
    assert not Message.objects.exists()
    assert not LogEntry.objects.exists()


def test_an_envelope_that_nobody_can_read_stays_and_says_why(cast: Cast) -> None:
    set_aside(unreadable({"version": 99}, detail="of another release"), at=timezone.now())
    rejected = RejectedMessage.objects.get()
    words = decide(signed_in(cast.alice), "retry", rejected)
    assert "Refused again: unknown_envelope (of version 99, which this release does not know)" in words
    assert outcome_of(rejected) == ""


def test_a_text_that_the_database_refuses_stays(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public, text="\ud800")
    words = decide(signed_in(cast.alice), "retry", rejected)
    assert "Refused again: not_storable" in words
    assert outcome_of(rejected) == ""


def test_discarding_keeps_the_envelope_and_stores_nothing(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    assert decide(signed_in(cast.alice), "discard", rejected) == "Done: 1."
    assert outcome_of(rejected) == "discarded"
    assert json.loads(rejected.envelope)
    assert not Message.objects.exists()


@pytest.mark.parametrize("first", ["retry", "discard"])
@pytest.mark.parametrize("second", ["retry", "discard"])
def test_what_is_decided_is_decided(cast: Cast, first: str, second: str) -> None:
    rejected = rejection(cast.bob, cast.public)
    admin = signed_in(cast.alice)
    decide(admin, first, rejected)
    outcome = outcome_of(rejected)
    words = decide(admin, second, rejected, address=f"{LIST}?outcome=all")
    assert "Nothing is left to decide" in words
    assert outcome_of(rejected) == outcome
    assert Message.objects.count() == (1 if first == "retry" else 0)


def test_what_its_author_deleted_is_never_stored(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    assert rejected.client_id is not None
    delete_message(cast.bob, rejected.client_id)
    assert outcome_of(rejected) == "deleted"
    for action in (retry_rejected, discard_rejected):
        with pytest.raises(Conflict, match="conflict"):
            action(cast.alice, rejected)
    assert not Message.objects.exists()
    assert outcome_of(rejected) == "deleted"


@pytest.mark.parametrize("decided", ["", "discard", "retry"])
def test_of_what_its_author_deletes_no_text_is_kept(cast: Cast, decided: str) -> None:
    rejected = rejection(cast.bob, cast.public, text="my secret")
    RejectedMessage.objects.update(detail="can't store 'my secret'")
    if decided:
        decide(signed_in(cast.alice), decided, rejected)
    outcome = outcome_of(rejected) or "deleted"

    signed_in(cast.bob).post(f"/messages/{rejected.client_id}/delete/")

    assert outcome_of(rejected) == outcome
    assert "secret" not in f"{rejected.envelope} {rejected.detail}"
    left = json.loads(rejected.envelope)
    assert (left["client_id"], left["author_id"]) == (str(rejected.client_id), cast.bob.pk)
    assert (rejected.reason, left["text"]) == ("author_may_not_post", "")
    assert not Message.objects.exclude(text="").exists()
    assert signed_in(cast.alice).get(f"{LIST}{rejected.pk}/change/").status_code == 200


def test_nobody_erases_what_another_said(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public, text="my words")

    signed_in(cast.carol).post(f"/messages/{rejected.client_id}/delete/")

    assert outcome_of(rejected) == ""
    assert json.loads(rejected.envelope)["text"] == "my words"


def test_an_envelope_of_another_release_is_erased_too(cast: Cast) -> None:
    client_id = uuid.uuid4()
    fields = {"version": 99, "client_id": str(client_id), "author_id": cast.bob.pk, "body": ["my secret"]}
    set_aside(unreadable([[fields], {}, {}], detail="of another release"), at=timezone.now())

    signed_in(cast.bob).post(f"/messages/{client_id}/delete/")

    rejected = RejectedMessage.objects.get()
    assert rejected.outcome == "deleted"
    assert json.loads(rejected.envelope) == {
        "version": 99,
        "client_id": str(client_id),
        "author_id": cast.bob.pk,
        "text": "",
    }


def test_a_refusal_after_it_was_deleted_brings_no_text_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected = rejection(cast.bob, cast.public, text="my secret \ud800")

    def deleted_meanwhile(envelopes: Any, **options: Any) -> Any:
        assert rejected.client_id is not None
        delete_message(cast.bob, rejected.client_id)
        return persist(envelopes, **options)

    monkeypatch.setattr("messaging.actions.rejected.persist", deleted_meanwhile)
    decide(signed_in(cast.alice), "retry", rejected)

    assert outcome_of(rejected) == "deleted"
    assert "secret" not in f"{rejected.envelope} {rejected.detail}"


def test_a_tombstone_stands_against_a_retry_whatever_the_row_says(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    assert rejected.client_id is not None
    delete_message(cast.bob, rejected.client_id)
    RejectedMessage.objects.update(outcome="")
    with pytest.raises(Conflict):
        retry_rejected(cast.alice, rejected)
    assert outcome_of(rejected) == "deleted"
    assert not Message.objects.exists()


def test_only_admins_decide(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    for person in (cast.bob, cast.dave, cast.mallory):
        assert signed_in(person).post(
            LIST, {"action": "retry", "_selected_action": [rejected.pk]}
        ).status_code in (302, 403)
        for action in (retry_rejected, discard_rejected):
            with pytest.raises(NotAllowed):
                action(person, rejected)
    assert outcome_of(rejected) == ""
    assert not Message.objects.exists()


def test_an_admin_whose_account_has_ended_decides_nothing(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    cast.alice.is_active = False
    with pytest.raises(NotAllowed):
        retry_rejected(cast.alice, rejected)


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_store_it_once(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)

    def retry() -> None:
        with contextlib.suppress(Conflict):  # the other one was first
            retry_rejected(cast.alice, rejected)

    run_together([retry, retry])
    assert Message.objects.get().client_id == rejected.client_id
    assert outcome_of(rejected) == "stored"


def posted(author: User, channel: Channel, text: str = "let me in") -> Envelope:
    return Envelope(uuid.uuid4(), channel.pk, author.pk, text=text, accepted_at=timezone.now())


def posted_again(envelope: Envelope) -> Envelope:
    return replace(envelope, accepted_at=timezone.now())


def test_what_is_posted_and_rejected_again_is_one_row(cast: Cast) -> None:
    first = posted(cast.mallory, cast.design)
    again = posted_again(first)

    for envelope in (first, first, again):
        persist([envelope], keep_rejected=True)

    kept = RejectedMessage.objects.get()
    assert Envelope.from_json(json.loads(kept.envelope)) == again
    assert outcome_of(kept) == ""


def test_what_is_posted_again_after_it_was_discarded_is_open_again(cast: Cast) -> None:
    first = posted(cast.mallory, cast.design)
    persist([first], keep_rejected=True)
    rejected = RejectedMessage.objects.get()
    discard_rejected(cast.alice, rejected)

    persist([first], keep_rejected=True)  # the same post, delivered again
    assert outcome_of(rejected) == "discarded"

    persist([posted_again(first)], keep_rejected=True)
    assert outcome_of(rejected) == ""
    assert rejected.ended_at is None


def test_another_text_or_another_reason_is_another_row(cast: Cast) -> None:
    first = posted(cast.mallory, cast.design)
    for envelope in (first, replace(first, text="please")):
        persist([envelope], keep_rejected=True)
    Channel.objects.filter(pk=cast.design.pk).update(archived_at=first.accepted_at - timedelta(days=1))
    persist([posted_again(first)], keep_rejected=True)

    reasons = RejectedMessage.objects.order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["author_may_not_post", "author_may_not_post", "channel_archived"]
    assert fate_of(cast.mallory.pk, first.client_id).reason == "channel_archived"


def test_its_author_is_told_the_newest_reason(cast: Cast) -> None:
    first = posted(cast.mallory, cast.design)
    persist([first], keep_rejected=True)
    set_aside(Rejection(first.as_json(), "not_storable"), at=timezone.now())

    persist([posted_again(first)], keep_rejected=True)

    assert fate_of(cast.mallory.pk, first.client_id).reason == "author_may_not_post"


@pytest.mark.parametrize("is_discarded", [False, True])
def test_what_is_posted_again_and_stored_is_open_no_more(cast: Cast, is_discarded: bool) -> None:
    first, other = posted(cast.mallory, cast.design), posted(cast.mallory, cast.design)
    another_text = replace(first, text="please")
    persist([first, other, another_text], keep_rejected=True)
    rows = {Envelope.from_json(json.loads(row.envelope)): row for row in RejectedMessage.objects.all()}
    if is_discarded:
        discard_rejected(cast.alice, rows[first])
    join_channel(cast.mallory, cast.design)

    persist([posted_again(first)], keep_rejected=True)

    assert outcome_of(rows[first]) == "stored"
    assert rows[first].ended_at is not None
    assert [outcome_of(rows[left]) for left in (other, another_text)] == ["", ""]


def test_what_is_stored_is_not_discarded(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    persist([Envelope.from_json(json.loads(rejected.envelope))], keep_rejected=True)
    RejectedMessage.objects.update(outcome="", ended_at=None)  # as of before the update

    words = decide(signed_in(cast.alice), "discard", rejected)

    assert "Nothing is left to decide: stored after all" in words
    assert outcome_of(rejected) == "stored"


def test_to_look_for_rejections_costs_a_batch_no_query_of_its_own(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    persist([posted(cast.bob, cast.design)], keep_rejected=True)
    with django_assert_num_queries(8):  # with the beginning and the end of the transaction
        persist([posted(cast.bob, cast.design) for _ in range(3)], keep_rejected=True)


def test_the_list_begins_with_what_is_open(cast: Cast) -> None:
    still_open, decided = rejection(cast.bob, cast.public), rejection(cast.carol, cast.public)
    discard_rejected(cast.alice, decided)
    client = signed_in(cast.alice)

    def listed(**search: str) -> list[Any]:
        return list(client.get(LIST, search).context["cl"].result_list)

    assert listed() == [still_open]
    assert listed(outcome="discarded") == [decided]
    assert listed(outcome="stored") == []
    assert listed(outcome="all") == [decided, still_open]
    assert listed(reason="author_may_not_post") == [still_open]


def test_the_page_of_a_row_offers_both_until_it_is_decided(cast: Cast) -> None:
    rejected = rejection(cast.bob, cast.public)
    client = signed_in(cast.alice, checks_csrf=True)
    page = client.get(f"{LIST}{rejected.pk}/change/").content.decode()
    assert page.count(f'formaction="{LIST}?outcome=all"') == 2
    assert f'name="_selected_action" value="{rejected.pk}"' in page
    discard_rejected(cast.alice, rejected)
    assert "formaction" not in client.get(f"{LIST}{rejected.pk}/change/").content.decode()


def test_what_was_said_first_is_stored_first(cast: Cast) -> None:
    first, second = (rejection(cast.bob, cast.public, text) for text in ("first", "second"))
    decide(signed_in(cast.alice), "retry", second, first)
    texts = Message.objects.order_by("seq").values_list("text", flat=True)
    assert list(texts) == ["first", "second"]
