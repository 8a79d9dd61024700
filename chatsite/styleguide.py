"""The style page, for staff: every component in every state, light and dark side by side.

It is made of the partials that the pages are made of. What their scripts do to them is done here to the text.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import SignedInRequest
from channels_app.models import Channel, Role
from channels_app.queries import Member
from chatsite.errors import NotFound
from chatsite.toasts import Toast
from messaging.forms import ComposerForm
from messaging.models import Message
from messaging.queries.sidebar import SidebarEntry
from messaging.rendering import render as render_text

TIME = re.compile("<time .*?</time>")
ADDRESS = re.compile(r'(?<=class="message__when") href=".*?"')
SCHEMES = ("light", "dark")
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 6
LONG_NAME = "A name of as many letters as a channel may have, and then some more"


class SpecimenForm(forms.Form):
    """A field of each kind; what is sent breaks the rule of the second."""

    right = forms.CharField(label=gettext_lazy("Username"), help_text=gettext_lazy("Shown as typed."))
    wrong = forms.CharField(label=gettext_lazy("Channel name"))
    text = forms.CharField(label=gettext_lazy("Message"), widget=forms.Textarea(attrs={"rows": 3}))
    on = forms.BooleanField(label=gettext_lazy("shows presence"), required=False)
    off = forms.BooleanField(label=gettext_lazy("muted"), required=False)
    choice = forms.ChoiceField(
        label=gettext_lazy("Theme"),
        choices=[("light", gettext_lazy("Light")), ("dark", gettext_lazy("Dark"))],
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True, slots=True)
class Specimens:
    """What is shown in one scheme; `scheme` begins its ids, which no two elements of a page may share."""

    scheme: str

    @property
    def prefix(self) -> str:
        return f"{self.scheme}-"

    def form(self) -> SpecimenForm:
        entry = {"right": "alice", "wrong": "", "text": "…", "on": "on", "choice": "dark"}
        return SpecimenForm(entry, auto_id=f"{self.prefix}%s")

    def composers(self) -> list[ComposerForm]:
        """An empty one, and one whose text was refused."""
        name = str(uuid.uuid4())
        refused = ComposerForm({"text": self.form()["text"].value(), "client_id": name})
        refused.add_error(None, _("Not sent."))
        forms = [ComposerForm(), refused]
        for number, form in enumerate(forms):
            form.auto_id = f"{self.prefix}composer-{number}-%s"
        return forms

    @property
    def channel(self) -> Channel:
        return Channel(pk=9, name="kitchen", slug="kitchen")

    def people(self) -> list[User]:
        names = ["Alice Moreau", "Bob Okafor", "Carol", "محمد الأمين", "李雷", LONG_NAME]
        return [User(pk=0, username=f"person-{n}", display_name=name) for n, name in enumerate(names)]

    def members(self) -> SafeString:
        """Somebody in each state, as `presence.js` shows it, and others of whom nothing is known."""
        first, *others = self.people()
        members = [Member(first, Role.OWNER, may_be_managed=True)]
        members += [Member(other, Role.MEMBER, may_be_managed=False) for other in others]
        html = _rendered(
            "channels/_members.html",
            {"people": members, "channel": self.channel},
        )
        for state, word in {"online": _("online"), "away": _("away"), "offline": _("offline")}.items():
            html = _changed(html, " hidden></span>", f' data-state="{state}">{word}</span>')
        return html

    @property
    def day(self) -> date:
        return timezone.localdate()

    def places(self) -> list[tuple[SidebarEntry, Channel | None]]:
        """Entries of the sidebar, each with the channel that is open."""
        kinds = [("public", 0, False), ("design", 3, False), ("noise", 0, True), (LONG_NAME, 1000, False)]
        entries = [_entry(n, name, unread, is_muted=mute) for n, (name, unread, mute) in enumerate(kinds, 1)]
        current = _entry(9, "kitchen", 0, is_muted=False)
        return [(entry, None) for entry in entries] + [(current, current.channel)]

    def toasts(self) -> list[Toast]:
        return [Toast(_("Your preferences are saved.")), Toast(_("History cleared for you."), undo_url="#")]

    def messages(self) -> Iterator[SafeString]:
        alice, bob, *_others = self.people()
        yield self._message(alice, "Good morning. The new build is up: https://chat.example.org/notes")
        yield self._message(alice, "It shares the heading of the one above.", grouped=True)
        yield self._message(alice, "This one was mended afterwards.", grouped=True, is_edited=True)
        yield self._message(bob, "صباح الخير، النسخة الجديدة جاهزة")
        yield self._message(bob, "🎉🎉", grouped=True)
        yield self._message(bob, LONG_WORD, grouped=True)
        yield self._message(bob, "A link led here.", is_focus=True)
        yield self._unsent("sending", _("sending"))
        yield self._unsent("slow", reason=_("Not sent yet."))
        yield self._unsent("refused", reason=_("Not sent."))
        yield self._message(alice, "", is_deleted=True)  # its place is kept, and nothing is seen

    def _message(
        self,
        author: User,
        text: str,
        *,
        grouped: bool = False,
        is_edited: bool = False,
        is_deleted: bool = False,
        is_focus: bool = False,
    ) -> SafeString:
        now = timezone.now()
        message = Message(
            client_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{self.scheme} {text}"),
            author=author,
            seq=1,
            version=1,
            html=render_text(text),
            accepted_at=now - timedelta(minutes=5),
            edited_at=now if is_edited else None,
            deleted_at=now if is_deleted else None,
        )
        focus = message.client_id if is_focus else None
        return _rendered("messaging/_message.html", {"message": message, "grouped": grouped, "focus": focus})

    def _unsent(self, state: str, when: str = "", *, reason: str = "") -> SafeString:
        """One's own message before it is stored, as `unsent.js` dresses it."""
        text = f"{self.people()[0].display_name}: {state}"
        html = self._message(self.people()[0], text)
        html = _changed(html, "<article ", f'<article data-state="{state}" ')
        [time] = TIME.findall(html)
        html = _changed(html, time, f"<time>{when}</time>")
        [address] = ADDRESS.findall(html)
        html = _changed(html, address, "")
        if reason:
            note = _rendered("messaging/_unsent_note.html", {})
            note = _changed(note, "data-reason>", f"data-reason>{reason}")
            html = _changed(html, "</article>", f"{note}</article>")
        return html


@require_safe
def styleguide(request: SignedInRequest) -> HttpResponse:
    if not request.user.is_staff:
        raise NotFound
    return render(request, "styleguide.html", {"schemes": [Specimens(scheme) for scheme in SCHEMES]})


def _entry(number: int, name: str, unread: int, *, is_muted: bool) -> SidebarEntry:
    channel = Channel(pk=number, name=name, slug=f"specimen-{number}", last_seq=unread)
    return SidebarEntry(
        channel, read_up_to=0, unread_marks=0, is_muted=is_muted, is_notified=False, unread=unread
    )


def _rendered(template: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(render_to_string(template, context))  # noqa: S308  # nosec B308 B703  # a template made it


def _changed(html: SafeString, part: str, other: str) -> SafeString:
    """`html` with `other` in the place of `part`, which must be there: else the partial has changed."""
    if part not in html:
        raise ValueError(f"there is no {part!r} in {html!r}")
    return mark_safe(html.replace(part, other, 1))  # noqa: S308  # nosec B308 B703  # our own words
