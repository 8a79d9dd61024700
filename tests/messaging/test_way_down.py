"""The way down: a post while the broker, the database or both are away, and in which order it ends up."""

import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.actors import SYSTEM
from channels_app.actions import join_channel, leave_channel
from channels_app.models import Channel
from messaging.models import Message
from messaging.pipeline import broker
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.fate import fate_of
from messaging.pipeline.persist import persist
from messaging.pipeline.publish import ACCEPT_TIMEOUT_S
from tests.cast import Cast, post_text, say, signed_in
from tests.chatsite.test_answers import take_the_database_away
from tests.faults.proxy import Proxy
from tests.messaging.test_ticket import ticket_on_page
from tests.messaging.workers import asleep
from tests.waiting import wait_for

JSON = {"Accept": "application/json"}
AT_ONCE_S = 1.0  # far less than the wait for a broker that hangs


@dataclass(frozen=True, slots=True)
class Posted:
    status: int
    fields: dict[str, Any]
    client_id: uuid.UUID
    took_s: float


def post(
    client: Client,
    channel: Channel,
    text: str,
    *,
    previous: uuid.UUID | None = None,
    client_id: uuid.UUID | None = None,
    **more: str,
) -> Posted:
    client_id = client_id or uuid.uuid4()
    fields = {"text": text, "client_id": str(client_id), "previous": str(previous or ""), **more}
    started_at = time.monotonic()
    answer = client.post(f"/channels/{channel.slug}/messages/", fields, headers=JSON)
    return Posted(answer.status_code, answer.json(), client_id, time.monotonic() - started_at)


def texts(channel: Channel) -> list[str]:
    return list(Message.objects.filter(channel=channel).order_by("seq").values_list("text", flat=True))


@pytest.fixture
def wire(cast: Cast, settings: LazySettings) -> Iterator[Proxy]:
    """The wire from this process to the broker, which it has not used yet; the worker has its own."""
    url = urlsplit(settings.BROKER_URL)
    broker.close_idle()
    with Proxy(url.port or 5672) as wire:
        netloc = f"{url.username}:{url.password}@127.0.0.1:{wire.port}"
        settings.BROKER_URL = url._replace(netloc=netloc).geturl()
        yield wire
        broker.close_idle()


@pytest.mark.stack
def test_with_a_broker_a_post_is_accepted_and_stored_by_a_worker(cast: Cast, wire: Proxy) -> None:
    posted = post(signed_in(cast.bob), cast.design, "hello")

    assert (posted.status, posted.fields["status"]) == (202, "sending")
    wait_for(lambda: texts(cast.design) == ["hello"], what="the message")


@pytest.mark.stack
@pytest.mark.parametrize("fault", ["cut", "hold"])
@pytest.mark.parametrize("was_used", [True, False])
def test_without_a_broker_a_post_is_stored_at_once(
    cast: Cast, wire: Proxy, fault: str, was_used: bool
) -> None:
    bob, before = signed_in(cast.bob), []
    if was_used:
        before = [say(cast.bob, cast.design, "before").text]
    getattr(wire, fault)()

    first = post(bob, cast.design, "one")
    second = post(bob, cast.design, "two")

    assert (first.status, first.fields["status"]) == (201, "sent")
    assert f'id="m-{first.client_id}"' in first.fields["html"]
    assert first.took_s < ACCEPT_TIMEOUT_S + AT_ONCE_S
    assert second.status == 201
    assert second.took_s < AT_ONCE_S
    assert texts(cast.design) == [*before, "one", "two"]
    assert "two" in signed_in(cast.carol).get("/channels/design/").content.decode()


@pytest.mark.stack
def test_once_the_broker_is_back_it_is_used_again(cast: Cast, wire: Proxy) -> None:
    bob = signed_in(cast.bob)
    wire.cut()
    assert post(bob, cast.design, "while it is away").status == 201

    wire.mend()

    wait_for(lambda: post(bob, cast.design, "is it back?").status == 202, what="the broker to be tried")


