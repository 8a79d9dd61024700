"""The posting ticket: it lets its holder post without a look into the database, and grants nothing."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.actors import SYSTEM
from channels_app.actions import archive_channel, leave_channel
from channels_app.models import Channel
from messaging.models import Message, RejectedMessage
from messaging.pipeline.ticket import TICKET_LIFE_S
from tests.cast import Cast, signed_in
from tests.waiting import wait_for

JSON = {"Accept": "application/json"}


def ticket_on_page(client: Client, channel: Channel) -> str:
    """The ticket that the page of `channel` carries, "" when it has none."""
    page = client.get(f"/channels/{channel.slug}/").content.decode()
    [ticket] = re.findall(r'id="timeline"[^>]* data-ticket="([^"]*)"', page)
    return str(ticket)


def post(client: Client, channel: Channel, ticket: str, **fields: str) -> Any:
    fields = {"text": "hello", "client_id": str(uuid.uuid4()), "ticket": ticket, **fields}
    return client.post(f"/channels/{channel.slug}/messages/", fields, headers=JSON)


def let_in(client: Client, channel: Channel, ticket: str) -> bool:
    """Whether the ticket alone opens the door: nobody is logged in any more, as far as the database knows."""
    Session.objects.all().delete()
    answer = post(client, channel, ticket)
    assert answer.status_code in (201, 202, 401)
    return bool(answer.status_code != 401)


def test_the_page_the_composer_and_every_change_carry_a_ticket(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    page = bob.get("/channels/design/").content.decode()
    changes = bob.get("/channels/design/changes/?after=0").content.decode()

    assert re.search(r'<section [^>]*id="timeline"[^>]* data-ticket="[^"]{50,}"', page)
    assert re.search(r'<input type="hidden" name="ticket" value="[^"]{50,}"', page)
    assert re.search(r'data-changes [^>]*data-ticket="[^"]{50,}"', changes)


def test_who_may_not_post_gets_no_ticket(cast: Cast) -> None:
    assert ticket_on_page(signed_in(cast.mallory), cast.design) == ""

    archive_channel(SYSTEM, cast.design)

    assert ticket_on_page(signed_in(cast.bob), cast.design) == ""
    changes = signed_in(cast.bob).get("/channels/design/changes/?after=0").content.decode()
    assert 'data-ticket=""' in changes


@pytest.mark.stack
def test_a_post_with_a_ticket_asks_the_database_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    bob = signed_in(cast.bob)
    ticket, client_id = ticket_on_page(bob, cast.design), uuid.uuid4()

    with django_assert_num_queries(0):
        answer = post(bob, cast.design, ticket, author="bob", client_id=str(client_id))

    fields = answer.json()
    assert (answer.status_code, fields["client_id"], fields["status"]) == (202, str(client_id), "sending")
    wait_for(Message.objects.filter(client_id=client_id, author=cast.bob).exists, what="the message")


@pytest.mark.embedded
def test_a_ticket_spares_the_look_ups_where_the_request_stores(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    bob = signed_in(cast.bob)
    ticket = ticket_on_page(bob, cast.design)

    with django_assert_max_num_queries(20) as queries:
        assert post(bob, cast.design, ticket, author="bob").status_code == 201

    assert not [query["sql"] for query in queries if "django_session" in query["sql"]]


def test_a_ticket_opens_the_door_by_itself(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    assert let_in(bob, cast.design, ticket_on_page(bob, cast.design))


def test_an_expired_ticket_does_not_count(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    long_ago = timezone.now() - timedelta(seconds=TICKET_LIFE_S + 1)
    with time_machine.travel(long_ago):
        ticket = ticket_on_page(bob, cast.design)

    assert post(bob, cast.design, ticket).status_code in (201, 202)  # the session decides
    assert not let_in(bob, cast.design, ticket)


def test_a_forged_ticket_does_not_count(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    ticket = ticket_on_page(bob, cast.design)

    for forged in (ticket[:-1], f"x{ticket}", "nonsense", ticket.replace(":", ""), "\x00"):
        assert not let_in(bob, cast.design, forged)


def test_a_ticket_counts_in_its_own_channel_alone(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    assert not let_in(bob, cast.public, ticket_on_page(bob, cast.design))


@pytest.mark.parametrize("other", ["bob", "carol"])
def test_a_ticket_counts_in_its_own_session_alone(cast: Cast, other: str) -> None:
    ticket = ticket_on_page(signed_in(cast.bob), cast.design)

    assert not let_in(signed_in(getattr(cast, other)), cast.design, ticket)


def test_a_ticket_without_any_session_does_not_count(cast: Cast) -> None:
    assert not let_in(Client(), cast.design, ticket_on_page(signed_in(cast.bob), cast.design))


def test_after_logging_out_the_ticket_is_of_no_use(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    ticket = ticket_on_page(bob, cast.design)

    bob.post("/accounts/logout/")

    assert post(bob, cast.design, ticket, author="bob").status_code == 401


def test_the_ticket_of_who_was_logged_in_before_posts_in_nobodys_name(cast: Cast) -> None:
    browser = signed_in(cast.bob)
    ticket = ticket_on_page(browser, cast.design)
    browser.force_login(cast.carol)

    answer = post(browser, cast.design, ticket, author="bob")

    assert (answer.status_code, answer.json()["code"]) == (409, "other_author")
    assert not Message.objects.exists()


def test_a_page_of_somebody_else_posts_nothing_on_my_ticket(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    ticket = ticket_on_page(bob, cast.design)

    answer = post(bob, cast.design, ticket, author="carol")

    assert (answer.status_code, answer.json()["code"]) == (409, "other_author")
    assert post(bob, cast.design, ticket, author="bob").status_code in (201, 202)


def test_a_ticket_replaces_no_csrf_token(cast: Cast) -> None:
    bob = signed_in(cast.bob, checks_csrf=True)

    answer = post(bob, cast.design, ticket_on_page(bob, cast.design))

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_ticket_makes_no_text_good(cast: Cast, django_assert_num_queries: Any) -> None:
    bob = signed_in(cast.bob)
    ticket = ticket_on_page(bob, cast.design)

    with django_assert_num_queries(0):
        answer = post(bob, cast.design, ticket, text="   ")

    assert (answer.status_code, answer.json()["code"]) == (422, "text_empty")


def test_who_left_gains_nothing_by_a_ticket_from_before(cast: Cast) -> None:
    bob, client_id = signed_in(cast.bob), uuid.uuid4()
    ticket = ticket_on_page(bob, cast.design)
    leave_channel(cast.bob, cast.design)

    answer = post(bob, cast.design, ticket, client_id=str(client_id))

    if answer.status_code == 202:
        rejected = RejectedMessage.objects.filter(client_id=client_id, reason="author_may_not_post")
        wait_for(rejected.exists, what="the rejection")
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "author_may_not_post")
    assert not Message.objects.exists()
