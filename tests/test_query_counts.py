"""How many queries each page takes: a fixed number, whatever the length of the history."""

import uuid
from typing import Any

import pytest
from django.test import Client

from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from messaging.queries.timeline import PAGE
from tests.cast import Cast, say, signed_in
from tests.messaging.test_timeline import NOON

SIGNED_IN = 2  # the session and its user

PAGES = {
    "/": SIGNED_IN + 1,
    "/channels/": SIGNED_IN + 5,  # count, channels, sidebar, what is unread, and invitations
    "/channels/?q=des": SIGNED_IN + 5,
    "/channels/create/": SIGNED_IN + 4,  # what the site allows, and the sidebar
    "/channels/search/": SIGNED_IN + 6,  # one's own channels, others, people, and the sidebar as above
    "/channels/search/?q=des": SIGNED_IN + 6,
    "/channels/sidebar/": SIGNED_IN + 3,
    "/channels/design/": SIGNED_IN + 8,  # channel, membership, messages, authors, blocks, sidebar as above
    "/channels/design/?newest=1": SIGNED_IN + 8,
    "/channels/design/?before=30": SIGNED_IN + 8,
    "/channels/design/?after=3": SIGNED_IN + 8,
    "/channels/design/?at={message}": SIGNED_IN + 12,  # and the message, and two runs around it
    "/channels/design/messages/?before=30": SIGNED_IN + 4,
    "/channels/design/messages/?after=3": SIGNED_IN + 4,
    "/channels/design/changes/?after=0": SIGNED_IN + 5,
    "/accounts/2fa/": SIGNED_IN + 4,  # the factors, and the sidebar as above
    "/accounts/sessions/": SIGNED_IN + 4,  # the sessions
    "/messages/{message}/": SIGNED_IN + 2,
    "/messages/{message}/edit/": SIGNED_IN + 5,
    "/messages/{message}/delete/": SIGNED_IN + 5,
    "/messages/{other}/report/": SIGNED_IN + 5,
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("length", [2, 120])
def test_every_page_takes_a_fixed_number_of_queries(
    cast: Cast, django_assert_num_queries: Any, page: str, length: int
) -> None:
    message = say(cast.bob, cast.design, "hello")
    other = say(cast.carol, cast.design, "hello")
    persist(
        [
            Envelope(uuid.uuid4(), cast.design.pk, author.pk, f"{n}", NOON)
            for n in range(length)
            for author in (cast.bob, cast.carol)
        ],
        keep_rejected=False,
    )
    bob = signed_in(cast.bob)
    bob.post("/channels/design/read/", {"seq": 2 * length})  # all but the last message

    with django_assert_num_queries(PAGES[page]):
        response = bob.get(page.format(message=message.client_id, other=other.client_id))
    assert response.status_code in (200, 302)


def test_opening_where_reading_ended_long_ago_takes_five_queries_more(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for number in range(PAGE + 1):
        persist(
            [Envelope(uuid.uuid4(), cast.design.pk, cast.carol.pk, f"{number}", NOON)], keep_rejected=False
        )
    bob = signed_in(cast.bob)

    # the newest page as ever, then the first unread message, and two runs around it
    with django_assert_num_queries(PAGES["/channels/design/"] + 5):
        assert bob.get("/channels/design/").context["messages_page"].new_from == 1


BUTTONS: dict[str, tuple[dict[str, str], int]] = {
    "/channels/design/read/": ({"seq": "2"}, SIGNED_IN + 3),  # channel, membership, and the pointer
    "/channels/design/mute/": ({"muted": "true"}, SIGNED_IN + 3),
    "/messages/{message}/unread/": ({}, SIGNED_IN + 4),  # message with channel, author, membership, pointer
}


@pytest.mark.parametrize("button", BUTTONS)
def test_marking_takes_a_fixed_number_of_queries(
    cast: Cast, django_assert_num_queries: Any, button: str
) -> None:
    message = say(cast.carol, cast.design, "hello")
    say(cast.carol, cast.design, "again")
    bob = signed_in(cast.bob)
    bob.post("/channels/design/read/", {"seq": "1"})
    fields, count = BUTTONS[button]

    with django_assert_num_queries(count):
        response = bob.post(button.format(message=message.client_id), fields)
    assert response.status_code == 302


@pytest.mark.parametrize("page", ["", "?before=30", "?after=3", "messages/?before=30", "changes/?after=0"])
def test_messages_are_never_joined_with_their_authors(
    cast: Cast, django_assert_max_num_queries: Any, page: str
) -> None:
    """MariaDB would begin with the authors and read all that each of them ever said."""
    say(cast.bob, cast.design, "hello")
    bob = signed_in(cast.bob)

    with django_assert_max_num_queries(SIGNED_IN + 9) as asked:
        bob.get(f"/channels/design/{page}")

    reads = [query["sql"] for query in asked if "messaging_message" in query["sql"]]
    assert reads
    assert not [sql for sql in reads if "JOIN" in sql]


def test_asking_whether_the_process_is_alive_takes_none(
    cast: Cast, client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("size", [1, 100])
def test_a_batch_takes_a_fixed_number_of_queries(
    cast: Cast, django_assert_max_num_queries: Any, size: int
) -> None:
    envelopes = [Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, f"{n}", NOON) for n in range(size)]

    # begin, savepoint or lock, channels, known ids, memberships, insert, channel, commit
    with django_assert_max_num_queries(8):
        persist(envelopes, keep_rejected=True)


@pytest.mark.parametrize("size", [1, 40])
def test_rejecting_a_batch_takes_a_fixed_number_of_queries(
    cast: Cast, django_assert_max_num_queries: Any, size: int
) -> None:
    envelopes = [Envelope(uuid.uuid4(), cast.design.pk, cast.mallory.pk, f"{n}", NOON) for n in range(size)]

    # begin, channels, known ids, memberships, those kept already, authors, insert, tombstones, commit
    with django_assert_max_num_queries(9):
        persist(envelopes, keep_rejected=True)
