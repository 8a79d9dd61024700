"""Accounts in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import block_user
from accounts.models import User
from channels_app.models import Channel
from chatsite.errors import NotAllowed
from tests.cast import PASSWORD, Cast, UserFactory, signed_in

QUERIES = 15
USERS = "/admin/accounts/user/"
OWN_PASSWORD = "/accounts/password/change/"


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


def columns_written(asked: CaptureQueriesContext) -> set[str]:
    """The columns of accounts that were changed."""
    table = connection.ops.quote_name("accounts_user")
    changes = [query["sql"] for query in asked if query["sql"].startswith(f"UPDATE {table} SET")]
    assert changes
    names = [str(field.column) for field in User._meta.concrete_fields]
    written = [sql.partition(" WHERE ")[0] for sql in changes]
    return {name for name in names if any(f"{connection.ops.quote_name(name)} = " in sql for sql in written)}


def with_rights(user: User, *rights: str) -> Client:
    """`user` as a site admin who is no superuser and has `rights` alone."""
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return signed_in(user)


@pytest.mark.parametrize(
    "asked",
    [
        "blocks__isnull=False",  # whom somebody blocks is theirs alone
        "blocks__id__gt=0",
        "export__isnull=False",
        "memberships__isnull=False",
        "groups__id__exact=1",
        "password__startswith=argon2",
        "email__contains=example",
    ],
)
def test_the_list_is_asked_for_nothing_but_what_its_filters_ask(cast: Cast, asked: str) -> None:
    block_user(cast.bob, cast.carol)
    alice = signed_in(cast.alice)

    assert alice.get(f"{USERS}?{asked}").status_code == 400

    found = alice.get(f"{USERS}?is_staff__exact=1").context["cl"].queryset
    assert [user.username for user in found] == ["alice"]


@pytest.mark.parametrize("asked", ["memberships__isnull=False", "creator__username__startswith=b"])
def test_nor_is_the_list_of_channels(cast: Cast, asked: str) -> None:
    alice = signed_in(cast.alice)
    assert alice.get(f"/admin/channels_app/channel/?{asked}").status_code == 400
    assert alice.get("/admin/channels_app/channel/?archived=yes").status_code == 200


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


def test_a_change_writes_nothing_but_what_its_form_is_about(cast: Cast) -> None:
    # A whole row, read a moment ago, would undo what somebody else changes in that moment.
    client = signed_in(cast.alice)
    with CaptureQueriesContext(connection) as asked:
        client.post(f"{USERS}{cast.bob.pk}/change/", account_entry(cast.bob, display_name="Robert"))
    assert columns_written(asked) == {"display_name", "email"}
    fresh = {"password1": "entirely other words", "password2": "entirely other words"}
    with CaptureQueriesContext(connection) as asked:
        assert client.post(f"{USERS}{cast.bob.pk}/password/", fresh).status_code == 302
    assert columns_written(asked) == {"password"}


def test_a_change_that_is_refused_in_part_is_not_made_at_all(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_anybody: User) -> User:
        raise NotAllowed

    monkeypatch.setattr("accounts.admin.deactivate_user", refuse)
    entry = account_entry(cast.bob, display_name="Robert", is_active="")
    answer = signed_in(cast.alice).post(f"{USERS}{cast.bob.pk}/change/", entry)
    assert "You may not do that." in answer.context["adminform"].form.non_field_errors()
    assert 'value="Robert"' in answer.content.decode()
    cast.bob.refresh_from_db()
    assert cast.bob.display_name == "Bob Okafor"


def test_a_deactivated_account_is_out_at_once_until_it_is_reactivated(cast: Cast) -> None:
    bob, page = signed_in(cast.bob), f"{USERS}{cast.bob.pk}/change/"
    assert bob.get("/channels/").status_code == 200
    dave = with_rights(cast.dave, "view_user", "change_user")
    assert dave.post(page, account_entry(cast.bob, is_active="")).status_code == 302
    assert bob.get("/channels/").status_code == 302
    assert bob.post("/channels/create/", {"name": "still here"}).status_code == 302
    assert not Channel.objects.filter(name="still here").exists()
    assert not Client().login(username="bob", password=PASSWORD)
    assert dave.post(page, account_entry(cast.bob)).status_code == 302
    assert Client().login(username="bob", password=PASSWORD)


def test_a_superuser_gives_rights_and_takes_them_away(cast: Cast) -> None:
    alice, page = signed_in(cast.alice), f"{USERS}{cast.bob.pk}/change/"
    group = Group.objects.create(name="Keepers")
    right = Permission.objects.get(codename="view_channel")
    entry = account_entry(cast.bob, is_staff="on", groups=str(group.pk), user_permissions=str(right.pk))
    assert alice.post(page, entry).status_code == 302
    cast.bob.refresh_from_db()
    assert cast.bob.is_staff
    assert list(cast.bob.groups.all()) == [group]
    assert signed_in(cast.bob).get("/admin/channels_app/channel/").status_code == 200
    assert alice.post(page, account_entry(cast.bob)).status_code == 302
    assert signed_in(cast.bob).get("/admin/channels_app/channel/", follow=True).status_code == 403
    assert not cast.bob.groups.exists()


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


def test_a_site_admin_does_not_take_over_another_one(cast: Cast) -> None:
    with_rights(cast.carol)
    dave = with_rights(cast.dave, "view_user", "change_user")
    fresh = {"password1": "entirely other words", "password2": "entirely other words"}
    assert dave.get(f"{USERS}{cast.carol.pk}/change/").status_code == 200
    assert dave.post(f"{USERS}{cast.carol.pk}/password/", fresh).status_code == 403
    entry = account_entry(cast.carol, email="dave@example.org", is_active="")
    assert dave.post(f"{USERS}{cast.carol.pk}/change/", entry).status_code == 403
    cast.carol.refresh_from_db()
    assert cast.carol.check_password(PASSWORD)
    assert cast.carol.is_active
    assert signed_in(cast.alice).post(f"{USERS}{cast.carol.pk}/password/", fresh).status_code == 302


def test_a_site_admin_changes_his_own_account_here_but_for_what_he_logs_in_with(cast: Cast) -> None:
    """Who finds this page open would need no password."""
    for user, admin in ((cast.dave, with_rights(cast.dave, "view_user", "change_user")), (cast.alice, None)):
        browser = admin or signed_in(user)
        entry = account_entry(user, display_name="Another", email="taken@example.org", is_staff="on")
        rights = {"is_superuser": "on"} if user == cast.alice else {}
        page = f"{USERS}{user.pk}/change/"
        assert browser.post(page, {**entry, **rights}).status_code == 302
        fresh = {"password1": "entirely other words", "password2": "entirely other words"}
        answer = browser.post(f"{USERS}{user.pk}/password/", {**fresh, "usable_password": "true"})
        assert answer["Location"] == OWN_PASSWORD
        assert browser.get(f"{USERS}{user.pk}/password/")["Location"] == OWN_PASSWORD
        for method in (browser.get, browser.post):
            assert method(f"{USERS}{user.pk}/reset-link/").status_code == 403
        user.refresh_from_db()
        assert (user.display_name, user.email) == ("Another", "")
        assert user.check_password(PASSWORD)
        shown = browser.get(page).content.decode()
        assert 'href="/accounts/preferences/"' in shown
        assert "reset-link" not in shown
        assert "../password/" not in shown


def test_the_admins_own_page_to_change_a_password_is_the_sites(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    fields = {"old_password": PASSWORD, "new_password1": "entirely other words"}
    for answer in (alice.get("/admin/password_change/"), alice.post("/admin/password_change/", fields)):
        assert answer["Location"] == OWN_PASSWORD
    cast.alice.refresh_from_db()
    assert cast.alice.check_password(PASSWORD)
    assert f'href="{OWN_PASSWORD}"' in alice.get("/admin/").content.decode()


def test_a_superuser_changes_what_another_one_logs_in_with_and_nobody_else_does(cast: Cast) -> None:
    zoe = UserFactory.create(username="zoe", is_staff=True, is_superuser=True)
    dave = with_rights(cast.dave, "view_user", "change_user")
    fresh = {"password1": "entirely other words", "password2": "entirely other words"}
    assert dave.post(f"{USERS}{zoe.pk}/password/", fresh).status_code == 403
    assert dave.post(f"{USERS}{zoe.pk}/reset-link/").status_code == 403
    assert dave.post(f"{USERS}{zoe.pk}/change/", account_entry(zoe, email="d@example.org")).status_code == 403
    zoe.refresh_from_db()
    assert (zoe.email, zoe.check_password(PASSWORD)) == ("", True)
    assert signed_in(cast.alice).post(f"{USERS}{zoe.pk}/password/", fresh).status_code == 302


def test_the_unused_table_of_email_addresses_is_not_written_here(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert client.get("/admin/account/emailaddress/").status_code == 404
    assert client.get("/admin/account/emailaddress/add/").status_code == 404
    assert "emailaddress" not in client.get("/admin/").content.decode()


def test_the_admin_has_the_sites_doors(cast: Cast, client: Client) -> None:
    assert client.get("/admin/").headers["Location"] == "/accounts/login/?next=/admin/"
    page = signed_in(cast.alice).get("/admin/").content.decode()

    # Django's own log-out would leave behind what the browser keeps of this person.
    assert 'href="/accounts/logout/"' in page
    assert 'action="/admin/logout/"' not in page
