"""Finds words in templates and scripts that people read in English whatever their language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

# Attributes that are shown or read out.
SHOWN_ATTRIBUTES = frozenset(
    {
        "alt",
        "aria-description",
        "aria-label",
        "aria-placeholder",
        "aria-roledescription",
        "aria-valuetext",
        "label",
        "placeholder",
        "title",
    }
)
SILENT_ELEMENTS = frozenset({"code", "script", "style"})  # names in the code are the same for everybody

_LETTER = r"[^\W\d_]"
_MARKED = re.compile(
    r"\{%-?\s*blocktrans(?:late)?\b.*?\{%-?\s*endblocktrans(?:late)?\s*%\}|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}",
    re.DOTALL,
)
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unmarked:
    line: int
    words: str


def unmarked_in(checkout: Path) -> Iterator[str]:
    """Each text that is not marked, with where it stands."""
    for folder, ending, find in (("templates", "html", in_template), ("static/js", "js", in_script)):
        for path in sorted((checkout / folder).rglob(f"*.{ending}")):
            place = path.relative_to(checkout)
            for found in find(path.read_text()):
                yield f"{place}:{found.line}: not marked for translation: {found.words!r}"


def in_template(source: str) -> list[Unmarked]:
    """Text and shown attributes with letters of their own, besides tags, variables and what is marked."""
    parser = Words()
    parser.feed(_TAG.sub(_blank, _MARKED.sub(_blank, source)))
    parser.close()
    return parser.found


def in_script(source: str) -> list[Unmarked]:
    """Literals that look like sentences, and any with letters that are put where people read them.

    What is logged or thrown is for developers, and so are selectors, media queries and names of keys.
    """
    found = []
    for literal in _LITERAL.finditer(source):
        text = next(filter(None, literal.group("single", "double", "template")), "")
        words = re.sub(r"\$\{[^}]*\}", "–", text)
        before = source[: literal.start()]
        if literal["comment"] or not re.search(_LETTER, words) or _FOR_DEVELOPERS.search(before):
            continue
        is_sentence = re.search(rf"{_LETTER}{{2,}}[,;:]? {_LETTER}", words) and not _CODE.search(words)
        if is_sentence or _SHOWN.search(before):
            found.append(Unmarked(before.count("\n") + 1, text))
    return found


_LITERAL = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |'(?P<single>(?:[^'\\\n]|\\.)*)'
    |"(?P<double>(?:[^"\\\n]|\\.)*)"
    |`(?P<template>(?:[^`\\]|\\.)*)`""",
    re.DOTALL | re.VERBOSE,
)
_FOR_DEVELOPERS = re.compile(
    r"(?:console\.\w+|new \w*(?:Error|Unavailable|Barred)|querySelector(?:All)?|closest|matches|matchMedia"
    r"|import|from|className|classList\.\w+)\s*\(?[^;\n]*$"
)
_CODE = re.compile(r"[#.\[\]=>()<{}]\S|^[.#:(\[]|\bnot all\b|px\b|;")
_SHOWN = re.compile(
    r"(?:\.(?:textContent|innerText|title|placeholder|alt|ariaLabel|ariaDescription|ariaRoleDescription|ariaValueText)"
    r"|\b(?:textContent|innerText|title|placeholder|alt|ariaLabel|label|body):?)\s*(?:=(?!=)|:|\?\?=)\s*(?:[^;\n,]*[?:]\s*)?$"
    r"|\b(?:toast|alert|confirm|prompt)\($"
    r"|setAttribute\(\"(?:aria-label|title|placeholder|alt)\",\s*$"
)


class Words(HTMLParser):
    """Collects the words of a template whose tags are blanked out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Unmarked] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT_ELEMENTS
        for name, value in attributes:
            if name in SHOWN_ATTRIBUTES:
                self._look_at(value or "")
        facts = dict(attributes)
        if tag == "input" and facts.get("type") in ("submit", "button", "reset"):
            self._look_at(facts.get("value") or "")
        if tag == "meta" and facts.get("name") in ("description", "apple-mobile-web-app-title"):
            self._look_at(facts.get("content") or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT_ELEMENTS

    def handle_data(self, text: str) -> None:
        if not self._silent:
            self._look_at(text)

    def _look_at(self, text: str) -> None:
        if re.search(rf"{_LETTER}{{2}}", text):  # one alone is the name of a key
            self.found.append(Unmarked(self.getpos()[0], " ".join(text.split())))


def _blank(match: re.Match[str]) -> str:
    """As many lines, and nothing in them."""
    return "\n" * match[0].count("\n")
