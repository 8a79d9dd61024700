"""Text to safe HTML, once, when a message is stored; a page never parses text again."""

import re
from functools import cache
from typing import Any

from django.utils.html import escape
from linkify_it import LinkifyIt

HTML_VERSION = 1  # of the markup that `render` makes; a higher one lets old rows be rendered anew

LINK_REL = "noopener nofollow ugc"
LONGEST_LINK = 2_000  # characters; in a longer run without white space the search would take seconds

_WORDS = re.compile(r"(\s+)")
_HINT = re.compile(r"[:@]|www\.", re.IGNORECASE)
# Labels with dots between them; possessive, so that a failure is final and costs one pass.
_HOST = r"[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62})*+(?::\d{1,5})?"
_SAFE_SCHEME = re.compile(r"(?:https?|mailto):", re.IGNORECASE)


def render(text: str) -> str:
    """`text` as HTML: escaped, links clickable, line breaks kept. Safe to put into a page as it is."""
    return "".join(_word(part) for part in _WORDS.split(text))


def _word(word: str) -> str:
    """One run without white space, or the white space between two."""
    if len(word) > LONGEST_LINK or not _HINT.search(word):
        return escape(word).replace("\n", "<br>")
    parts: list[str] = []
    end = 0
    for link in _linkifier().match(word) or []:
        if _SAFE_SCHEME.match(link.url):
            parts += [escape(word[end : link.index]), _anchor(link.url, link.text)]
            end = link.last_index
    parts.append(escape(word[end:]))
    return "".join(parts)


def _anchor(url: str, shown: str) -> str:
    return f'<a href="{escape(url)}" rel="{LINK_REL}" target="_blank">{escape(shown)}</a>'


@cache
def _linkifier() -> LinkifyIt:
    """Finds what has a scheme, "www." or an "@"; bare names like notes.md are more often files than sites.

    The library's own search for links without a scheme is left off: on text like "www.=www.=" its time grows
    with the square of the length, and one message could hold everybody up.
    """
    linkifier = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})
    rest = re.compile(_HOST + linkifier.re["src_path"], re.IGNORECASE)

    def length_after_www(_linkifier: LinkifyIt, text: str, place: int) -> int:
        found = rest.match(text, place)
        return len(found[0]) if found else 0

    def with_scheme(_linkifier: LinkifyIt, link: Any) -> None:
        link.url = f"http://{link.url}"

    linkifier.add("www.", {"validate": length_after_www, "normalize": with_scheme})
    return linkifier
