"""Another password: changed by who knows the old one, or had by mail by who does not."""

import re
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from celery import Celery
from django.core.cache import cache
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import (
    confirm_address,
    deactivate_user,
    key_for_address,
    make_reset_link,
    set_email,
    set_password,
)
from accounts.models import Act, AuditEntry, User
from chatsite.background import finish_here
from chatsite.errors import NotAllowed
from tests.cast import PASSWORD, Cast, signed_in
from tests.mailbox import link_mailed, mails
from tests.waiting import wait_for

CHANGE = "/accounts/password/change/"
RESET = "/accounts/password/reset/"
pytestmark = pytest.mark.django_db(transaction=True)  # a mail is asked for by what is committed

NEW_PASSWORD = "other unrelated words here"
HERE = "/channels/public/"


class MailServerIsAway(BaseEmailBackend):
    """What `EMAIL_BACKEND` names when nobody answers at the mail server's address."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("nobody there")


def with_address(cast: Cast, email: str = "bob@example.org") -> None:
    give_address(cast.bob, email)


def give_address(user: User, email: str) -> None:
    """Of which it is known that it is theirs."""
    set_email(user, email=email, password=PASSWORD)
    user.refresh_from_db()
    confirm_address(key_for_address(user))


def can_log_in(password: str) -> bool:
    answer = Client().post("/accounts/login/", {"login": "bob", "password": password})
    return answer.status_code == 302


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(cast: Cast) -> None:
    here, elsewhere = signed_in(cast.bob), signed_in(cast.bob)
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "author": "bob"}

    answer = here.post(CHANGE, fields, follow=True)

    assert answer.redirect_chain == [("/accounts/preferences/?saved=password", 302)]
    [told] = [toast.text for toast in answer.context["toasts"]]
    assert "logged out everywhere else" in told
    assert here.get(HERE).status_code == 200
    assert elsewhere.get(HERE).status_code == 302
    assert (can_log_in(NEW_PASSWORD), can_log_in(PASSWORD)) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", NEW_PASSWORD, "oldpassword"), (PASSWORD, "bob", "password1"), (PASSWORD, "", "password1")],
)
def test_a_wrong_or_a_weak_password_changes_nothing(cast: Cast, old: str, new: str, field: str) -> None:
    carol = signed_in(cast.carol)

    answer = carol.post(CHANGE, {"oldpassword": old, "password1": new})

    assert list(answer.context["form"].errors) == [field]
    assert NEW_PASSWORD not in answer.content.decode()
    cast.carol.refresh_from_db()
    assert cast.carol.check_password(PASSWORD)


def test_who_guesses_the_old_password_is_stopped(cast: Cast) -> None:
    dave = signed_in(cast.dave)
    fields = {"oldpassword": "wrong", "password1": NEW_PASSWORD}

    answers = [dave.post(CHANGE, fields).status_code for _guess in range(6)]

    assert answers == [200] * 5 + [429]
    assert Client().get(CHANGE).status_code == 302


@pytest.mark.usefixtures("sends_mail")
def test_who_forgot_it_has_a_link_mailed_that_works_once(cast: Cast) -> None:
    with_address(cast)
    elsewhere, client = signed_in(cast.bob), Client()
    assert 'href="/accounts/password/reset/"' in client.get("/accounts/login/").content.decode()

    answer = client.post(RESET, {"email": "BOB@example.org"}, follow=True)

    assert answer.redirect_chain == [(f"{RESET}done/", 302)]
    [message] = mails()
    assert (message.subject, message.to) == ("A new password for Chat", ["bob@example.org"])
    assert "Hello Bob Okafor," in message.body
    assert "You log in as: bob" in message.body
    page = client.get(link_mailed(), follow=True)
    address = page.redirect_chain[-1][0]
    assert "set-password" in address
    weak = client.post(address, {"password1": "bob"})
    assert list(weak.context["form"].errors) == ["password1"]

    answer = client.post(address, {"password1": NEW_PASSWORD}, follow=True)

    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert "Log in with it." in answer.content.decode()
    assert elsewhere.get(HERE).status_code == 302
    assert (can_log_in(NEW_PASSWORD), can_log_in(PASSWORD)) == (True, False)
    again = Client().get(link_mailed(), follow=True)
    assert "This link does not work any more" in again.content.decode()
    assert not EmailAddress.objects.exists()


@pytest.mark.usefixtures("sends_mail")
def test_who_has_an_account_is_not_found_out_by_trying(cast: Cast) -> None:
    with_address(cast)
    give_address(cast.carol, "carol@example.org")
    deactivate_user(cast.alice, cast.carol)

    pages = {
        re.sub(r'nonce="[^"]*"', "", Client().post(RESET, {"email": email}, follow=True).content.decode())
        for email in ("bob@example.org", "nobody@example.org", "carol@example.org")
    }

    assert len(pages) == 1
    assert len(mails()) == 1


@pytest.mark.usefixtures("sends_mail")
def test_the_work_in_the_request_is_the_same_for_every_address(cast: Cast) -> None:
    with_address(cast)
    asked = []
    for name in ("carol", "bob", "nobody"):  # the first fills caches
        with CaptureQueriesContext(connection) as queries:
            Client().post(RESET, {"email": f"{name}@example.org"})
        asked.append([re.sub(r"'[^']*'|\d+", "…", query["sql"]) for query in queries])

    assert asked[1] == asked[2]
    assert not [sql for sql in asked[1] if "accounts_user" in sql]
    assert len(mails()) == 1


@pytest.mark.usefixtures("sends_mail")
def test_a_link_is_worth_nothing_once_the_address_or_the_account_is_another(cast: Cast) -> None:
    with_address(cast)
    Client().post(RESET, {"email": "bob@example.org"})
    link = link_mailed()
    with_address(cast, "robert@example.org")
    assert "does not work any more" in Client().get(link, follow=True).content.decode()

    client = Client()
    client.post(RESET, {"email": "robert@example.org"})
    address = client.get(link_mailed(), follow=True).redirect_chain[-1][0]
    deactivate_user(cast.alice, cast.bob)
    assert client.post(address, {"password1": NEW_PASSWORD}).status_code == 403
    cast.bob.refresh_from_db()
    assert cast.bob.check_password(PASSWORD)


@pytest.mark.usefixtures("sends_mail")
def test_one_address_gets_so_many_mails_and_no_more(cast: Cast) -> None:
    with_address(cast, "often@example.org")

    answers = [Client().post(RESET, {"email": "often@example.org"}).status_code for _time in range(6)]

    assert answers == [302] * 5 + [429]
    assert len(mails()) == 5


@pytest.mark.usefixtures("sends_mail")
def test_a_mail_server_that_is_away_is_in_the_log_and_tells_nobody_who_has_an_account(
    cast: Cast, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{MailServerIsAway.__name__}"
    with_address(cast, "away@example.org")

    for name in ("away", "nobody"):
        answer = Client().post(RESET, {"email": f"{name}@example.org"})
        assert (answer.status_code, answer["Location"]) == (302, f"{RESET}done/")

    finish_here()
    assert caplog.text.count("mail could not be sent: nobody there") == 1


@pytest.mark.usefixtures("sends_mail")
def test_while_the_broker_is_away_the_process_sends_the_mail_itself(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_address(cast)
    away = Celery("away", set_as_current=False)
    away.config_from_object("django.conf:settings", namespace="CELERY")
    settings.BROKER_URL = "amqp://127.0.0.1:1//"
    away.conf.update(broker_url=settings.BROKER_URL)
    monkeypatch.setattr("chatsite.background.current_app", away)

    for name in ("bob", "nobody"):
        answer = Client().post(RESET, {"email": f"{name}@example.org"})
        assert (answer.status_code, answer["Location"]) == (302, f"{RESET}done/")

    assert [message.to for message in mails()] == [["bob@example.org"]]


@pytest.mark.stack
def test_a_worker_of_background_tasks_sends_the_mail(cast: Cast, settings: Any, task_worker: Path) -> None:
    settings.SENDS_MAIL = True
    cache.clear()
    with_address(cast)

    for name in ("nobody", "bob"):
        assert Client().post(RESET, {"email": f"{name}@example.org"}).status_code == 302

    [file] = wait_for(lambda: list(task_worker.iterdir()), what="the mail")
    text = wait_for(file.read_text, what="what is in it")
    assert "To: bob@example.org" in text
    assert "http://testserver/accounts/password/reset/key/" in text


@pytest.mark.usefixtures("sends_mail")
def test_another_password_is_told_to_a_confirmed_address(cast: Cast) -> None:
    with_address(cast)
    give_address(cast.carol, "carol@example.org")
    User.objects.filter(pk=cast.carol.pk).update(verified_email="")
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD}
    for user in (cast.bob, cast.carol):
        assert signed_in(user).post(CHANGE, fields).status_code == 302

    [told] = mails()
    assert (told.to, told.subject) == (["bob@example.org"], "Your account bob at Chat")
    assert "has another password now" in told.body

    set_password(cast.alice, cast.bob, password=PASSWORD)
    assert [message.to for message in mails()] == [["bob@example.org"]] * 2


def test_without_mail_the_page_says_who_can_help(cast: Cast) -> None:
    with_address(cast)

    for page in (Client().get(RESET), Client().post(RESET, {"email": "bob@example.org"})):
        assert "An admin can make you a link" in page.content.decode()
        assert 'name="email"' not in page.content.decode()
    assert mails() == []


def test_an_admin_makes_a_link_that_works_once(cast: Cast) -> None:
    alice, page = signed_in(cast.alice), f"/admin/accounts/user/{cast.bob.pk}/reset-link/"
    assert page in alice.get(f"/admin/accounts/user/{cast.bob.pk}/change/").content.decode()
    assert "/password/reset/key/" not in alice.get(page).content.decode()
    assert not AuditEntry.objects.filter(act=Act.RESET_LINK_MADE).exists()

    answer = alice.post(page)

    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(act=Act.RESET_LINK_MADE)
    assert (entry.actor, entry.person) == (cast.alice, cast.bob)
    path = answer.context["link"].removeprefix("http://testserver")
    assert path not in str(list(AuditEntry.objects.values()))
    client = Client()
    address = client.get(path, follow=True).redirect_chain[-1][0]
    assert client.post(address, {"password1": NEW_PASSWORD})["Location"] == "/accounts/login/"
    assert can_log_in(NEW_PASSWORD)
    assert "This link does not work any more" in Client().get(path, follow=True).content.decode()


def test_nobody_makes_a_link_to_an_account_that_is_not_theirs_to_edit(cast: Cast) -> None:
    User.objects.filter(pk=cast.dave.pk).update(is_staff=True)
    cast.dave.refresh_from_db()
    for actor, user in ((cast.mallory, cast.bob), (cast.dave, cast.alice)):
        with pytest.raises(NotAllowed):
            make_reset_link(actor, user)
    dave, bob = signed_in(cast.dave), signed_in(cast.bob)
    assert dave.post(f"/admin/accounts/user/{cast.alice.pk}/reset-link/").status_code == 403
    assert bob.post(f"/admin/accounts/user/{cast.carol.pk}/reset-link/").status_code == 302
    deactivate_user(cast.alice, cast.bob)
    with pytest.raises(NotAllowed):
        make_reset_link(cast.alice, cast.bob)
    assert not AuditEntry.objects.filter(act=Act.RESET_LINK_MADE).exists()
