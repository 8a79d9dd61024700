"""How the site speaks to MariaDB, and how long people wait for one that is away."""

import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from chatsite import breaker, database
from tests.cast import Cast, post_text, signed_in
from tests.faults.proxy import Proxy
from tests.messaging.test_ticket import ticket_on_page
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

JSON = {"Accept": "application/json"}
TIMEOUT_S = 1
AT_ONCE_S = 0.5
PAGE = "/channels/design/"


@pytest.fixture
def wire(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The wire from this process to the database."""
    connection.close()
    with Proxy(int(connection.settings_dict["PORT"])) as wire, monkeypatch.context() as wired:
        wired.setitem(connection.settings_dict, "PORT", wire.port)
        for name in ("connect_timeout", "read_timeout"):
            wired.setitem(connection.settings_dict["OPTIONS"], name, TIMEOUT_S)
        yield wire
        connection.close()


def person(cast: Cast) -> Client:
    """Somebody who is shown the page for a fault."""
    bob = signed_in(cast.bob)
    bob.raise_request_exception = False
    assert bob.get(PAGE).status_code == 200
    return bob


def timed(client: Client, path: str, **how: Any) -> tuple[Any, float]:
    began = time.monotonic()
    answer = client.get(path, **how)
    return answer, time.monotonic() - began


@pytest.mark.django_db
def test_a_transaction_that_somebody_left_open_is_ended_like_a_query_that_takes_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@idle_transaction_timeout, @@sql_mode")
        row = cursor.fetchone()

    assert row == (settings.DATABASES["default"]["OPTIONS"]["read_timeout"], "STRICT_TRANS_TABLES")


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_a_database_that_is_away_holds_up_one_request_and_spares_the_next(
    cast: Cast, wire: Proxy, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    bob = person(cast)
    getattr(wire, fault)()

    first, first_took_s = timed(bob, PAGE)
    second, took_s = timed(bob, PAGE)
    told, told_took_s = timed(bob, PAGE, headers=JSON)

    assert [answer.status_code for answer in (first, second, told)] == [503] * 3
    assert first_took_s < 4 * TIMEOUT_S
    assert max(took_s, told_took_s) < AT_ONCE_S
    assert int(second["Retry-After"]) > 0
    assert told.json()["code"] == "unavailable"
    assert bob.get("/healthz").status_code == 200
    loud = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(loud) == 1
    assert loud[0].getMessage().startswith("the database is away: OperationalError(20")
    assert loud[0].exc_info is None


def test_once_it_is_back_it_is_used_again(cast: Cast, wire: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REST_S", 0.3)
    bob = person(cast)
    wire.cut()
    assert [bob.get(PAGE).status_code for _time in range(2)] == [503, 503]

    wire.mend()

    wait_for(lambda: bob.get(PAGE).status_code == 200, what="the page")
    assert bob.get(PAGE).status_code == 200


def test_while_it_is_known_to_be_away_who_has_a_ticket_posts_at_once(cast: Cast, wire: Proxy) -> None:
    bob = person(cast)
    ticket, client_id = ticket_on_page(bob, cast.design), str(uuid.uuid4())
    wire.hold()
    bob.get(PAGE)

    began = time.monotonic()
    fields = {"text": "hello", "client_id": client_id, "ticket": ticket}
    accepted = bob.post(f"{PAGE}messages/", fields, headers=JSON)
    told = post_text(bob, cast.design, "hello again", ticket=ticket)

    assert time.monotonic() - began < AT_ONCE_S
    assert (accepted.status_code, told.status_code) == (202, 202)
    assert "on its way" in told.content.decode()


def test_a_post_that_it_would_have_to_store_is_refused_at_once(
    cast: Cast, wire: Proxy, settings: Any
) -> None:
    settings.PERSIST_DIRECT = True
    bob = person(cast)
    ticket = ticket_on_page(bob, cast.design)
    wire.hold()

    first = post_text(bob, cast.design, "my thought", ticket=ticket)
    began = time.monotonic()
    second = post_text(bob, cast.design, "my thought", ticket=ticket)

    assert time.monotonic() - began < AT_ONCE_S
    assert (first.status_code, second.status_code) == (503, 503)
    assert "my thought" in second.content.decode()


def test_one_lost_connection_is_no_reason_to_turn_others_away(cast: Cast, wire: Proxy) -> None:
    assert not database.is_away(OperationalError(2013, "Lost connection to server during query"))

    assert person(cast).get(PAGE).status_code == 200


def test_a_fault_of_a_question_is_none_of_the_database(
    cast: Cast, wire: Proxy, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = person(cast)

    def ask_nonsense() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM accounts_user")

    monkeypatch.setattr("messaging.views.messages.landing_channel", ask_nonsense)

    assert bob.get("/").status_code == 503
    assert bob.get(PAGE).status_code == 200
    assert [record for record in caplog.records if record.exc_info]
