"""What a username may be, and which usernames look alike to the eye."""

import unicodedata
from functools import cache

from confusable_homoglyphs import confusables
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from chatsite.errors import Invalid
from chatsite.text import comparison_key, is_invisible, refuse_unstorable

USERNAME_LENGTH = 40  # characters


def clean_username(typed: str) -> str:
    """The username that `typed` stands for: normalized, without case.

    Letters, marks and digits of any script, and `.` `-` `_` between them.

    Raises:
        Invalid: it is empty, too long, or has other characters.
    """
    refuse_unstorable(typed, field="username")
    username = comparison_key(typed.strip())
    if not username:
        raise Invalid(_("Please choose a username."), code="username_empty", field="username")
    if len(username) > USERNAME_LENGTH:
        raise Invalid(
            _("A username has at most %(most)s characters.") % {"most": USERNAME_LENGTH},
            code="username_too_long",
            field="username",
        )
    if not all(_is_allowed(character) for character in username) or not username[0].isalnum():
        raise Invalid(
            _("Letters, digits, dot, dash and underscore only, starting with a letter or digit."),
            code="username_characters",
            field="username",
        )
    return username


def username_like(words: str) -> str:
    """The username that is nearest to somebody's name or e-mail address; "" when nothing of it is left."""
    key = comparison_key(words.partition("@")[0].strip())
    kept = "".join(character if _is_allowed(character) else "-" for character in key)
    while kept and not kept[0].isalnum():
        kept = kept[1:]
    return kept[:USERNAME_LENGTH].rstrip(".-_")


def username_shape(username: str) -> str:
    """What `username` looks like: every letter of a foreign script becomes the letter it can be mistaken for.

    After the skeleton of Unicode Technical Standard 39, section 4, but letters and digits of ASCII stand
    for themselves: `modern` and `modem` may both exist, a Cyrillic `а` in `alice` may not.

    Arguments:
        username: as `clean_username` returns it.
    """
    shape = comparison_key("".join(_prototype(character) for character in username))
    return shape if shape == username else username_shape(shape)


def reserved_shape(shape: str) -> str:
    """What stands in the place of a `username_shape` whose account was deleted: it tells that the name is in
    use to who has the name, and nobody the name. As long as the site has its SECRET_KEY.
    """
    return salted_hmac("accounts.names.reserved_shape", shape, algorithm="sha256").hexdigest()


def _is_allowed(character: str) -> bool:
    kind = unicodedata.category(character)
    return character in ".-_" or (
        (kind[0] == "L" or kind in ("Mn", "Mc", "Nd")) and not is_invisible(character)
    )


@cache
def _prototype(character: str) -> str:
    if character.isascii():
        return character
    alike = _lookalikes(character)
    if len(alike) != 1:  # none, or it is itself the prototype of several
        return character
    other = alike[0]
    if not other.isascii() and _lookalikes(other) == [character]:
        return min(character, other)
    return other


def _lookalikes(character: str) -> list[str]:
    return [entry["c"] for entry in confusables.confusables_data.get(character, [])]