@pytest.mark.stack
def test_past_the_broker_on_request(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True

    assert post(signed_in(cast.bob), cast.design, "hello").status == 201


@pytest.mark.stack
def test_nothing_overtakes_what_is_still_in_the_queue(cast: Cast, wire: Proxy, worker: int) -> None:
    bob = signed_in(cast.bob)
    with asleep(worker):
        first = post(bob, cast.design, "first")
        wire.cut()
        second = post(bob, cast.design, "second", previous=first.client_id)
        assert (first.status, second.status) == (202, 409)
        assert second.fields["code"] == "resend_previous"
        assert texts(cast.design) == []

        again = [
            post(bob, cast.design, "first", client_id=first.client_id),
            post(bob, cast.design, "second", client_id=second.client_id, previous=first.client_id),
        ]
        assert [posted.status for posted in again] == [201, 201]

    say(cast.carol, cast.design, "third")  # the worker has dealt with what was before it
    wait_for(lambda: texts(cast.design) == ["first", "second", "third"], what="three messages")


def test_what_is_stored_may_be_followed(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True
    bob = signed_in(cast.bob)
    first = post(bob, cast.design, "first")

    assert post(bob, cast.design, "second", previous=first.client_id).status == 201


def test_what_is_rejected_may_be_followed(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True
    lost = Envelope(uuid.uuid4(), 999_999, cast.bob.pk, "lost", timezone.now())
    persist([lost], keep_rejected=True)

    assert post(signed_in(cast.bob), cast.design, "next", previous=lost.client_id).status == 201


@pytest.mark.stack
def test_what_was_rejected_and_is_on_its_way_again_is_not_overtaken(
    cast: Cast, wire: Proxy, worker: int
) -> None:
    bob, first = signed_in(cast.bob), uuid.uuid4()
    ticket = ticket_on_page(bob, cast.design)
    leave_channel(SYSTEM, cast.design, user=cast.bob)
    once = post(bob, cast.design, "first", client_id=first, ticket=ticket).fields["accepted_us"]
    wait_for(lambda: fate_of(cast.bob.pk, first).status == "not_sent", what="its rejection")
    join_channel(cast.bob, cast.design)

    def follow(accepted_us: object) -> Posted:
        return post(bob, cast.design, "second", previous=first, previous_accepted_us=str(accepted_us))

    with asleep(worker):
        again = post(bob, cast.design, "first", client_id=first).fields["accepted_us"]
        wire.cut()
        refused = follow(again)
        assert (refused.status, refused.fields["code"]) == (409, "resend_previous")
    wait_for(lambda: texts(cast.design) == ["first"], what="the post that is not rejected")

    assert follow(again).status == 201
    assert texts(cast.design) == ["first", "second"]
    assert once < again


def test_what_was_rejected_at_its_last_post_may_be_followed(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True
    lost = Envelope(uuid.uuid4(), 999_999, cast.bob.pk, "lost", timezone.now())
    persist([lost], keep_rejected=True)

    def follow(accepted_us: int) -> int:
        us = str(accepted_us)
        return post(
            signed_in(cast.bob), cast.design, "next", previous=lost.client_id, previous_accepted_us=us
        ).status

    assert [follow(lost.accepted_us), follow(lost.accepted_us + 1)] == [201, 409]


def test_what_its_author_deleted_may_be_followed(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True
    bob, buried = signed_in(cast.bob), uuid.uuid4()
    bob.post(f"/messages/{buried}/delete/")

    assert post(bob, cast.design, "next", previous=buried).status == 201


def test_the_message_of_another_counts_for_nothing(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True
    others = say(cast.carol, cast.design, "hello").client_id
    signed_in(cast.carol).post(f"/messages/{uuid.uuid4()}/delete/")

    for previous in (others, uuid.uuid4()):
        posted = post(signed_in(cast.bob), cast.design, "next", previous=previous)
        assert (posted.status, posted.fields["code"]) == (409, "resend_previous")


@pytest.mark.stack
def test_the_plain_page_keeps_the_order_too(cast: Cast, wire: Proxy, worker: int) -> None:
    bob = signed_in(cast.bob)
    with asleep(worker):
        first, page = said_on_a_page(bob, cast.design, "first")
        wire.cut()
        refused = send(bob, cast.design, page, "second")

    assert "on its way" in page
    assert hidden_on(page, "previous") == first
    assert int(hidden_on(page, "previous_accepted_us")) > 10**15
    assert refused.status_code == 409
    assert refused.context["composer"]["text"].value() == "second"
    assert "in a moment" in refused.content.decode()
    assert hidden_on(refused.content.decode(), "previous") == first
    assert hidden_on(refused.content.decode(), "previous_accepted_us") == hidden_on(
        page, "previous_accepted_us"
    )

    wait_for(lambda: texts(cast.design) == ["first"], what="the first")
    sent = send(bob, cast.design, refused.content.decode(), "second")
    assert sent["Location"] == "/channels/design/"
    assert texts(cast.design) == ["first", "second"]


@pytest.mark.stack
def test_what_a_plain_page_sends_again_is_the_same_message(cast: Cast, wire: Proxy, worker: int) -> None:
    bob = signed_in(cast.bob)
    with asleep(worker):
        _first, page = said_on_a_page(bob, cast.design, "first")
        wire.hold()
        refused = send(bob, cast.design, page, "second")
        wire.mend()  # the broker takes what it was given, and nobody waits for its confirm any more
    wait_for(lambda: texts(cast.design) == ["first", "second"], what="the refused one as well")

    sent = send(bob, cast.design, refused.content.decode(), "second")

    assert (refused.status_code, sent.status_code) == (409, 302)
    assert texts(cast.design) == ["first", "second"]


def said_on_a_page(client: Client, channel: Channel, text: str) -> tuple[str, str]:
    """Its client_id, and the page that follows on a message which is not stored yet."""
    client_id = str(uuid.uuid4())
    return client_id, client.get(post_text(client, channel, text, client_id)["Location"]).content.decode()


def send(client: Client, channel: Channel, page: str, text: str) -> Any:
    """Send the composer of `page` with `text` in it."""
    hidden = {name: hidden_on(page, name) for name in ("previous", "previous_accepted_us")}
    return post_text(client, channel, text, hidden_on(page, "client_id"), **hidden)


def hidden_on(page: str, name: str) -> str:
    """What the composer of `page` carries as `name`."""
    [value] = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    return str(value)


@pytest.mark.stack
def test_without_a_database_who_has_a_ticket_is_accepted(
    cast: Cast, wire: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, program, page = signed_in(cast.bob), uuid.uuid4(), uuid.uuid4()
    ticket = ticket_on_page(bob, cast.design)

    with monkeypatch.context() as away:
        take_the_database_away(bob, away)
        accepted = post(bob, cast.design, "one", client_id=program, ticket=ticket, author="bob")
        told = post_text(bob, cast.design, "two", page, ticket=ticket, author="bob")
        refused = post(bob, cast.design, "three")

    assert (accepted.status, accepted.fields["status"]) == (202, "sending")
    assert told.status_code == 202
    assert "on its way" in told.content.decode()
    assert 'href="/channels/design/"' in told.content.decode()
    assert (refused.status, refused.fields["code"]) == (503, "unavailable")
    wait_for(lambda: texts(cast.design) == ["one", "two"], what="what was accepted")


@pytest.mark.stack
def test_without_either_nothing_is_accepted_and_the_text_comes_back(
    cast: Cast, wire: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = signed_in(cast.bob)
    ticket = ticket_on_page(bob, cast.design)
    wire.cut()

    with monkeypatch.context() as away:
        take_the_database_away(bob, away)
        program = post(bob, cast.design, "one", ticket=ticket)
        page = post_text(bob, cast.design, "my long thought", ticket=ticket)

    assert (program.status, program.fields["code"]) == (503, "unavailable")
    assert page.status_code == 503
    assert int(page["Retry-After"]) > 0
    assert "my long thought" in page.content.decode()
    assert texts(cast.design) == []


@pytest.mark.parametrize("sent", ["nonsense", "", "1234", f"{uuid.UUID(int=7)}&accepted_us=now"])
def test_an_address_that_names_no_message_is_refused(cast: Cast, sent: str) -> None:
    assert signed_in(cast.bob).get(f"/channels/design/?sent={sent}").status_code == 422
