"""Signing up: who gets an account, and what comes with it."""

from typing import Any

import pytest
from django.test import Client

from accounts.actions import edit_user
from accounts.models import User
from accounts.queries import users_with_email
from channels_app.models import Membership
from tests.cast import PASSWORD, Cast


def sign_up(client: Client, username: str, password: str = PASSWORD, **fields: str) -> Any:
    return client.post("/accounts/signup/", {"username": username, "password1": password, **fields})


@pytest.mark.usefixtures("database")
def test_a_visitor_signs_up_and_lands_in_public(client: Client) -> None:
    response = client.post("/accounts/signup/", {"username": "Zoë", "password1": PASSWORD}, follow=True)

    assert response.redirect_chain[-1][0] == "/channels/public/"
    assert User.objects.get(username="zoë").display_name == "Zoë"
    assert Membership.objects.get(user__username="zoë").channel.slug == "public"


@pytest.mark.usefixtures("database")
def test_display_name_and_email_are_kept(client: Client) -> None:
    sign_up(client, "zoe", display_name="  Zoë   Adler ", email="zoe@example.org")

    user = User.objects.get(username="zoe")
    assert (user.display_name, user.email) == ("Zoë Adler", "zoe@example.org")


@pytest.mark.parametrize(
    "username", ["bob", "BOB", " bob ", "ｂｏｂ", "𝐛𝐨𝐛"], ids=["same", "case", "space", "wide", "bold"]
)
def test_a_taken_username_is_refused_in_any_spelling(client: Client, cast: Cast, username: str) -> None:
    response = sign_up(client, username)

    assert response.status_code == 200
    assert "That username is taken." in response.content.decode()
    assert User.objects.count() == 5


@pytest.mark.parametrize("username", ["bоb", "аlice", "саrol", "mаllоry", "ԁave"])
def test_a_look_alike_in_letters_of_another_script_is_refused(
    client: Client, cast: Cast, username: str
) -> None:
    response = sign_up(client, username)

    assert "looks like one that is taken" in response.content.decode()
    assert User.objects.count() == 5


@pytest.mark.parametrize("username", ["bobby", "алиса", "modem", "modern", "李雷", "नमस्ते", "zoë"])
def test_names_of_every_script_that_look_like_nobody_are_welcome(
    client: Client, cast: Cast, username: str
) -> None:
    assert sign_up(client, username).status_code == 302
    assert User.objects.filter(username=username).exists()


@pytest.mark.parametrize(
    "username",
    [
        "",
        "   ",
        "a b",
        "a/b",
        "@bob",
        ".bob",
        "b\u200bob",
        "bob\ufe0f",
        "bob\ufe00",
        "b\U000e0100ob",
        "bob\u180b",
        "bob\u20dd",
        "b\u202eob",
        "\u3164",
        "x" * 41,
        "bob\x00",
    ],
)
@pytest.mark.usefixtures("database")
def test_a_username_that_breaks_a_rule_is_refused_with_a_reason(client: Client, username: str) -> None:
    response = sign_up(client, username)

    assert response.status_code == 200
    assert response.context["form"].errors["username"]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "name", ["\u202ebob", "a\x07b", "\ufe0f", "\u180b", "\U000e0100", "a\u200bb", "x" * 81]
)
@pytest.mark.usefixtures("database")
def test_a_display_name_that_does_not_show_as_it_is_comes_back_with_the_reason(
    client: Client, name: str
) -> None:
    response = sign_up(client, "zoe", display_name=name)

    assert response.context["form"].errors["display_name"]
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["Zoë 🩷", "❤️‍🔥", "می‌خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 Bob"])
@pytest.mark.usefixtures("database")
def test_a_display_name_may_have_anything_that_shows(client: Client, name: str) -> None:
    assert sign_up(client, "zoe", display_name=name).status_code == 302
    assert User.objects.get().display_name == name


@pytest.mark.parametrize("password", ["", "short", "password", "1234567890", "zoe-adler"])
@pytest.mark.usefixtures("database")
def test_a_weak_password_is_refused_with_a_reason(client: Client, password: str) -> None:
    response = sign_up(client, "zoe-adler", password)

    assert response.context["form"].errors["password1"]
    assert not User.objects.exists()


@pytest.mark.usefixtures("database")
def test_what_was_typed_stays_in_the_form(client: Client) -> None:
    page = sign_up(client, "zoe", "short", display_name="Zoë").content.decode()

    assert 'value="zoe"' in page
    assert 'value="Zoë"' in page


def test_who_is_logged_in_is_sent_on(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)

    assert client.get("/accounts/signup/").status_code == 302


def test_whether_somebody_has_an_address_is_not_found_out_by_signing_up(client: Client, cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Bob", email="bob@example.org")

    for name, email in (("zoe", "BOB@example.org"), ("yan", "nobody@example.org")):
        answer = sign_up(Client(), name, email=email)
        assert (answer.status_code, answer["Location"]) == (302, "/")

    assert users_with_email("bob@example.org") == [cast.bob]  # nobody else's until its link was opened


def test_the_public_channel_counts_everybody(cast: Cast) -> None:
    cast.public.refresh_from_db()

    assert cast.public.member_count == 5


@pytest.mark.usefixtures("database")
def test_an_account_made_by_the_manager_is_in_public_too() -> None:
    user = User.objects.create_superuser("root-of-all", "four unrelated words")

    assert Membership.objects.get(user=user).channel.slug == "public"
    assert user.check_password("four unrelated words")
