"""Accounts in the admin."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from tests.cast import PASSWORD, Cast, signed_in

QUERIES = 15
USERS = "/admin/accounts/user/"


def new_account(**entry: str) -> dict[str, str]:
    return {
        "username": "erin",
        "display_name": "",
        "email": "",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **entry,
    }


def account_entry(user: User, **changed: str) -> dict[str, str]:
    entry = {"display_name": user.display_name, "email": user.email, "is_active": "on", **changed}
    return {name: value for name, value in entry.items() if value}


def with_rights(user: User, *rights: str) -> Client:
    """`user` as a site admin who is no superuser and has `rights` alone."""
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return signed_in(user)


def test_a_site_admin_enters_and_a_member_does_not(cast: Cast) -> None:
    assert signed_in(cast.alice).get("/admin/").status_code == 200
    answer = signed_in(cast.bob).get("/admin/", follow=True)
    assert answer.status_code == 403


def test_who_is_not_logged_in_logs_in_at_the_one_door(client: Client, cast: Cast) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    answer = client.post(answer.redirect_chain[-1][0], {"login": "alice", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"


def test_the_admin_names_the_site(cast: Cast, settings: Any) -> None:
    assert settings.SITE_NAME in signed_in(cast.alice).get("/admin/").content.decode()


def test_the_list_of_users_takes_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = signed_in(cast.alice)
    with django_assert_max_num_queries(QUERIES):
        answer = client.get(USERS)
    assert "mallory" in answer.content.decode()


def test_the_page_of_a_user_takes_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = signed_in(cast.alice)
    with django_assert_max_num_queries(QUERIES):
        assert client.get(f"{USERS}{cast.bob.pk}/change/").status_code == 200
    with django_assert_max_num_queries(QUERIES):
        assert client.get(f"{USERS}add/").status_code == 200


def test_users_are_found_by_the_beginning_of_their_name(cast: Cast) -> None:
    client = signed_in(cast.alice)
    found = client.get(USERS, {"q": "MAL"}).context["cl"].result_list
    assert [user.username for user in found] == ["mallory"]
    assert not client.get(USERS, {"q": "allory"}).context["cl"].result_list


def test_a_new_account_is_made_as_by_signing_up(cast: Cast) -> None:
    answer = signed_in(cast.alice).post(
        f"{USERS}add/", new_account(username="Erin", display_name="Erin Vale")
    )
    assert answer.status_code == 302
    erin = User.objects.get(username="erin")
    assert erin.display_name == "Erin Vale"
    assert erin.check_password(PASSWORD)
    assert erin.memberships.get().channel == cast.public
    assert not erin.is_staff


def test_a_new_account_may_be_without_a_password(cast: Cast) -> None:
    entry = new_account(usable_password="false", password1="", password2="")
    assert signed_in(cast.alice).post(f"{USERS}add/", entry).status_code == 302
    assert not User.objects.get(username="erin").has_usable_password()


def test_what_signing_up_refuses_is_an_error_of_the_form(cast: Cast) -> None:
    client = signed_in(cast.alice)
    for username, reason in [
        ("bob", "That username is taken."),
        ("bоb", "looks like one that is taken"),  # the middle letter is Cyrillic
        ("two words", "Letters, digits, dot, dash and underscore only"),
        ("x" * 41, "at most 40 characters"),
    ]:
        answer = client.post(f"{USERS}add/", new_account(username=username))
        assert answer.status_code == 200
        assert reason in answer.context["adminform"].form.errors["username"][0]
    weak = client.post(f"{USERS}add/", new_account(password1="12345678", password2="12345678"))
    assert weak.context["adminform"].form.errors["password2"]
    assert User.objects.count() == 5


def test_a_username_stays_as_it_was_made(cast: Cast) -> None:
    entry = account_entry(cast.bob, username="robert", display_name="Robert")
    assert signed_in(cast.alice).post(f"{USERS}{cast.bob.pk}/change/", entry).status_code == 302
    cast.bob.refresh_from_db()
    assert (cast.bob.username, cast.bob.display_name) == ("bob", "Robert")


def test_a_display_name_needs_letters_here_too(cast: Cast) -> None:
    entry = account_entry(cast.bob, display_name="\u2800")
    answer = signed_in(cast.alice).post(f"{USERS}{cast.bob.pk}/change/", entry)
    assert "letters" in answer.context["adminform"].form.errors["display_name"][0]


def test_a_deactivated_account_is_out_at_once(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert bob.get("/channels/").status_code == 200
    entry = account_entry(cast.bob, is_active="")
    assert signed_in(cast.alice).post(f"{USERS}{cast.bob.pk}/change/", entry).status_code == 302
    assert bob.get("/channels/").status_code == 302


def test_a_site_admin_gives_a_new_password(cast: Cast, client: Client) -> None:
    fresh = "entirely other words"
    answer = signed_in(cast.alice).post(
        f"{USERS}{cast.bob.pk}/password/", {"password1": fresh, "password2": fresh, "usable_password": "true"}
    )
    assert answer.status_code == 302
    assert client.login(username="bob", password=fresh)


def test_nobody_deletes_an_account(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert client.post(f"{USERS}{cast.bob.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(USERS, {"action": "delete_selected", "_selected_action": [cast.bob.pk], "post": "yes"})
    assert User.objects.filter(pk=cast.bob.pk).exists()


def test_a_site_admin_without_the_right_does_not_see_accounts(cast: Cast) -> None:
    assert with_rights(cast.dave, "view_channel").get(USERS).status_code == 403
    assert with_rights(cast.dave, "view_user").get(USERS).status_code == 200


def test_the_right_to_edit_accounts_is_not_the_right_to_everything(cast: Cast) -> None:
    dave = with_rights(cast.dave, "view_user", "change_user")
    assert (
        dave.post(f"{USERS}{cast.bob.pk}/change/", account_entry(cast.bob, is_superuser="on")).status_code
        == 302
    )
    cast.bob.refresh_from_db()
    assert not cast.bob.is_superuser
    fresh = {"password1": "entirely other words", "password2": "entirely other words"}
    assert dave.post(f"{USERS}{cast.alice.pk}/password/", fresh).status_code == 403
    assert dave.post(f"{USERS}{cast.bob.pk}/password/", fresh).status_code == 302


def test_an_email_address_of_an_account_can_be_looked_at(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert client.get("/admin/account/emailaddress/", {"q": "bob"}).status_code == 200
    assert client.get("/admin/account/emailaddress/add/").status_code == 200
