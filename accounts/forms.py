"""The sign-up and log-in forms, what django-allauth asks for in our order and words; and the preferences."""

from typing import Any

from allauth.account.forms import LoginForm, SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions import DISPLAY_NAME_LENGTH, clean_display_name
from accounts.names import USERNAME_LENGTH
from chatsite.errors import ChatError
from chatsite.forms import ActionForm
from chatsite.text import comparison_key


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    display_name = forms.CharField(
        label=_("Display name"),
        max_length=DISPLAY_NAME_LENGTH,
        required=False,
        help_text=_("Optional. What others see; your username if you leave it empty."),
    )

    field_order = ("username", "password1", "display_name", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        username.label = _("Username")
        username.help_text = _("Letters, digits, dot, dash. You log in with it.")
        username.widget.attrs["maxlength"] = USERNAME_LENGTH
        password = self.fields["password1"]
        password.label = _("Password")
        password.help_text = _("Three or four unrelated words work well.")
        self.fields["email"].label = _("E-mail")
        self.fields["email"].help_text = _("Optional.")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean_display_name(self) -> str:
        typed: str = self.cleaned_data["display_name"]
        try:
            return clean_display_name(typed) if typed else ""
        except ChatError as error:
            raise forms.ValidationError(str(error.message), code=error.code) from error


class LogInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean_login(self) -> str:
        """One spelling for every way to type a username: failures are counted by it."""
        typed: str = super().clean_login()
        return comparison_key(typed)


class PreferencesForm(ActionForm):
    shows_presence = forms.BooleanField(
        label=_("Show others whether I'm here"),
        required=False,
        help_text=_("Online, away or offline, beside your name. You see it of others either way."),
    )
