"""Text to safe HTML, once, when a message is stored; a page never parses text again."""

import re
from functools import cache

from django.utils.html import escape
from linkify_it import LinkifyIt

HTML_VERSION = 1  # of the markup that `render` makes; a higher one lets old rows be rendered anew

LINK_REL = "noopener nofollow ugc"
_SAFE_SCHEME = re.compile(r"(?:https?|mailto):", re.IGNORECASE)


def render(text: str) -> str:
    """`text` as HTML: escaped, links clickable, line breaks kept. Safe to put into a page as it is."""
    parts: list[str] = []
    end = 0
    for link in _linkifier().match(text) or []:
        if not _SAFE_SCHEME.match(link.url):
            continue
        parts += [_lines(text[end : link.index]), _anchor(link.url, link.text)]
        end = link.last_index
    parts.append(_lines(text[end:]))
    return "".join(parts)


def _anchor(url: str, shown: str) -> str:
    return f'<a href="{escape(url)}" rel="{LINK_REL}" target="_blank">{escape(shown)}</a>'


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


@cache
def _linkifier() -> LinkifyIt:
    # Bare names like notes.md are more often files than sites: a link has a scheme, "www." or an "@".
    return LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True, "fuzzy_ip": False}).tlds(
        ["com", "org", "net", "io", "dev", "app", "edu", "gov"], False
    )
