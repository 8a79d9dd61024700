"""Logging in and out, and coming back to where one was going."""

from typing import Any

import pytest
from django.test import Client

import chatsite.settings
from accounts.models import User
from tests.cast import PASSWORD, Cast, signed_in

HERE = "/channels/design/?before=12"


@pytest.mark.parametrize("username", ["bob", "Bob", " BOB ", "ｂｏｂ"])
def test_any_spelling_of_the_username_logs_in(client: Client, cast: Cast, username: str) -> None:
    response = client.post("/accounts/login/", {"login": username, "password": PASSWORD})

    assert response.status_code == 302
    assert client.get("/channels/public/").status_code == 200


@pytest.mark.parametrize(("username", "password"), [("bob", "wrong"), ("nobody", PASSWORD), ("bob", "")])
def test_a_wrong_name_or_password_does_not(client: Client, cast: Cast, username: str, password: str) -> None:
    response = client.post("/accounts/login/", {"login": username, "password": password})

    assert response.status_code == 200
    assert response.context["form"].errors
    assert client.get("/channels/public/").status_code == 302


def test_a_deactivated_account_can_not_log_in(client: Client, cast: Cast) -> None:
    cast.bob.is_active = False
    cast.bob.save()

    response = client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})

    assert response.context["form"].errors
    assert client.get("/channels/public/").status_code == 302


@pytest.mark.parametrize(
    ("path", "comes_back_to"),
    [
        ("/", "/"),
        ("/channels/", "/channels/"),
        ("/channels/create/", "/channels/create/"),
        ("/channels/public/", "/channels/public/"),
        ("/channels/public/messages/", "/channels/public/"),
        ("/channels/public/changes/", "/channels/public/"),
        ("/channels/public/join/", "/channels/public/"),
        ("/channels/nowhere/", "/channels/nowhere/"),
        (
            "/messages/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/",
            "/messages/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/",
        ),
        (
            "/messages/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/status/",
            "/messages/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/",
        ),
    ],
)
def test_a_visitor_is_sent_to_log_in_whatever_they_ask_for(
    client: Client, cast: Cast, path: str, comes_back_to: str
) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={comes_back_to}"


@pytest.mark.parametrize("header", [{"Accept": "application/json"}, {"HX-Request": "true"}])
def test_a_script_is_told_that_nobody_is_logged_in(
    client: Client, cast: Cast, header: dict[str, str]
) -> None:
    response = client.post("/channels/public/messages/", {"text": "hello"}, headers=header)

    assert (response.status_code, response.json()["code"]) == (401, "logged_out")


def test_a_text_written_after_the_session_ended_is_kept(client: Client, cast: Cast) -> None:
    response = client.post("/channels/public/messages/", {"text": "my long thought"})

    assert response.status_code == 401
    assert "my long thought</textarea>" in response.content.decode()
    assert 'href="/channels/public/"' in response.content.decode()


def test_a_button_pressed_after_the_session_ended_leads_back_to_its_page(client: Client, cast: Cast) -> None:
    response = client.post("/channels/design/join/")

    assert response["Location"] == "/accounts/login/?next=/channels/design/"


def test_a_text_with_a_stale_token_is_kept(cast: Cast) -> None:
    bob = signed_in(cast.bob, checks_csrf=True)

    response = bob.post("/channels/public/messages/", {"text": "my long thought"})

    assert response.status_code == 403
    assert "my long thought</textarea>" in response.content.decode()


def test_who_logged_in_from_another_tab_is_not_stopped_at_the_log_in_page(cast: Cast) -> None:
    bob = signed_in(cast.bob, checks_csrf=True)

    response = bob.post("/accounts/login/", {"login": "bob", "password": PASSWORD})

    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "path", ["/channels/public/", "/channels/public/changes/", "/channels/", "/accounts/login/"]
)
def test_no_page_is_kept_in_a_cache(cast: Cast, path: str) -> None:
    response = signed_in(cast.bob).get(path)

    assert "no-store" in response["Cache-Control"]
    assert "HX-Request" in response["Vary"]


def test_one_address_that_guesses_does_not_lock_the_owner_out(cast: Cast) -> None:
    def log_in(password: str, address: str, username: str = "bob") -> int:
        fields = {"login": username, "password": password}
        return Client(REMOTE_ADDR=address).post("/accounts/login/", fields).status_code

    for spelling in ("bob", "BOB", "ｂob", "bｏb", "boｂ"):
        assert log_in("wrong", "192.0.2.1", spelling) == 200

    assert log_in(PASSWORD, "192.0.2.1") == 429  # over the limit, whatever is typed
    assert log_in(PASSWORD, "192.0.2.1", "ｂｏｂ") == 429
    assert log_in(PASSWORD, "192.0.2.2") == 302


def test_after_logging_in_one_is_where_one_was_going(client: Client, cast: Cast) -> None:
    page = client.get(HERE, follow=True).content.decode()
    assert 'name="next" value="/channels/design/?before=12"' in page

    response = client.post("/accounts/login/", {"login": "bob", "password": PASSWORD, "next": HERE})

    assert response["Location"] == HERE


def test_after_signing_up_one_is_where_one_was_going(client: Client, cast: Cast) -> None:
    response = client.post(
        "/accounts/signup/", {"username": "zoe", "password1": PASSWORD, "next": "/channels/design/"}
    )

    assert response["Location"] == "/channels/design/"


def test_log_in_never_leads_to_another_site(client: Client, cast: Cast) -> None:
    response = client.post(
        "/accounts/login/", {"login": "bob", "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert response["Location"] == "/"


def test_logging_out_takes_a_button_press(client: Client, cast: Cast) -> None:
    client.force_login(cast.bob)

    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/channels/public/").status_code == 200

    client.post("/accounts/logout/")
    assert client.get("/channels/public/").status_code == 302


@pytest.mark.usefixtures("database")
def test_passwords_are_hashed_with_argon2(client: Client, settings: Any) -> None:
    settings.PASSWORD_HASHERS = chatsite.settings.PASSWORD_HASHERS

    client.post("/accounts/signup/", {"username": "zoe", "password1": PASSWORD})

    user = User.objects.get()
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert user.check_password(PASSWORD)
