"""Text to safe HTML, once, when a message is stored; a page never parses text again."""

import re
import time
from functools import cache
from html import escape
from typing import Any

from linkify_it import LinkifyIt

HTML_VERSION = 1  # of the markup that `render` makes; a higher one lets old rows be rendered anew

LINK_REL = "noopener nofollow ugc"
LONGEST_LINK = 2_000  # characters; in a longer run without white space the search would take seconds

# Several times what the longest message takes when it is full of links.
RENDER_LIMIT_S = 0.05

_WORD = re.compile(r"\S+")
_HINT = re.compile(r"://|@|www\.", re.IGNORECASE)
# Labels with dots between them; possessive, so that a failure is final and costs one pass.
_HOST = r"[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62})*+(?::\d{1,5})?"
# They turn the direction of what follows around: a link with one would show another host than it leads to.
_TURNS_AROUND = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SAFE_SCHEME = re.compile(r"(?:https?|mailto):", re.IGNORECASE)


def render(text: str, *, limit_s: float = RENDER_LIMIT_S) -> str:
    """`text` as HTML: escaped, links clickable, line breaks kept. Safe to put into a page as it is.

    Arguments:
        limit_s: seconds of this thread's CPU time for finding links; what is left then stays plain text.
    """
    parts: list[str] = []
    end = 0
    stops_at = time.thread_time() + limit_s
    # Few words can be links: what is between them is escaped at once.
    for word in _WORD.finditer(text) if _HINT.search(text) else ():
        if len(word[0]) <= LONGEST_LINK and _HINT.search(word[0]):
            if time.thread_time() >= stops_at:
                break
            parts += [_plain(text[end : word.start()]), _linked(word[0])]
            end = word.end()
    parts.append(_plain(text[end:]))
    return "".join(parts)


def _plain(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _linked(word: str) -> str:
    """A run without white space, with what is a link in it made one."""
    parts: list[str] = []
    end = 0
    for link in _linkifier().match(word) or []:
        if _SAFE_SCHEME.match(link.url) and not _TURNS_AROUND.search(link.text):
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
