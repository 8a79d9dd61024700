"""Mail to people: what asks for it only puts it into the queue of background tasks, which sends it.

So nobody waits for a mail server, and who asks in somebody's name learns neither by the answer nor by the
time that it takes whether there is such an account. A mail that no server takes is lost, which the log says;
whoever waits for one asks again.
"""

import logging
from enum import StrEnum
from typing import Final
from urllib.parse import urljoin

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.actions.addresses import key_for_address
from accounts.models import User
from accounts.queries import users_with_email
from chatsite.background import run_soon

RESET_MAIL: Final = "accounts.mail_reset_link"
ADDRESS_MAIL: Final = "accounts.mail_address_link"
NOTE_MAIL: Final = "accounts.mail_note"

logger = logging.getLogger(__name__)


class Note(StrEnum):
    """What was done to an account that its owner is told by mail, in case it was not them."""

    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105  # the name of a note
    TWO_FACTOR_OFF = "two_factor_off"
    SERVICE_CONNECTED = "service_connected"
    SERVICE_DISCONNECTED = "service_disconnected"


def ask_for_reset_mail(email: str, *, site: str) -> None:
    """Have a link to a new password mailed to everybody whose address that is, if it is anybody's.

    Arguments:
        site: the address of the site as whoever asks calls it.
    """
    run_soon(RESET_MAIL, email, site, translation.get_language())


def mail_reset_link(email: str, site: str, language: str) -> None:
    """What `ask_for_reset_mail` asked for; the links work from now on."""
    for user in users_with_email(email):
        parts = [user_pk_to_url_str(user), default_token_generator.make_token(user)]
        link = urljoin(site, reverse("account_reset_password_from_key", args=parts))
        context = {"password_reset_url": link, "username": user.username}
        _send("password_reset_key", user, to=user.email, language=language, **context)


def ask_for_address_mail(user: User, *, site: str) -> None:
    """Have whoever reads the mail to the account's address asked whether it is theirs.

    Arguments:
        site: as for `ask_for_reset_mail`.
    """
    run_soon(ADDRESS_MAIL, user.pk, site, translation.get_language())


def mail_address_link(user_id: int, site: str, language: str) -> None:
    """What `ask_for_address_mail` asked for, if it is still of use."""
    user = User.objects.get(pk=user_id)
    if user.is_active and user.email and not user.has_verified_email:
        link = urljoin(site, reverse("confirm_address", args=[key_for_address(user)]))
        _send("confirm_address", user, to=user.email, language=language, link=link)


def tell_by_mail(user: User, note: Note) -> None:
    """Have `user` told what is being done to their account, in the transaction that does it.

    It goes to the address that they have now, and only where it is known to be theirs: of a change of the
    address call it before that.
    """
    if settings.SENDS_MAIL and user.has_verified_email:
        run_soon(NOTE_MAIL, user.pk, user.email, note.value, translation.get_language())


def mail_note(user_id: int, to: str, note: str, language: str) -> None:
    """What `tell_by_mail` asked for."""
    _send("note", User.objects.get(pk=user_id), to=to, language=language, note=note)


def _send(template: str, user: User, *, to: str, language: str, **context: str) -> None:
    """Write and send a mail, in the language that `user` chose; `language` where they chose none."""
    of_each = {"user": user, "site_name": settings.SITE_NAME, "oidc_name": settings.OIDC_NAME}
    with translation.override(user.language or language):
        subject = render_to_string(f"account/email/{template}_subject.txt", {**of_each, **context})
        body = render_to_string(f"account/email/{template}_message.txt", {**of_each, **context})
    try:
        EmailMessage(" ".join(subject.split()), body, to=[to]).send()
    except OSError as error:  # smtplib's errors are among them
        logger.warning("mail could not be sent: %s", error)
