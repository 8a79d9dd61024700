"""Logging in and out, and coming back to where one was going."""

import pytest
from django.test import Client

from tests.cast import PASSWORD, Cast

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
    "path",
    [
        "/",
        "/channels/",
        "/channels/create/",
        "/channels/public/",
        "/channels/public/messages/",
        "/channels/public/changes/",
        "/channels/nowhere/",
        "/messages/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/",
    ],
)
def test_a_visitor_is_sent_to_log_in_whatever_they_ask_for(client: Client, cast: Cast, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={path}"


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


def test_passwords_are_hashed_with_argon2() -> None:
    from chatsite import settings

    assert settings.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
