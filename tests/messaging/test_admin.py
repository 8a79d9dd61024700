"""Messages in the admin."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from channels_app.actions import create_channel
from messaging.actions import delete_message, edit_message
from messaging.models import EarlierText, Message, RejectedMessage
from tests.cast import Cast, say, signed_in

QUERIES = 15
MESSAGES = "/admin/messaging/message/"
REJECTED = "/admin/messaging/rejectedmessage/"


def texts(user: User, **search: str) -> list[str]:
    answer = signed_in(user).get(MESSAGES, search)
    return [message.text for message in answer.context["cl"].result_list]


def test_the_list_takes_as_many_queries_for_one_message_as_for_many(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(cast.alice)
    for author in (cast.bob, cast.carol, cast.dave, cast.mallory):
        say(author, cast.public, f"hello from {author}")
    for search in ({}, {"q": "@bob"}, {"q": "#public"}, {"channel": str(cast.public.pk)}):
        with django_assert_max_num_queries(QUERIES):
            assert client.get(MESSAGES, search).status_code == 200


def test_a_list_is_counted_up_to_a_bound_alone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("chatsite.admin.MOST_LISTED", 2)
    for author in (cast.bob, cast.carol, cast.dave):
        say(author, cast.public, "hello")
    client = signed_in(cast.alice)
    with django_assert_max_num_queries(QUERIES) as asked:
        answer = client.get(MESSAGES, {"_facets": "True"})
    assert answer.context["cl"].result_count == 2
    counts = [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 2" in sql for sql in counts)


def test_the_newest_message_comes_first(cast: Cast) -> None:
    say(cast.bob, cast.public, "first")
    say(cast.carol, cast.design, "second")
    assert texts(cast.alice) == ["second", "first"]


def test_messages_are_found_by_channel_by_author_and_by_client_id(cast: Cast) -> None:
    first = say(cast.bob, cast.public, "in public")
    say(cast.carol, cast.design, "in design")
    assert texts(cast.alice, q="#design") == ["in design"]
    assert texts(cast.alice, q="design") == ["in design"]
    assert texts(cast.alice, q="@bo") == ["in public"]
    assert texts(cast.alice, q=str(first.client_id)) == ["in public"]
    assert texts(cast.alice, q="bo design") == []
    assert texts(cast.alice, channel=str(cast.design.pk)) == ["in design"]
    assert texts(cast.alice, channel="not a number") == ["in design", "in public"]


def test_a_quiet_channel_can_be_listed_too(cast: Cast) -> None:
    quiet = create_channel(cast.bob, name="quiet")
    say(cast.bob, quiet, "anybody?")
    for number in range(25):
        say(cast.bob, create_channel(cast.bob, name=f"busy {number}"), "hello")
    assert texts(cast.alice, channel=str(quiet.pk)) == ["anybody?"]


def test_no_other_column_is_searched(cast: Cast) -> None:
    say(cast.bob, cast.public, "secret plans")
    assert signed_in(cast.alice).get(MESSAGES, {"text__contains": "plans"}).status_code == 400


def test_the_page_of_a_message_shows_its_earlier_texts(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    message = say(cast.bob, cast.public, "the first wording")
    edit_message(cast.bob, message.client_id, text="the <b>second</b> wording")
    client = signed_in(cast.alice)
    with django_assert_max_num_queries(QUERIES):
        page = client.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert "the first wording" in page
    assert "the &lt;b&gt;second&lt;/b&gt; wording" in page


def test_messages_are_neither_added_nor_changed_nor_deleted(cast: Cast) -> None:
    message = say(cast.bob, cast.public, "as I said it")
    client = signed_in(cast.alice)
    assert client.get(f"{MESSAGES}add/").status_code == 403
    assert client.post(f"{MESSAGES}{message.pk}/change/", {"text": "otherwise"}).status_code == 403
    assert client.post(f"{MESSAGES}{message.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Message.objects.get().text == "as I said it"


def test_a_deleted_message_shows_no_text(cast: Cast) -> None:
    message = say(cast.bob, cast.public, "regretted")
    delete_message(cast.bob, message.client_id)
    page = signed_in(cast.alice).get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert "regretted" not in page
    assert not EarlierText.objects.exists()


def test_a_rejected_message_shows_its_reason_and_its_envelope(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    rejected = RejectedMessage.objects.create(
        client_id=uuid.uuid4(),
        envelope='{"text": "<i>lost</i>"}',
        reason="author_may_not_post",
        rejected_at=timezone.now(),
    )
    client = signed_in(cast.alice)
    for search in ({"q": str(rejected.client_id)}, {"reason": "author_may_not_post"}):
        with django_assert_max_num_queries(QUERIES):
            assert list(client.get(REJECTED, search).context["cl"].result_list) == [rejected]
    assert not client.get(REJECTED, {"q": "lost"}).context["cl"].result_list
    with django_assert_max_num_queries(QUERIES):
        page = client.get(f"{REJECTED}{rejected.pk}/change/").content.decode()
    assert "&lt;i&gt;lost&lt;/i&gt;" in page
    assert client.post(f"{REJECTED}{rejected.pk}/change/", {}).status_code == 403
