"""The forms for a new text and an edited one: they parse, the business layer decides."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from chatsite.forms import ActionForm
from messaging.texts import TEXT_LENGTH


class TextForm(ActionForm):
    text = forms.CharField(
        label=_("Message"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 1, "required": True, "data-most": TEXT_LENGTH}),
    )


class ComposerForm(TextForm):
    # The browser makes a name for each message; the one made here serves the plain page, where the same form
    # sent twice is one message.
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    # The sender's message before this one, while they have not seen it stored.
    previous = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def to_send_again(self) -> "ComposerForm":
        """This form, refused, to be shown again.

        Under a new client_id, unless the refusal is only for the moment: then the server may have the message
        after all, and the same name keeps it one message.
        """
        if self.retry_after_s is None:
            kept = {name: self[name].value() for name in ("text", "previous")}
            self.data = {**kept, "client_id": str(uuid.uuid4())}
        return self
