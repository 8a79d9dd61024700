"""The forms of messaging: they parse, the business layer decides."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import REASON_LENGTH
from chatsite.forms import ActionForm
from messaging.models import REPORT_LENGTH
from messaging.names import new_client_id
from messaging.texts import TEXT_LENGTH

MOST_PEOPLE = 200  # that one browser shows
MOST_US = 10**18  # microseconds since 1970, far in the future


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
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=new_client_id)
    # The sender's message before this one, while they have not seen it stored.
    previous = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # When that one was accepted last, in microseconds since 1970, as far as the sender knows.
    previous_accepted_us = forms.IntegerField(
        required=False, min_value=0, max_value=MOST_US, widget=forms.HiddenInput
    )

    def to_send_again(self) -> "ComposerForm":
        """This form, refused, to be shown again.

        Under the same client_id: the queue may have the message all the same, and the name keeps it one
        message. Under a new one only where the name was none, or is another message's. Without a `previous`
        that is none, which nobody could mend.
        """
        kept = {name: self[name].value() for name in ("text", "client_id", *_OF_THE_LAST)}
        is_taken = self.refusal is not None and self.refusal.code == "client_id_taken"
        if is_taken or "client_id" in self.errors:
            kept["client_id"] = str(new_client_id())
        if not self.errors.keys().isdisjoint(_OF_THE_LAST):
            kept |= dict.fromkeys(_OF_THE_LAST, "")
        self.data = kept
        return self

    @property
    def is_damaged(self) -> bool:
        """Whether what nobody types did not arrive as the page had it."""
        return not {"client_id", *_OF_THE_LAST}.isdisjoint(self.errors)


class BrowserForm(forms.Form):
    """What a page says of its browser, in the question for a stream and afterwards."""

    idle = forms.ChoiceField(choices=[("0", _("used")), ("1", _("not used"))], required=False)
    people = forms.RegexField(r"^[0-9]{1,18}( [0-9]{1,18})*\Z", max_length=MOST_PEOPLE * 19, required=False)

    @property
    def is_idle(self) -> bool:
        return bool(self.cleaned_data.get("idle") == "1")

    @property
    def people_shown(self) -> frozenset[int]:
        return frozenset(map(int, self.cleaned_data.get("people", "").split()[:MOST_PEOPLE]))


_OF_THE_LAST = ("previous", "previous_accepted_us")

SPANS = [("hour", _("Of the last hour")), ("day", _("Of the last day")), ("all", _("All of them"))]


class BanForm(ActionForm):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": REASON_LENGTH, "autocomplete": "off", "dir": "auto"}),
        help_text=_("Optional. For the site's admins; nobody else is shown it."),
    )
    removes = forms.ChoiceField(
        label=_("Remove their messages"),
        choices=[("", _("None")), *SPANS],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Wherever they said them. That can't be undone."),
    )


class RemovalForm(ActionForm):
    removes = forms.ChoiceField(
        label=_("Remove their messages"),
        choices=SPANS,
        initial="hour",
        widget=forms.RadioSelect,
        help_text=_("Before the ban, wherever they said them. That can't be undone."),
    )


class ReportForm(ActionForm):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": REPORT_LENGTH, "autocomplete": "off", "dir": "auto"}),
        help_text=_("Optional. What is wrong with it."),
    )
