"""Where django-allauth meets our accounts: sign-up goes through `accounts.actions.create_user`."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.actions import (
    create_user,
    note_failed_log_in,
    note_log_in,
    note_log_out,
    refuse_taken_username,
)
from accounts.actors import SYSTEM
from accounts.models import User
from accounts.names import clean_username
from chatsite.errors import ChatError
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def clean_username(self, username: str, shallow: bool = False) -> str:
        try:
            cleaned = clean_username(username)
            if not shallow:
                refuse_taken_username(cleaned)
        except ChatError as error:
            raise ValidationError(str(error.message), code=error.code) from error
        return username

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        entry = form.cleaned_data
        return create_user(
            SYSTEM,
            username=entry["username"],
            password=entry["password1"],
            display_name=entry["display_name"],
            email=entry.get("email") or "",
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

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Keep allauth's "signed in as" notices off the page: the page itself shows it."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by name and address: a stranger who guesses must not lock the owner out."""
        by_name: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{by_name}:{self.get_client_ip(request)}"
