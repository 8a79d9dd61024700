"""What django-allauth asks for about the second factor, in our words; each failure is written down."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ReauthenticateForm as TheirPasswordForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as their_codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.webauthn import forms as their_passkeys
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.actions import (
    give_tries_back,
    note_code,
    note_failed_factor,
    note_failed_log_in,
    take_try,
    takes_step,
)
from accounts.models import User

NAME_LENGTH = 80
WRONG = "incorrect_code"  # allauth's name for any factor that is not the right one


class NotedCodeForm(their_codes.BaseAuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code of the app, or one of those that were kept for when it is lost."""

    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_code(self.fields["code"])
        self.fields["code"].help_text = _("From your authenticator app, or one of your recovery codes.")

    def clean_code(self) -> str:
        code: str = by_tries(self.user, self._new_code)
        note_code(self.user, self.authenticator)
        return code

    def _new_code(self) -> str:
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP and not _is_new(self.authenticator, code):
            raise get_adapter().validation_error(WRONG)
        return code


class CodeForm(NotedCodeForm, their_codes.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The one on the way in."""


class ConfirmByCodeForm(NotedCodeForm, their_codes.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The one that is asked for before something that somebody else may not do on an open page."""


class ConfirmByPasswordForm(TheirPasswordForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password"]
        password.label, password.help_text = _("Password"), ""
        password.widget.attrs.pop("placeholder", None)
        password.widget.attrs["autofocus"] = True


class SetUpAppForm(ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_code(self.fields["code"])
        self.fields["code"].help_text = _("The six digits that the app shows for this site now.")

    @property
    def secret_in_groups(self) -> str:
        """The secret as people copy it by hand."""
        secret: str = self.secret
        return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


class AddPasskeyForm(their_passkeys.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless")  # every one of ours is
        dress_name(self.fields["name"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = read_safely(super().clean)
        return cleaned


class RenamePasskeyForm(their_passkeys.EditWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_name(self.fields["name"])


class PasskeyForm(their_passkeys.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def clean_credential(self) -> Authenticator:
        return by_tries(self.user, lambda: read_safely(super(PasskeyForm, self).clean_credential))


class ConfirmByPasskeyForm(PasskeyForm):
    reauthenticated = True


class LogInByPasskeyForm(their_passkeys.LoginWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def clean_credential(self) -> Authenticator:
        try:
            return read_safely(super().clean_credential)
        except ValidationError:
            note_failed_log_in("")  # whose it claims to be anybody may write there
            raise


def by_tries(user: User, check: Callable[[], Any]) -> Any:
    """What `check` returns, which takes a try. That it says that the factor is a wrong one is written down.

    Raises:
        TooMany: no try is left; nobody looked whether it was right.
    """
    take_try(user)
    try:
        factor = check()
    except ValidationError as error:
        if error.code == WRONG:
            note_failed_factor(user)
        raise
    give_tries_back(user)
    return factor


def read_safely(read: Callable[[], Any]) -> Any:
    """What `read` makes of what a browser says; what makes no sense is a wrong passkey.

    The library takes for granted that it has the form that browsers give it.
    """
    try:
        return read()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise get_adapter().validation_error(WRONG) from None


def dress_code(field: forms.Field) -> None:
    field.label = _("Code")
    field.widget.attrs = {
        "autocomplete": "one-time-code",
        "inputmode": "numeric",
        "autofocus": True,
        "dir": "ltr",
    }


def dress_name(field: forms.Field) -> None:
    field.label = _("Name")
    field.help_text = _("To tell it from others: where it is kept, for example.")
    field.widget.attrs = {"maxlength": NAME_LENGTH, "dir": "auto", "autocomplete": "off"}
    if isinstance(field, forms.CharField):
        field.max_length = NAME_LENGTH
        field.validators = forms.CharField(max_length=NAME_LENGTH).validators


def _is_new(app: Authenticator, code: str) -> bool:
    """Whether it was not used before: nobody who looked over a shoulder can use it again."""
    secret = get_adapter().decrypt(app.data["secret"])
    digits = "".join(letter for letter in code if letter.isdecimal())  # allauth takes spaces between them
    steps = [
        step
        for step in yield_hotp_counters_from_time()
        if format_hotp_value(hotp_value(secret, step)) == digits
    ]
    return bool(steps) and takes_step(app, max(steps))
