"""The form for a new channel: it parses, the action decides."""

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
        widget=forms.TextInput(attrs={"maxlength": NAME_LENGTH, "required": True, "autocomplete": "off"}),
        help_text=_("If a channel of that name exists, you join it."),
    )
    topic = forms.CharField(
        label=_("Topic"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": TOPIC_LENGTH, "autocomplete": "off"}),
        help_text=_("Optional. What the channel is for."),
    )
