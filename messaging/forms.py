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

    def with_a_usable_client_id(self) -> "ComposerForm":
        """This form, refused, to be shown again: under a new client_id when the old one was the cause."""
        is_taken = self.refusal is not None and self.refusal.code == "client_id_taken"
        if is_taken or "client_id" in self.errors:
            self.data = {"text": self["text"].value(), "client_id": str(uuid.uuid4())}
        return self
