"""What counts as storable text, and the key under which two texts are the same."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from chatsite.errors import Invalid

KEY_LENGTH = 190  # characters; 4 bytes each still fit an InnoDB index of 767 bytes

# Letters and marks that show nothing at all: a name or a text of only these would be empty to the eye.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5\u034f")


def comparison_key(text: str) -> str:
    """The form of `text` in which names are compared: compatibility-composed, without case.

    Casefolding can undo the composition, so it is composed again (Unicode 16, section 3.13, D147).
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_blank(text: str) -> bool:
    """Whether nothing of `text` would show on a screen."""
    return all(character in BLANK or unicodedata.category(character)[0] in "ZC" for character in text)


def refuse_unstorable(text: str, *, field: str) -> None:
    """Raise Invalid for what no database keeps as it is: NUL and lone surrogates."""
    if "\x00" in text or re.search("[\ud800-\udfff]", text):
        raise Invalid(_("This text has characters that can't be stored."), code="unstorable", field=field)


def one_line(text: str) -> str:
    """`text` without white space around it, and with single spaces within."""
    return " ".join(text.split())
