"""Where django-allauth meets our accounts: sign-up goes through `accounts.actions.create_user`."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.actions import create_user, refuse_taken_username
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

    def logout(self, request: HttpRequest) -> None:
        user_id = request.user.pk
        super().logout(request)
        if user_id is not None:
            announce(sessions_changed(user_id))  # now that the session is gone

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Keep allauth's "signed in as" notices off the page: the page itself shows it."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by name and address: a stranger who guesses must not lock the owner out."""
        by_name: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{by_name}:{self.get_client_ip(request)}"
