"""What counts as storable text, and the key under which two texts are the same."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from chatsite.errors import Invalid

KEY_LENGTH = 190  # characters; 4 bytes each still fit an InnoDB index of 767 bytes

# What shows nothing by itself: Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties.txt), the
# annotation marks, the empty Braille pattern and the noncharacters. Python's tables don't have the property.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINERS = "\u200c\u200d"
_EMOJI_OR_TEXT_STYLE = "\ufe0e\ufe0f"
_ENGLAND_AND_KIN = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")


def comparison_key(text: str) -> str:
    """The form of `text` in which names are compared: compatibility-composed, without case.

    Casefolding can undo the composition, so it is composed again (Unicode 16, section 3.13, D147).
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_invisible(character: str) -> bool:
    """Whether `character` shows nothing by itself; one newer than Python's tables is taken to show."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or bool(_IGNORABLE.match(character))


def is_blank(text: str) -> bool:
    """Whether nothing of `text` would show on a screen."""
    return all(character.isspace() or is_invisible(character) for character in text)


def refuse_invisible(text: str, *, field: str) -> None:
    """Raise Invalid unless each character of `text` shows, or joins or styles those that do.

    For names: with invisible characters one could pass for another, or turn the page's direction around.
    """
    text = _ENGLAND_AND_KIN.sub("\U0001f3f4", text)
    for place, character in enumerate(text):
        if is_invisible(character) and not _has_a_use(text, place):
            raise Invalid(
                _("Control or invisible characters can't be used here."), code="invisible", field=field
            )


def _has_a_use(text: str, place: int) -> bool:
    """Whether the invisible character at `place` joins two letters, marks or symbols, or styles a symbol."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if text[place] in _JOINERS:
        return _can_be_joined(before) and _can_be_joined(after)
    return text[place] in _EMOJI_OR_TEXT_STYLE and bool(before) and not is_invisible(before)


def _can_be_joined(character: str) -> bool:
    kind = unicodedata.category(character) if character else "Zs"
    return kind[0] in "LMS" or kind == "Cn"  # Cn: an emoji newer than Python's tables


def refuse_unstorable(text: str, *, field: str) -> None:
    """Raise Invalid for what no database keeps as it is: NUL and lone surrogates."""
    if "\x00" in text or re.search("[\ud800-\udfff]", text):
        raise Invalid(_("This text has characters that can't be stored."), code="unstorable", field=field)


def has_direction(text: str) -> bool:
    """Whether a letter of `text` says in which direction it is written; digits and emoji don't."""
    return any(unicodedata.bidirectional(character) in ("L", "R", "AL") for character in text)


def isolated(name: str) -> str:
    """`name`, of whatever direction, in a sentence without markup that keeps its own."""
    return f"\u2068{name}\u2069"


def one_line(text: str) -> str:
    """`text` without white space around it, and with single spaces within."""
    return " ".join(text.split())
