"""Posting: what is said is stored once, in order, or comes back with the reason."""

import logging
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.actors import SYSTEM
from channels_app.actions import archive_channel, leave_channel
from channels_app.models import Channel
from messaging.models import Message, RejectedMessage
from tests.cast import Cast, post_text, say, signed_in
from tests.waiting import wait_for

JSON = {"Accept": "application/json"}


def post_json(client: Client, channel: Channel, text: str, client_id: object = None) -> Any:
    return client.post(
        f"/channels/{channel.slug}/messages/",
        {"text": text, "client_id": str(client_id or uuid.uuid4())},
        headers=JSON,
    )


def test_what_one_says_is_on_everybodys_page(cast: Cast) -> None:
    response = post_text(signed_in(cast.bob), cast.design, "  Morning!\r\nThe build is up. ")

    assert response["Location"] == "/channels/design/"
    [item] = signed_in(cast.carol).get("/channels/design/").context["messages_page"].items
    assert item.message.text == "Morning!\nThe build is up."
    assert (item.message.seq, item.message.version, item.message.author) == (1, 1, cast.bob)


def test_numbers_are_dense_and_follow_the_order_of_posting(cast: Cast) -> None:
    said = [say(author, cast.design, f"{n}") for n, author in enumerate([cast.bob, cast.carol] * 3)]

    assert [message.seq for message in said] == [1, 2, 3, 4, 5, 6]
    cast.design.refresh_from_db()
    assert (cast.design.last_seq, cast.design.version) == (6, 6)
    assert cast.design.last_activity_at == said[-1].stored_at


def test_each_channel_counts_for_itself(cast: Cast) -> None:
    assert say(cast.bob, cast.design, "one").seq == 1
    assert say(cast.bob, cast.public, "one").seq == 1


def test_the_same_form_sent_twice_is_one_message(cast: Cast) -> None:
    bob, client_id = signed_in(cast.bob), uuid.uuid4()

    for _press in range(2):
        assert post_text(bob, cast.design, "once", client_id).status_code == 302

    assert Message.objects.count() == 1


def test_the_same_message_sent_again_after_an_edit_and_a_deletion_stays_as_it_is(cast: Cast) -> None:
    bob, client_id = signed_in(cast.bob), uuid.uuid4()
    post_text(bob, cast.design, "first", client_id)

    bob.post(f"/messages/{client_id}/edit/", {"text": "second"})
    assert post_json(bob, cast.design, "first", client_id).status_code == 201
    assert Message.objects.get().text == "second"

    bob.post(f"/messages/{client_id}/delete/")
    assert post_json(bob, cast.design, "first", client_id).status_code == 201
    assert Message.objects.get().is_deleted


@pytest.mark.parametrize("difference", ["author", "channel", "text"])
def test_a_client_id_belongs_to_one_message_for_ever(cast: Cast, difference: str) -> None:
    taken = say(cast.bob, cast.design, "mine")
    author = cast.carol if difference == "author" else cast.bob
    channel = cast.public if difference == "channel" else cast.design
    text = "other" if difference == "text" else "mine"

    response = post_json(signed_in(author), channel, text, taken.client_id)

    assert response.status_code == 409
    assert response.json()["code"] == "client_id_taken"
    assert Message.objects.count() == 1


def test_a_page_of_somebody_else_posts_nothing_in_my_name(cast: Cast) -> None:
    bob, fields = signed_in(cast.bob), {"text": "who am I?", "client_id": str(uuid.uuid4())}

    refused = bob.post("/channels/design/messages/", {**fields, "author": "carol"}, headers=JSON)
    page = bob.post("/channels/design/messages/", {**fields, "author": "carol"})

    assert (refused.status_code, refused.json()["code"]) == (409, "other_author")
    assert "who am I?" in page.content.decode()
    assert not Message.objects.exists()
    sent = bob.post("/channels/design/messages/", {**fields, "author": "bob"}, headers=JSON)
    assert sent.status_code in (201, 202)


def test_a_button_on_a_page_of_somebody_else_does_nothing_to_me(cast: Cast) -> None:
    say(cast.carol, cast.design, "still here")
    bob = signed_in(cast.bob)

    response = bob.post("/channels/design/clear/", {"author": "carol"})

    assert response.status_code == 409
    assert "still here" in bob.get("/channels/design/").content.decode()


def test_a_program_is_told_what_became_of_its_message(cast: Cast) -> None:
    client_id = uuid.uuid4()

    response = post_json(signed_in(cast.bob), cast.design, "hello", client_id)

    answer = response.json()
    assert answer["client_id"] == str(client_id)
    assert (response.status_code, answer["status"]) in [(201, "sent"), (202, "sending")]
    stored = Message.objects.filter(client_id=client_id, text="hello")
    wait_for(stored.exists, what="the message to be stored")
    if response.status_code == 201:
        assert f'data-client-id="{client_id}"' in answer["html"]


