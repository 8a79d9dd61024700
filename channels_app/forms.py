"""The forms for a new channel, how far somebody has read, what is muted and what notifies; actions decide."""

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app.models import TOPIC_LENGTH
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
        help_text=_("If a channel of that name exists, you join it."),
    )
    topic = forms.CharField(
        label=_("Topic"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": TOPIC_LENGTH, "autocomplete": "off", "dir": "auto"}),
        help_text=_("Optional. What the channel is for."),
    )


class ReadForm(forms.Form):
    seq = forms.IntegerField(min_value=0)
    known = forms.IntegerField(min_value=0, required=False)
    marks = forms.IntegerField(min_value=0, required=False)


class MuteForm(forms.Form):
    muted = forms.ChoiceField(choices=[("true", _("Mute")), ("false", _("Unmute"))])


class NotifyForm(forms.Form):
    notify = forms.ChoiceField(choices=[("true", _("Notify me")), ("false", _("Don't notify me"))])
