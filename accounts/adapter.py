"""Where django-allauth meets our accounts: what it writes goes through `accounts.actions`."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.actions import (
    note_failed_log_in,
    note_log_in,
    note_log_out,
    refuse_taken_username,
    set_password,
    sign_up,
)
from accounts.models import User
from accounts.names import clean_username
from accounts.permissions import may_sign_up
from accounts.queries import site_settings
from accounts.requests import token_of
from chatsite.errors import ChatError, Unavailable
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def clean_username(self, username: str, shallow: bool = False) -> str:
        try:
            cleaned = clean_username(username)
            if not shallow:
                refuse_taken_username(cleaned)
        except ChatError as error:
            raise ValidationError(str(error.message), code=error.code) from error
        return username

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether somebody who comes without an invitation gets an account: by another site's log-in, too."""
        is_open: bool = may_sign_up.test(None, site_settings())
        return is_open

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        entry = form.cleaned_data
        return sign_up(
            username=entry["username"],
            password=entry["password1"],
            display_name=entry["display_name"],
            email=entry.get("email") or "",
            token=token_of(request),
        )

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        note_log_in(user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        note_failed_log_in(credentials.get("username", ""))

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            announce(sessions_changed(user.pk))  # now that the session is gone
            note_log_out(user)

    def set_password(self, user: User, password: str) -> None:
        user.password = set_password(user, user, password=password).password

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return f"{reverse('preferences')}?saved=password"

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Send it to the address as the account has it, in the language that its owner chose.

        Raises:
            Unavailable: the mail server takes none.
        """
        context["site_name"] = settings.SITE_NAME
        try:
            with translation.override(user.language or translation.get_language()):
                self.send_mail("account/email/password_reset_key", user.email, context)
        except OSError as error:  # smtplib's errors are among them
            logger.warning("mail could not be sent: %s", error)
            raise Unavailable(
                _("No mail can be sent at the moment. Try again later, or ask an admin for a new password."),
                code="mail_unavailable",
                field="email",
            ) from error

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Keep allauth's "signed in as" notices off the page: the page itself shows it."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by name and address: a stranger who guesses must not lock the owner out."""
        by_name: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{by_name}:{self.get_client_ip(request)}"
