"""Whose an e-mail address is: shown by a link mailed there, and a new password goes to no other."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.actions import create_user, edit_user, mail_address_link, set_email
from accounts.actions.addresses import GOOD_FOR_S
from accounts.models import Act, AuditEntry, User
from accounts.queries import users_with_email
from tests.accounts.test_passwords import MailServerIsAway
from tests.cast import PASSWORD, Cast, signed_in
from tests.mailbox import link_mailed, mails

PREFERENCES = "/accounts/preferences/"
SEND = "/accounts/email/send/"
RESET = "/accounts/password/reset/"


# A mail is asked for by what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sends_mail")]


def give(client: Client, email: str) -> Any:
    fields = {"section": "email", "email": email, "password": PASSWORD}
    return client.post(PREFERENCES, fields, follow=True)


def test_a_new_address_is_believed_once_its_link_was_opened(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    page = give(bob, "bob.new@example.org").content.decode()

    assert "A link is on its way to bob.new@example.org." in page
    assert "is not confirmed yet" in page
    [message] = mails()
    assert (message.to, message.subject) == (["bob.new@example.org"], "Confirm your e-mail address for Chat")
    assert "the account bob at Chat" in message.body
    Client().post(RESET, {"email": "bob.new@example.org"})
    assert len(mails()) == 1

    anybody = Client()
    assert "bob.new@example.org" in anybody.get(link_mailed()).content.decode()
    assert users_with_email("bob.new@example.org") == []  # to look is not to say so
    anybody.post(link_mailed())

    assert "is confirmed" in bob.get(PREFERENCES).content.decode()
    Client().post(RESET, {"email": "Bob.New@example.org"})
    assert mails()[-1].subject == "A new password for Chat"
    entry = AuditEntry.objects.get(act=Act.ADDRESS_CONFIRMED)
    assert (entry.person, entry.after) == (cast.bob, {"email": "bob.new@example.org"})


def test_a_link_is_for_one_address_of_one_account_and_three_days(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    give(bob, "bob.first@example.org")
    first = link_mailed()
    give(bob, "bob.second@example.org")
    second = link_mailed()

    assert Client().post(first).status_code == 422
    assert Client().get(f"{second[:-3]}x/").status_code == 422
    with time_machine.travel(timezone.now() + timedelta(seconds=GOOD_FOR_S + 1)):
        for answer in (Client().get(second), Client().post(second)):
            assert answer.status_code == 422
            assert "This link does not work any more." in answer.content.decode()
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert Client().post(second).status_code == 422
    cast.bob.refresh_from_db()
    assert not cast.bob.has_verified_email


def test_another_address_is_not_believed_because_the_first_was(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    give(bob, "bob.one@example.org")
    Client().post(link_mailed())
    User.objects.filter(pk=cast.bob.pk).update(email="bob.two@example.org")  # by whatever knows nothing of it

    assert users_with_email("bob.two@example.org") == users_with_email("bob.one@example.org") == []


def test_signing_up_with_an_address_sends_the_link(client: Client, cast: Cast) -> None:
    fields = {"username": "erin", "password1": PASSWORD, "email": "erin@example.org"}
    assert client.post("/accounts/signup/", fields).status_code == 302

    assert [message.to for message in mails()] == [["erin@example.org"]]
    Client().post(link_mailed())
    assert [user.username for user in users_with_email("erin@example.org")] == ["erin"]


def test_a_mail_server_that_is_away_keeps_nobody_out(client: Client, cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{MailServerIsAway.__module__}.{MailServerIsAway.__name__}"
    fields = {"username": "frank", "password1": PASSWORD, "email": "frank@example.org"}
    assert client.post("/accounts/signup/", fields).status_code == 302

    page = give(signed_in(cast.bob), "bob.away@example.org").content.decode()
    assert "Send the link again" in page
    cast.bob.refresh_from_db()
    assert cast.bob.email == "bob.away@example.org"


def test_the_link_is_sent_again_so_often_and_no_more(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    give(bob, "bob.often@example.org")

    pages = [bob.post(SEND, follow=True).content.decode() for _time in range(3)]

    assert ["Enough links were sent." in page for page in pages] == [False, False, True]
    assert len(mails()) == 3
    Client().post(link_mailed())
    bob.post(SEND)
    assert len(mails()) == 3  # there is nothing to confirm


def test_an_address_that_an_admin_gave_is_believed(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Bob", email="bob.given@example.org")
    create_user(cast.alice, username="gina", email="gina@example.org", is_email_verified=True)

    for email in ("bob.given@example.org", "gina@example.org"):
        assert len(users_with_email(email)) == 1


def test_another_address_is_told_to_the_one_before_it(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    give(bob, "bob.one@example.org")
    give(bob, "bob.two@example.org")  # the one before it was never confirmed
    Client().post(link_mailed())
    give(bob, "bob.two@example.org")
    assert not [message for message in mails() if "another e-mail address" in message.body]

    give(bob, "bob.three@example.org")
    [told] = [message for message in mails() if "another e-mail address" in message.body]
    assert (told.to, told.subject) == (["bob.two@example.org"], "Your account bob at Chat")
    assert "bob.three" not in told.body

    edit_user(cast.alice, cast.bob, display_name="Bob", email="bob.given@example.org")
    edit_user(cast.alice, cast.bob, display_name="Robert", email="bob.given@example.org")
    assert len(mails()) == 4
    edit_user(cast.alice, cast.bob, display_name="Bob", email="")
    assert mails()[-1].to == ["bob.given@example.org"]


def test_what_is_told_by_mail_is_in_the_language_of_its_reader(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Bob", email="bob@example.org")
    User.objects.filter(pk=cast.bob.pk).update(language="de")

    Client(headers={"Accept-Language": "fr"}).post(RESET, {"email": "bob@example.org"})

    assert "Hallo Bob," in mails()[-1].body


def test_a_link_that_is_asked_for_is_not_sent_where_it_is_of_no_use_any_more(cast: Cast) -> None:
    set_email(cast.bob, email="bob@example.org", password=PASSWORD)
    mail_address_link(cast.bob.pk, "http://testserver/", "en")
    User.objects.filter(pk=cast.bob.pk).update(verified_email="bob@example.org")
    mail_address_link(cast.bob.pk, "http://testserver/", "en")

    assert len(mails()) == 1


def test_without_mail_nobody_is_asked_to_confirm_anything(cast: Cast, settings: Any) -> None:
    settings.SENDS_MAIL = False
    page = give(signed_in(cast.bob), "bob.plain@example.org").content.decode()

    assert "Your preferences are saved." in page
    assert "confirmed" not in page
    assert mails() == []


def test_nobody_elses_address_is_shown_or_confirmed_by_a_made_up_link(cast: Cast) -> None:
    set_email(cast.bob, email="bob.secret@example.org", password=PASSWORD)
    for key in ("x", "a:b:c", "WzEsImEiXQ:1vP:xyz"):
        answer = Client().get(f"/accounts/email/confirm/{key}/")
        assert answer.status_code == 422
        assert "bob.secret" not in answer.content.decode()


def test_who_had_an_address_before_keeps_the_way_to_a_new_password(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(email="bob.before@example.org")

    import_module("accounts.migrations.0008_security").believe_addresses(apps, None)

    assert users_with_email("bob.before@example.org") == [cast.bob]
    cast.carol.refresh_from_db()
    assert (cast.carol.verified_email, cast.carol.has_verified_email) == ("", False)