def test_the_log_follows_a_message_from_the_door_on(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client_id = uuid.uuid4()

    post_json(signed_in(cast.bob), cast.design, "not for the log", client_id)

    [accepted] = [vars(record) for record in caplog.records if record.getMessage() == "accepted"]
    assert (accepted["client_id"], accepted["channel_id"]) == (str(client_id), cast.design.pk)
    assert accepted["way"] == ("queue" if settings.BROKER_URL else "embedded")
    assert "not for the log" not in caplog.text


@pytest.mark.parametrize("text", ["x", "🩷", "x" * 10_000, " " + "x" * 10_000 + "\n", "🎉" * 10_000])
def test_a_text_of_one_to_ten_thousand_characters_is_stored_whole(cast: Cast, text: str) -> None:
    assert say(cast.bob, cast.design, text).text == text.strip()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text_empty"),
        (" \n\t ", "text_empty"),
        ("\u200b\u2060", "text_empty"),
        ("\ufe0f", "text_empty"),
        ("\u180b\U000e0100", "text_empty"),
        ("x" * 10_001, "text_too_long"),
    ],
)
def test_a_text_that_breaks_a_rule_comes_back_with_the_reason(cast: Cast, text: str, code: str) -> None:
    bob = signed_in(cast.bob)

    page = post_text(bob, cast.design, text)
    answer = post_json(bob, cast.design, text)

    assert page.status_code == 422
    assert page.context["composer"].errors["text"]
    assert page.context["composer"]["text"].value() == text
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Message.objects.exists()


def test_nul_is_refused(cast: Cast) -> None:
    page = post_text(signed_in(cast.bob), cast.design, "a\x00b")

    assert page.status_code == 422
    assert page.context["composer"].errors["text"]
    assert not Message.objects.exists()


@pytest.mark.parametrize("client_id", ["", "nonsense", "1234"])
def test_a_message_without_a_proper_name_is_refused_and_the_text_kept(cast: Cast, client_id: str) -> None:
    page = signed_in(cast.bob).post("/channels/design/messages/", {"text": "keep me", "client_id": client_id})

    assert page.status_code == 422
    assert "keep me" in page.content.decode()
    assert not Message.objects.exists()


def test_who_is_not_in_the_channel_may_not_post(cast: Cast) -> None:
    answer = post_json(signed_in(cast.mallory), cast.design, "let me in")

    assert (answer.status_code, answer.json()["code"]) == (403, "author_may_not_post")
    assert not Message.objects.exists()


def test_who_left_may_not_post_until_they_join_again(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    leave_channel(cast.bob, cast.design)
    assert post_json(bob, cast.design, "still here?").status_code == 403

    bob.post("/channels/design/join/")
    assert post_json(bob, cast.design, "back").status_code in (201, 202)


def test_nobody_posts_in_an_archived_channel(cast: Cast) -> None:
    archive_channel(SYSTEM, cast.design)

    answer = post_json(signed_in(cast.bob), cast.design, "too late")

    assert (answer.status_code, answer.json()["code"]) == (403, "channel_archived")


def test_a_refused_post_keeps_its_text_on_the_page(cast: Cast) -> None:
    archive_channel(SYSTEM, cast.design)

    page = post_text(signed_in(cast.bob), cast.design, "my long thought")

    assert page.status_code == 403
    assert "my long thought" in page.content.decode()


def test_a_refused_post_keeps_its_name_unless_that_is_another_message(cast: Cast) -> None:
    taken, mine = say(cast.bob, cast.design, "mine").client_id, uuid.uuid4()
    bob, outsider = signed_in(cast.bob), signed_in(cast.mallory)

    too_long = post_text(bob, cast.design, "x" * 10_001, mine)
    not_in = post_text(outsider, cast.design, "let me in", mine)
    another = post_text(bob, cast.design, "other", taken)
    damaged = post_text(bob, cast.design, "keep me", "nonsense")

    assert [page.context["composer"]["client_id"].value() for page in (too_long, not_in)] == [str(mine)] * 2
    for page in (another, damaged):
        assert uuid.UUID(page.context["composer"]["client_id"].value()) != taken
    assert (
        post_text(bob, cast.design, "other", another.context["composer"]["client_id"].value()).status_code
        == 302
    )


@pytest.mark.parametrize("name", ["previous", "previous_accepted_us"])
def test_a_damaged_previous_is_said_once_and_then_left_out(cast: Cast, name: str) -> None:
    bob = signed_in(cast.bob)

    refused = post_text(bob, cast.design, "keep me", **{name: "nonsense"})
    composer = refused.context["composer"]
    again = {name: composer[name].value() for name in composer.fields}

    assert refused.status_code == 422
    assert "This form was damaged on its way." in refused.content.decode()
    assert again["text"] == "keep me"
    assert bob.post("/channels/design/messages/", again).status_code == 302


def test_a_post_without_a_csrf_token_is_refused(cast: Cast) -> None:
    bob = signed_in(cast.bob, checks_csrf=True)

    assert post_text(bob, cast.design, "forged").status_code == 403
    answer = post_json(bob, cast.design, "forged")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert not Message.objects.exists()


def test_a_channel_that_does_not_exist_takes_nothing(cast: Cast) -> None:
    response = signed_in(cast.bob).post("/channels/nowhere/messages/", {"text": "hello?"})

    assert response.status_code == 404
    assert not RejectedMessage.objects.exists()
