"""The forms about channels; actions decide."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app.models import TOPIC_LENGTH, Kind, Role
from channels_app.names import NAME_LENGTH
from chatsite.forms import ActionForm


class CreateChannelForm(ActionForm):
    name = forms.CharField(
        label=_("Channel name"),
        required=False,
        strip=False,
        widget=forms.TextInput(
            attrs={"maxlength": NAME_LENGTH, "required": True, "autocomplete": "off", "dir": "auto"}
        ),
        help_text=_("If a public channel of that name exists, you join it."),
    )
    kind = forms.ChoiceField(
        label=_("Who is it for?"),
        required=False,
        initial=Kind.PUBLIC,
        choices=[
            (Kind.PUBLIC, _("Public: everybody here may read and join it")),
            (Kind.PRIVATE, _("Private: for those who are invited, and nobody else knows of it")),
        ],
        widget=forms.RadioSelect,
    )
    topic = forms.CharField(
        label=_("Topic"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": TOPIC_LENGTH, "autocomplete": "off", "dir": "auto"}),
        help_text=_("Optional. What the channel is for."),
    )

    attempt = forms.CharField(required=False, widget=forms.HiddenInput, initial=uuid4)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Kind.PUBLIC


class SettingsForm(ActionForm):
    name = forms.CharField(
        label=_("Channel name"),
        required=False,
        strip=False,
        widget=forms.TextInput(
            attrs={"maxlength": NAME_LENGTH, "required": True, "autocomplete": "off", "dir": "auto"}
        ),
    )
    topic = forms.CharField(
        label=_("Topic"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": TOPIC_LENGTH, "autocomplete": "off", "dir": "auto"}),
    )

    def without_name(self) -> "SettingsForm":
        """This form for who may change the topic alone."""
        self.fields.pop("name", None)
        return self


class InviteForm(ActionForm):
    username = forms.CharField(
        label=_("Username"),
        required=False,
        widget=forms.TextInput(attrs={"required": True, "autocomplete": "off", "autocapitalize": "none"}),
    )


class RoleForm(ActionForm):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (Role.MEMBER, _("Member: talks here")),
            (Role.MODERATOR, _("Moderator: also invites, takes members out and deletes messages")),
            (Role.OWNER, _("Owner: may do everything here")),
        ],
        widget=forms.RadioSelect,
    )


class ReadForm(forms.Form):
    seq = forms.IntegerField(min_value=0)
    known = forms.IntegerField(min_value=0, required=False)
    marks = forms.IntegerField(min_value=0, required=False)


class MuteForm(forms.Form):
    muted = forms.ChoiceField(choices=[("true", _("Mute")), ("false", _("Unmute"))])


class NotifyForm(forms.Form):
    notify = forms.ChoiceField(choices=[("true", _("Notify me")), ("false", _("Don't notify me"))])
