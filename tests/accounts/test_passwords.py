"""Another password: changed by who knows the old one, or had by mail by who does not."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client

from accounts.actions import confirm_address, deactivate_user, key_for_address, make_reset_link, set_email
from accounts.models import Act, AuditEntry, User
from chatsite.errors import NotAllowed
from tests.cast import PASSWORD, Cast, signed_in

CHANGE = "/accounts/password/change/"
RESET = "/accounts/password/reset/"
NEW_PASSWORD = "other unrelated words here"
HERE = "/channels/public/"


class MailServerIsAway(BaseEmailBackend):
    """What `EMAIL_BACKEND` names when nobody answers at the mail server's address."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("nobody there")


@pytest.fixture
def sends_mail(settings: Any) -> None:
    settings.SENDS_MAIL = True


def with_address(cast: Cast, email: str = "bob@example.org") -> None:
    give_address(cast.bob, email)


def give_address(user: User, email: str) -> None:
    """Of which it is known that it is theirs."""
    set_email(user, email=email, password=PASSWORD)
    user.refresh_from_db()
    confirm_address(key_for_address(user))


def link_mailed() -> str:
    """The path in the newest mail."""
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


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
    [message] = mail.outbox
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
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("sends_mail")
def test_a_link_is_worth_nothing_once_the_address_or_the_account_is_another(cast: Cast) -> None:
    with_address(cast)
    Client().post(RESET, {"email": "bob@example.org"})
    with_address(cast, "robert@example.org")
    assert "does not work any more" in Client().get(link_mailed(), follow=True).content.decode()

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
    assert len(mail.outbox) == 5


@pytest.mark.usefixtures("sends_mail")
def test_a_mail_server_that_is_away_is_said_beside_the_field(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{MailServerIsAway.__name__}"
    with_address(cast, "away@example.org")

    answer = Client().post(RESET, {"email": "away@example.org"})

    [error] = answer.context["form"].errors["email"]
    assert "No mail can be sent at the moment." in error


def test_without_mail_the_page_says_who_can_help(cast: Cast) -> None:
    with_address(cast)

    for page in (Client().get(RESET), Client().post(RESET, {"email": "bob@example.org"})):
        assert "An admin can make you a link" in page.content.decode()
        assert 'name="email"' not in page.content.decode()
    assert mail.outbox == []


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
