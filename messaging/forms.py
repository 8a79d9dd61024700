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

        Under the same client_id: the queue may have the message all the same, and the name keeps it one
        message. Under a new one only where the name was none, or is another message's.
        """
        is_taken = self.refusal is not None and self.refusal.code == "client_id_taken"
        if is_taken or "client_id" in self.errors:
            kept = {name: self[name].value() for name in ("text", "previous")}
            self.data = {**kept, "client_id": str(uuid.uuid4())}
        return self
