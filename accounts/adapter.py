"""Where django-allauth meets our accounts: what it writes goes through `accounts.actions`."""

import logging
from contextlib import suppress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.actions import (
    ask_for_address_mail,
    choose_password,
    connect_service,
    let_in,
    note_failed_log_in,
    note_log_in,
    note_log_out,
    note_session,
    refuse_taken_username,
    sign_up,
    sign_up_from_service,
)
from accounts.devices import device_of
from accounts.models import User
from accounts.names import clean_username
from accounts.oidc import Service, the_service
from accounts.permissions import may_sign_up
from accounts.queries import site_settings
from accounts.requests import token_of
from accounts.sealing import Unreadable, seal, unseal
from chatsite.errors import ChatError, Conflict, NotAllowed, NotFound, TooMany, Unavailable
from chatsite.limits import ADDRESS_MAIL, LOG_IN, SIGN_UP, network_of, refund, spend
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed
from chatsite.toasts import toast

logger = logging.getLogger(__name__)

MOST_SAID = 300  # characters of what a service answered, in the log


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
        made = sign_up(
            username=entry["username"],
            password=entry["password1"],
            display_name=entry["display_name"],
            email=entry.get("email") or "",
            token=token_of(request),
        )
        if made.email and settings.SENDS_MAIL:
            with suppress(Unavailable):  # they can ask for another
                self.send_address_mail(request, made)
        return made

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        note_log_in(user)
        if not request.session.session_key:
            request.session.save()
        key = request.session.session_key or ""
        note_session(user, key, user_agent=request.headers.get("User-Agent", ""))

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": _("Use your password instead"),
            "mfa_reauthenticate": _("Use a code instead"),
            "mfa_reauthenticate:webauthn": _("Use a passkey instead"),
        }
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": words[method["id"]]} for method in methods]

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say no more of an account that has ended than of one that never was."""
        toast(request, _("That did not work. Log in with your password."))
        return redirect("account_login")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        note_failed_log_in(credentials.get("username", ""))

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            announce(sessions_changed(user.pk))  # now that the session is gone
            note_log_out(user)

    def set_password(self, user: User, password: str) -> None:
        user.password = choose_password(user, password=password).password

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return f"{reverse('preferences')}?saved=password"

    def send_address_mail(self, request: HttpRequest, user: User) -> None:
        """Ask whoever reads the mail to the account's address whether it is theirs.

        Raises:
            Unavailable: enough were sent.
        """
        try:
            spend(ADDRESS_MAIL, user=user.pk, key=user.email.casefold())
        except TooMany as error:
            words = _("Enough links were sent. Try again in an hour.")
            raise Unavailable(words, code="too_many_mails") from error
        ask_for_address_mail(user, site=request.build_absolute_uri("/"))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Keep allauth's "signed in as" notices off the page: the page itself shows it."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count it as a failure before it is looked at, so that none of many at once slips through.

        By name and address: a stranger who guesses must not lock the owner out.

        Raises:
            TooMany: there were too many failures.
        """
        self._counted_as = f"{credentials.get('username', '')}:{network_of(self.get_client_ip(request))}"
        spend(LOG_IN, key=self._counted_as)

    def _rollback_login_failed_rl_usage(self) -> None:
        """It was the right password."""
        refund(LOG_IN, key=self._counted_as)


class ServiceAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Who somebody is at the service leads to an account; their name or address there never does."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Service:
        return the_service(request)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        refund(LOG_IN)  # it was no guess
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(_connected(request, sociallogin))
        if sociallogin.is_existing and not sociallogin.user.is_active:
            note_failed_log_in(sociallogin.user.username)
            raise ImmediateHttpResponse(_not_by_service(request, "ended", status=403))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        try:
            let_in(_token_of_state(sociallogin))
        except (NotAllowed, NotFound) as error:
            context = {"code": error.code, "message": error.message}
            closed = render(request, "account/signup_closed.html", context, status=error.status)
            raise ImmediateHttpResponse(closed) from error
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        spend(SIGN_UP)
        newcomer = sociallogin.newcomer
        sociallogin.user = sign_up_from_service(
            provider=sociallogin.account.provider,
            uid=sociallogin.account.uid,
            username=newcomer.username,
            display_name=newcomer.display_name,
            email=newcomer.email,
            is_email_verified=newcomer.is_email_verified,
            token=_token_of_state(sociallogin),
        )
        made: User = sociallogin.user
        return made

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(_not_by_service(request, "cancelled", status=403))
        if "state_id" in (extra_context or {}) and exception is None:
            raise ImmediateHttpResponse(_not_by_service(request, "lost", status=403))
        said = exception or request.GET.get("error", "no code")
        logger.warning("log-in by %s failed: %s", settings.OIDC_ISSUER, str(said)[:MOST_SAID])
        raise ImmediateHttpResponse(_not_by_service(request, "failed", status=502))


def _connected(request: HttpRequest, sociallogin: Any) -> HttpResponse:
    """Who began it has shown that it is them, and is still the one who is logged in."""
    user, account = request.user, sociallogin.account
    if not isinstance(user, User) or user.pk != sociallogin.state["data"]["user_id"]:
        return _not_by_service(request, "lost", status=403)
    try:
        connect_service(user, provider=account.provider, uid=account.uid)
    except Conflict as error:
        toast(request, error.message)
    else:
        toast(request, _("From now on you can log in with %(name)s.") % {"name": settings.OIDC_NAME})
    return redirect(f"{reverse('preferences')}?saved=service")


def _not_by_service(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    return render(request, "socialaccount/authentication_error.html", {"why": why}, status=status)


def _token_of_state(sociallogin: Any) -> str:
    """The token of the invitation with which somebody went to the service; "" without one."""
    with suppress(Unreadable):
        return unseal(sociallogin.state["data"]["invitation"])
    return ""


class TwoFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text)
        except Unreadable:
            # The site goes on with another SECRET_KEY: no code is right, and an admin can help.
            logger.error("a second factor can't be read: it was stored with another SECRET_KEY")
            return str(generate_totp_secret())

    def get_totp_label(self, user: User) -> str:
        return user.username

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        return device_of(context.request.headers.get("User-Agent", "")).name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {**super().get_public_key_credential_user_entity(user), "name": user.username}
