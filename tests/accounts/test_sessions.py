"""Where somebody is logged in: the list, ending one or all others, and what it costs."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import set_password
from accounts.actors import SYSTEM
from accounts.models import Act, AuditEntry, UserSession
from accounts.queries import sessions_of
from tests.cast import PASSWORD, Cast, signed_in

PAGE = "/accounts/sessions/"
HERE = "/channels/public/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def logged_in(username: str, user_agent: str, address: str) -> Client:
    client = Client(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": username, "password": PASSWORD})
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get(HERE).status_code == 200


def shown(client: Client) -> list[tuple[str, str, bool]]:
    return [(one.device.name, one.origin, one.is_here) for one in client.get(PAGE).context["sessions"]]


def test_the_list_says_with_what_from_where_and_which_is_this_one(cast: Cast) -> None:
    phone = logged_in("bob", IPHONE, "198.51.100.7")
    desk = logged_in("bob", FIREFOX, "203.0.113.9")
    logged_in("carol", FIREFOX, "192.0.2.1")

    assert shown(desk) == [
        ("Firefox on Linux", "203.0.113.9", True),
        ("Safari on iOS", "198.51.100.7", False),
    ]
    page = desk.get(PAGE).content.decode()
    for client in (phone, desk):
        assert str(client.session.session_key) not in page


def test_one_is_ended_by_its_button(cast: Cast) -> None:
    phone = logged_in("bob", IPHONE, "198.51.100.7")
    desk = logged_in("bob", FIREFOX, "203.0.113.9")
    [there] = [one for one in desk.get(PAGE).context["sessions"] if not one.is_here]

    answer = desk.post(f"{PAGE}{there.session_id}/end/", follow=True)

    assert "You are logged out there." in answer.content.decode()
    assert (is_in(phone), is_in(desk)) == (False, True)
    assert shown(desk) == [("Firefox on Linux", "203.0.113.9", True)]
    entry = AuditEntry.objects.get(act=Act.SESSION_ENDED)
    assert (entry.actor, entry.about) == (cast.bob, "Safari on iOS, 198.51.100.7")


def test_nobody_ends_somebody_elses_nor_the_one_they_sit_at(cast: Cast) -> None:
    bob, mallory = logged_in("bob", FIREFOX, "203.0.113.9"), signed_in(cast.mallory)
    [mine] = sessions_of(cast.bob, here="")

    assert mallory.post(f"{PAGE}{mine.session_id}/end/").status_code == 404
    assert bob.post(f"{PAGE}{mine.session_id}/end/").status_code == 404
    assert bob.post(f"{PAGE}999999/end/").status_code == 404
    assert is_in(bob)


def test_everywhere_else_is_everywhere_else(cast: Cast) -> None:
    elsewhere = [signed_in(cast.bob), logged_in("bob", IPHONE, "198.51.100.7")]
    carol = signed_in(cast.carol)
    desk = logged_in("bob", FIREFOX, "203.0.113.9")

    answer = desk.post(f"{PAGE}end-others/", follow=True)

    assert "You are logged out everywhere else." in answer.content.decode()
    assert [is_in(client) for client in (*elsewhere, carol, desk)] == [False, False, True, True]
    assert AuditEntry.objects.get(act=Act.OTHER_SESSIONS_ENDED).after == {"ended": 2}


def test_what_was_open_before_there_was_a_list_is_in_it(cast: Cast) -> None:
    old, desk = Client(), logged_in("bob", FIREFOX, "203.0.113.9")
    old.force_login(cast.bob)
    Client().get("/accounts/2fa/passkeys/log-in/", headers={"Accept": "application/json"})  # nobody's session

    UserSession.objects.all().delete()
    import_module("accounts.migrations.0008_security").list_sessions(apps, None)

    assert len(shown(desk)) == 2
    desk.post(f"{PAGE}end-others/")
    assert (is_in(old), is_in(desk)) == (False, True)


def test_logging_out_and_running_out_leave_nothing(cast: Cast) -> None:
    first, second = logged_in("bob", FIREFOX, "203.0.113.9"), logged_in("bob", IPHONE, "198.51.100.7")
    first.post("/accounts/logout/")
    assert shown(second) == [("Safari on iOS", "198.51.100.7", True)]
    assert UserSession.objects.count() == 1

    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    call_command("clearsessions")
    assert not UserSession.objects.exists()


def test_what_a_new_password_ended_is_not_in_the_list(cast: Cast) -> None:
    logged_in("bob", IPHONE, "198.51.100.7")
    desk = logged_in("bob", FIREFOX, "203.0.113.9")
    new = "other unrelated words here"

    desk.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new})

    assert shown(desk) == [("Firefox on Linux", "203.0.113.9", True)]
    set_password(SYSTEM, cast.bob, password="and yet another one")
    cast.bob.refresh_from_db()
    assert sessions_of(cast.bob, here="") == []


def test_a_visit_is_noted_every_few_minutes_and_costs_nothing_in_between(cast: Cast) -> None:
    bob = logged_in("bob", FIREFOX, "203.0.113.9")
    bob.get(HERE)
    before = UserSession.objects.get(user=cast.bob).seen_at

    def writes() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            bob.get(HERE, REMOTE_ADDR="198.51.100.7")
        return [query["sql"] for query in asked if "accounts_usersession" in query["sql"]]

    assert writes() == []
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert len(writes()) == 2  # a look and a write
        assert writes() == []
    now = UserSession.objects.get(user=cast.bob)
    assert now.seen_at - before >= timedelta(minutes=6)
    assert now.origin == "198.51.100.7"


def test_a_table_that_is_away_keeps_nobody_from_a_page(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.bob)

    def refuses(execute: Any, sql: str, *more: Any) -> Any:
        if "accounts_usersession" in sql:
            raise DatabaseError("away")
        return execute(sql, *more)

    with connection.execute_wrapper(refuses):
        assert is_in(client)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iOS"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.5 Safari/605.1",
            "Safari on macOS",
        ),
        ("", "Unknown browser"),
        ("<script>" * 200, "Unknown browser"),
    ],
)
def test_a_browser_has_a_short_name(cast: Cast, user_agent: str, name: str) -> None:
    client = logged_in("bob", user_agent, "203.0.113.9")
    assert [device for device, _origin, _here in shown(client)] == [name]
