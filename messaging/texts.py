"""What the text of a message may be."""

from django.utils.translation import gettext_lazy as _

from chatsite.errors import Invalid
from chatsite.numbers import number
from chatsite.text import is_blank, refuse_unstorable

TEXT_LENGTH = 10_000  # characters, after trimming


def clean_text(typed: str) -> str:
    """`typed` as it is stored: trimmed, with plain line breaks.

    Raises:
        Invalid: nothing of it would show, it is too long, or it can't be stored.
    """
    refuse_unstorable(typed, field="text")
    text = typed.replace("\r\n", "\n").replace("\r", "\n").strip()
    if is_blank(text):
        raise Invalid(_("Please write something first."), code="text_empty", field="text")
    if len(text) > TEXT_LENGTH:
        raise Invalid(
            _("A message has at most %(most)s characters; this one has %(count)s.")
            % {"most": number(TEXT_LENGTH), "count": number(len(text))},
            code="text_too_long",
            field="text",
        )
    return text
