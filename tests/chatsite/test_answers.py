"""What people and programs are told when something is missing, broken or away."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_process_says_that_it_is_alive_without_the_database(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_what_browsers_and_crawlers_ask_for_by_themselves_is_there_for_everybody(client: Client) -> None:
    icon, robots = client.get("/favicon.ico"), client.get("/robots.txt")

    assert icon.status_code == robots.status_code == 200
    assert b"".join(icon).startswith(b"\x00\x00\x01\x00")  # an .ico, whatever its name
    assert b"Disallow: /" in b"".join(robots)


def test_a_page_that_does_not_exist_is_a_404_in_our_dress(cast: Cast) -> None:
    for path in ("/nothing/here/", "/channels/nowhere/", "/messages/x/"):
        response = signed_in(cast.bob).get(path)
        assert response.status_code == 404
        assert settings.SITE_NAME in response.content.decode()


def test_what_does_not_exist_is_json_for_a_program(cast: Cast) -> None:
    response = signed_in(cast.bob).get("/channels/nowhere/", HTTP_ACCEPT="application/json")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_every_page_has_the_content_security_policy(cast: Cast, client: Client) -> None:
    pages = [
        client.get("/accounts/login/"),
        signed_in(cast.bob).get("/channels/public/"),
        client.get("/nowhere/"),
    ]

    assert all("default-src 'none'" in page["Content-Security-Policy"] for page in pages)


def test_a_form_without_its_token_is_explained(cast: Cast) -> None:
    response = signed_in(cast.bob, checks_csrf=True).post("/channels/create/", {"name": "x"})

    assert response.status_code == 403
    assert settings.SITE_NAME in response.content.decode()


def take_the_database_away(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.raise_request_exception = False
    connection.close()
    nowhere: dict[str, Any] = {"HOST": "127.0.0.1", "PORT": "9"}
    if connection.vendor == "sqlite":
        nowhere = {"NAME": "/nonexistent/folder/chat.sqlite3"}
    for name, value in nowhere.items():
        monkeypatch.setitem(connection.settings_dict, name, value)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_while_the_database_is_away_the_answer_is_503_and_no_traceback(
    cast: Cast, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = signed_in(cast.bob)
    take_the_database_away(bob, monkeypatch)

    response = bob.get("/channels/public/", HTTP_ACCEPT=accept)

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    if accept == "text/html":
        assert settings.SITE_NAME in response.content.decode()
    assert "Traceback" not in response.content.decode()


def test_a_look_at_a_button_is_explained(cast: Cast) -> None:
    response = signed_in(cast.bob).get("/channels/public/join/")

    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert settings.SITE_NAME in response.content.decode()


@pytest.mark.parametrize("path", ["/accounts/login/", "/channels/public/messages/"])
def test_a_form_in_another_charset_is_refused_not_a_crash(cast: Cast, path: str) -> None:
    response = Client(enforce_csrf_checks=True).post(
        path, "text=hello", content_type="application/x-www-form-urlencoded; charset=utf-16"
    )

    assert response.status_code == 400
    assert settings.SITE_NAME in response.content.decode()


@pytest.mark.parametrize(
    ("asked", "language", "button", "others"),
    [
        ("de", "de", "Abmelden", "Log out"),
        ("nl", "en", "Log out", "Uitloggen"),
        ("", "en", "Log out", "Abmelden"),
    ],
)
def test_every_browser_gets_one_whole_language(
    cast: Cast, asked: str, language: str, button: str, others: str
) -> None:
    page = signed_in(cast.bob).get("/accounts/logout/", headers={"Accept-Language": asked}).content.decode()

    assert f'lang="{language}"' in page
    assert button in page
    assert others not in page


def test_what_is_too_large_to_read_is_refused_in_our_dress(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    response = bob.post("/channels/public/messages/", {"text": "x" * 3_000_000, "client_id": "x"})

    assert response.status_code in (400, 422)
    assert settings.SITE_NAME in response.content.decode()


def test_what_is_too_much_to_read_is_refused_as_json_to_a_program(cast: Cast) -> None:
    fields = {f"field-{number}": "x" for number in range(1_001)}

    response = signed_in(cast.bob).post("/channels/public/messages/", fields, HTTP_ACCEPT="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "malformed")
    assert response.json()["message"]


def test_a_fault_of_ours_is_a_500_without_a_traceback(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = signed_in(cast.bob)
    bob.raise_request_exception = False
    monkeypatch.setattr("messaging.views.messages.landing_channel", lambda: 1 / 0)

    response = bob.get("/")

    assert response.status_code == 500
    assert settings.SITE_NAME in response.content.decode()
    assert "ZeroDivisionError" not in response.content.decode()


def test_a_request_that_cant_be_read_is_refused_with_the_sites_name(
    cast: Cast, client: Client, settings: Any
) -> None:
    settings.SITE_NAME = "The Orchard"

    refused = client.post("/accounts/login/", {f"field-{number}": "x" for number in range(1_001)})

    assert refused.status_code == 400
    assert "The Orchard" in refused.content.decode()


def test_every_page_has_a_strict_policy(cast: Cast) -> None:
    policy = signed_in(cast.bob).get("/channels/public/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "nonce-" in policy


def test_the_sites_name_is_on_every_page(cast: Cast, client: Client, settings: Any) -> None:
    settings.SITE_NAME = "The Orchard"

    assert "The Orchard" in client.get("/accounts/login/").content.decode()
    assert "The Orchard" in client.get("/accounts/signup/").content.decode()
    assert "The Orchard" in signed_in(cast.bob).get("/channels/public/").content.decode()


@pytest.mark.parametrize("path", ["/channels/public/messages/", f"/messages/{uuid.UUID(int=1)}/edit/"])
def test_while_the_database_is_away_a_text_comes_back(
    cast: Cast, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = signed_in(cast.bob)
    take_the_database_away(bob, monkeypatch)

    response = bob.post(path, {"text": "my <long> thought", "client_id": str(uuid.uuid4())})

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert "my &lt;long&gt; thought" in response.content.decode()


def test_a_text_that_came_back_can_be_sent_again_as_the_same_message(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = signed_in(cast.bob)
    take_the_database_away(bob, monkeypatch)

    posted = {"text": "my thought", "client_id": str(uuid.uuid4())}
    page = bob.post("/channels/design/messages/", posted).content.decode()

    assert '<form method="post" action="/channels/design/messages/">' in page
    assert f'name="client_id" value="{posted["client_id"]}"' in page
    assert 'href="/channels/design/"' in page


def test_the_way_on_leads_to_the_same_address(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = signed_in(cast.bob)
    take_the_database_away(bob, monkeypatch)

    page = bob.get("/channels/design/?before=7").content.decode()

    assert 'href="/channels/design/?before=7"' in page
    assert "<form" not in page
