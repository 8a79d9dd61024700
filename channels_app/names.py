"""What a channel may be called, and the slug under which two names are the same channel."""

import hashlib
import json
import re
import secrets
from base64 import b32encode
from collections.abc import Iterable

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from chatsite.errors import Invalid
from chatsite.text import KEY_LENGTH, comparison_key, is_blank, one_line, refuse_invisible, refuse_unstorable

NAME_LENGTH = 80  # characters
PUBLIC_SLUG = "public"
PRIVATE_SIGN, DIRECT_SIGN = "P", "D"  # what addresses begin with that are made of no name
RANDOM_BYTES = 20  # of an address that nobody guesses

# These follow /channels/ in addresses of their own, or soon may.
RESERVED_SLUGS = frozenset(
    {"create", "new", "browse", "search", "archived", "direct", "invitations", "sidebar"}
)

# Characters that mean something in an address, to a browser or to a proxy that decodes twice.
_PATH_CHARACTERS = re.compile(r"[/\\?#%&;\s]")
_VARIATION_SELECTORS = re.compile("[\ufe0e\ufe0f]")


def clean_name(typed: str) -> str:
    """The channel name that `typed` stands for: as typed, on one line, trimmed.

    Raises:
        Invalid: it is empty, too long, reserved, or has control characters.
    """
    refuse_unstorable(typed, field="name")
    name = typed.strip()
    if is_blank(name):
        raise Invalid(_("Please give the channel a name."), code="name_empty", field="name")
    if len(name) > NAME_LENGTH:
        raise Invalid(
            _("A channel name has at most %(most)s characters.") % {"most": NAME_LENGTH},
            code="name_too_long",
            field="name",
        )
    refuse_invisible(name, field="name")
    name = one_line(name)
    slug = slug_of(name)
    if len(slug) > KEY_LENGTH:
        raise Invalid(_("That name is too long."), code="name_too_long", field="name")
    if slug in RESERVED_SLUGS or slug.strip(".") == "":
        raise Invalid(_("That name is reserved. Please choose another."), code="name_reserved", field="name")
    return name


def slug_of(name: str) -> str:
    """The slug of `name`: two names with one slug are one channel.

    Compared without case and compatibility forms; accents and emoji tell names apart. The emoji and the text
    style of one symbol (variation selectors) are the same symbol.
    """
    return _PATH_CHARACTERS.sub("-", comparison_key(_VARIATION_SELECTORS.sub("", one_line(name))))


def people_key(user_ids: Iterable[int]) -> str:
    """What finds the conversation of these people: the same for the same people, in whatever order."""
    return hashlib.sha256(" ".join(map(str, sorted(user_ids))).encode()).hexdigest()


def random_slug(sign: str) -> str:
    """An address that nobody guesses and no name makes: slugs of names have no capital letters.

    Arguments:
        sign: the capital letter that it begins with, which says the kind of channel.
    """
    return sign + b32encode(secrets.token_bytes(RANDOM_BYTES)).decode()


def slug_of_attempt(sign: str, *words: object) -> str:
    """As `random_slug`, but the same for the same `words`; who knows these can't work it out."""
    known_here = salted_hmac("channels_app.attempt", json.dumps(list(map(str, words))), algorithm="sha256")
    return sign + b32encode(known_here.digest()[:RANDOM_BYTES]).decode()
