"""What django-allauth asks for, in our order and words; the preferences; links to sign up with."""

from typing import Any, Self

from allauth.account import forms as theirs
from allauth.account.forms import LoginForm, SignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.actions import (
    DISPLAY_NAME_LENGTH,
    MOST_DAYS,
    MOST_USES,
    USUAL_DAYS,
    USUAL_USES,
    Way,
    ask_for_reset_mail,
    clean_display_name,
)
from accounts.models import User
from accounts.names import USERNAME_LENGTH
from accounts.pictures import MOST_BYTES
from accounts.zones import all_zones
from chatsite.errors import ChatError
from chatsite.forms import ActionForm
from chatsite.text import KEY_LENGTH, comparison_key


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    display_name = forms.CharField(
        label=_("Display name"),
        max_length=DISPLAY_NAME_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
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

    def validate_unique_email(self, value: str) -> str:
        """Take any address: whose it is its link shows, and who has an account is nothing to be found out."""
        return value

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


class ChangePasswordForm(theirs.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["oldpassword"].help_text = ""
        _ask_once_for_new_password(self)


class ResetPasswordForm(theirs.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget.attrs = {"autocomplete": "email"}

    def clean_email(self) -> str:
        """Take any address alike: who has an account here is nothing to be found out by trying."""
        typed: str = self.cleaned_data["email"]
        return typed

    def save(self, request: HttpRequest, **_more: Any) -> None:
        ask_for_reset_mail(self.cleaned_data["email"], site=request.build_absolute_uri("/"))


class ResetPasswordKeyForm(theirs.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_once_for_new_password(self)


def _ask_once_for_new_password(form: Any) -> None:
    del form.fields["password2"]
    password = form.fields["password1"]
    password.label = _("New password")
    password.help_text = _("Three or four unrelated words work well.")
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class PreferencesForm(ActionForm):
    """One section of the preferences; it starts with what its user chose before."""

    @classmethod
    def of(cls, user: User, entered: QueryDict | None = None) -> Self:
        return cls(entered, initial={name: getattr(user, name, "") for name in cls.base_fields})

    def focus_wrong_field(self) -> None:
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True


class PictureForm(PreferencesForm):
    picture = forms.FileField(
        label=_("A new picture"),
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp,image/gif", "data-crops": True}
        ),
        help_text=_("JPEG, PNG, WebP or GIF, up to 5 MB."),
    )
    # The square that a script lets its user choose.
    x = forms.FloatField(required=False, widget=forms.HiddenInput)
    y = forms.FloatField(required=False, widget=forms.HiddenInput)
    side = forms.FloatField(required=False, widget=forms.HiddenInput)

    most_bytes = MOST_BYTES


class DisplayNameForm(PreferencesForm):
    display_name = forms.CharField(
        label=_("Display name"),
        max_length=DISPLAY_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        help_text=_("What others see, on everything you said and will say."),
    )


class AppearanceForm(PreferencesForm):
    theme = forms.ChoiceField(
        label=_("Theme"), choices=User.Theme.choices, required=False, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        widget=forms.TextInput(
            attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false", "dir": "auto"}
        ),
        help_text=_("Type a city, and pick. Empty: as your browser says."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].widget.attrs["placeholder"] = _("As my browser says")
        language = self.fields["language"]
        if isinstance(language, forms.ChoiceField):
            language.choices = [("", _("As my browser says")), *settings.LANGUAGES]
        if len(settings.LANGUAGES) == 1:  # nothing to choose
            language.widget = forms.HiddenInput()

    @property
    def time_zones(self) -> tuple[str, ...]:
        return all_zones()


class WritingForm(PreferencesForm):
    enter_sends = forms.TypedChoiceField(
        label=_("When I press Enter"),
        choices=[
            ("", _("Send, but begin a new line on a touch screen")),
            ("True", _("Always send")),
            ("False", _("Always begin a new line")),
        ],
        coerce=lambda chosen: chosen == "True",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Shift+Enter always begins a new line, and Ctrl+Enter always sends."),
    )


class PresenceForm(PreferencesForm):
    shows_presence = forms.BooleanField(
        label=_("Show others whether I'm here"),
        required=False,
        help_text=_("Online, away or offline, beside your name. You see it of others either way."),
    )


class EmailForm(PreferencesForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Optional. A new password can be had by it, should you forget yours."),
    )
    password = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("So that nobody who finds this page open can change it."),
    )

    @classmethod
    def of(cls, user: User, entered: QueryDict | None = None) -> Self:
        form = super().of(user, entered)
        del form.initial["password"]  # what the account has is its hash
        _ask_for_what_they_have(form, user)
        return form


class LeaveForm(ActionForm):
    way = forms.ChoiceField(
        label=_("What do you want?"),
        choices=[
            (Way.DEACTIVATE.value, _("Deactivate my account. An admin can open it again.")),
            (Way.DELETE.value, _("Delete my account. What I said stays, as said by “Deleted user”.")),
            (Way.DELETE_ALL.value, _("Delete my account and everything I said.")),
        ],
        widget=forms.RadioSelect,
    )
    password = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_what_they_have(self, user)


def _ask_for_what_they_have(form: forms.Form, user: User) -> None:
    """Who comes by another service has no password; the username at least is not typed by mistake."""
    if not user.has_usable_password():
        form.fields["password"] = forms.CharField(
            label=_("Your username"), widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"})
        )


class SiteInvitationForm(ActionForm):
    days = forms.IntegerField(
        label=_("Days until it expires"),
        initial=USUAL_DAYS,
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_DAYS}),
    )
    uses = forms.IntegerField(
        label=_("How many people may use it"),
        initial=USUAL_USES,
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_USES}),
    )
    channel = forms.CharField(
        label=_("Channel name"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": KEY_LENGTH, "autocomplete": "off", "dir": "auto"}),
        help_text=_("Optional. A public channel that they join besides #public."),
    )
