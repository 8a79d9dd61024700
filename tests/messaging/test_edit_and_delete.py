"""Changing what one said: one's own only, for everybody, with the earlier texts kept for admins."""

import uuid

import pytest

from accounts.actors import SYSTEM
from channels_app.actions import archive_channel
from messaging.models import EarlierText, Message
from tests.cast import Cast, say, signed_in


def test_an_edited_message_is_marked_and_its_earlier_texts_are_kept(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "helo")
    bob = signed_in(cast.bob)

    for text in ("hello", "hello <b>you</b>"):
        response = bob.post(f"/messages/{message.client_id}/edit/", {"text": text})
        assert response.status_code == 302

    message.refresh_from_db()
    assert (message.text, message.seq, message.version) == ("hello <b>you</b>", 1, 3)
    assert message.html == "hello &lt;b&gt;you&lt;/b&gt;"
    assert message.is_edited
    assert [earlier.text for earlier in message.earlier_texts.all()] == ["helo", "hello"]
    assert "edited" in signed_in(cast.carol).get("/channels/design/").content.decode()


def test_an_edit_that_changes_nothing_is_none(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "hello")

    signed_in(cast.bob).post(f"/messages/{message.client_id}/edit/", {"text": " hello "})

    message.refresh_from_db()
    assert not message.is_edited
    assert message.version == 1


def test_an_edit_in_place_gets_the_form_and_then_the_message(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "helo")
    bob = signed_in(cast.bob)
    address, htmx = f"/messages/{message.client_id}/edit/", {"HX-Request": "true"}

    form = bob.get(address, headers=htmx).content.decode()
    refused = bob.post(address, {"text": ""}, headers=htmx)
    done = bob.post(address, {"text": "hello"}, headers=htmx).content.decode()

    assert "helo</textarea>" in form
    assert "<html" not in form
    assert refused.status_code == 422
    assert "<html" not in refused.content.decode()
    assert f'id="m-{message.client_id}"' in done


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001, "a\x00b"])
def test_an_edit_that_breaks_a_rule_keeps_what_was_typed(cast: Cast, text: str) -> None:
    message = say(cast.bob, cast.design, "hello")

    page = signed_in(cast.bob).post(f"/messages/{message.client_id}/edit/", {"text": text})

    assert page.status_code == 422
    assert page.context["form"].errors["text"]
    assert page.context["form"]["text"].value() == text
    assert Message.objects.get().text == "hello"


def test_a_deleted_message_is_gone_for_everybody_and_so_are_its_texts(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "secret")
    bob = signed_in(cast.bob)
    bob.post(f"/messages/{message.client_id}/edit/", {"text": "still secret"})

    response = bob.post(f"/messages/{message.client_id}/delete/")

    assert response["Location"] == "/channels/design/"
    message.refresh_from_db()
    assert (message.text, message.html, message.is_deleted, message.version) == ("", "", True, 3)
    assert not EarlierText.objects.exists()
    assert "secret" not in signed_in(cast.carol).get("/channels/design/").content.decode()
    assert bob.get(f"/messages/{message.client_id}/").status_code == 404


@pytest.mark.parametrize("action", ["edit", "delete"])
def test_nobody_changes_what_another_said(cast: Cast, action: str) -> None:
    message = say(cast.bob, cast.design, "mine")

    for other in (cast.carol, cast.mallory):
        address = f"/messages/{message.client_id}/{action}/"
        assert signed_in(other).get(address).status_code == 403
        assert signed_in(other).post(address, {"text": "forged"}).status_code == 403

    message.refresh_from_db()
    assert (message.text, message.is_deleted) == ("mine", False)


@pytest.mark.parametrize("action", ["edit", "delete"])
def test_what_is_in_an_archived_channel_stays_as_it_is(cast: Cast, action: str) -> None:
    message = say(cast.bob, cast.design, "kept")
    archive_channel(SYSTEM, cast.design)

    response = signed_in(cast.bob).post(f"/messages/{message.client_id}/{action}/", {"text": "changed"})

    assert response.status_code == 403
    message.refresh_from_db()
    assert message.text == "kept"


def test_what_does_not_exist_or_is_deleted_can_not_be_edited(cast: Cast) -> None:
    deleted = say(cast.bob, cast.design, "gone")
    bob = signed_in(cast.bob)
    bob.post(f"/messages/{deleted.client_id}/delete/")

    for client_id in (deleted.client_id, uuid.uuid4()):
        assert bob.get(f"/messages/{client_id}/edit/").status_code == 404
        assert bob.post(f"/messages/{client_id}/edit/", {"text": "x"}).status_code == 404


def test_there_is_no_page_to_delete_what_is_not_there(cast: Cast) -> None:
    assert signed_in(cast.bob).get(f"/messages/{uuid.uuid4()}/delete/").status_code == 404


def test_looking_at_the_delete_page_deletes_nothing(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "still here")

    page = signed_in(cast.bob).get(f"/messages/{message.client_id}/delete/")

    assert "still here" in page.content.decode()
    assert not Message.objects.get().is_deleted
