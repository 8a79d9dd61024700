"""Finds what is marked for translation, in Python by its syntax tree and in templates by Django's own lexer.

Django's `makemessages` needs gettext's programs, and knows names alone: not `gettext as translate`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.template.base import Lexer, Token, TokenType
from django.utils.translation import trim_whitespace
from django.utils.translation.template import (
    block_re,
    constant_re,
    endblock_re,
    inline_re,
    plural_re,
)

PACKAGES = ("accounts", "channels_app", "chatsite", "messaging")
# What Django says on our pages, and its own catalogues lack in one of our languages.
BORROWED = {
    (
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    )
}
# The places of context, text and plural among the arguments.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}


@dataclass(frozen=True, slots=True, order=True)
class Marked:
    text: str
    plural: str = ""
    context: str = ""


class NotLiteral(Exception):
    """A marked text is put together where it is marked: nobody could translate it."""


def marked_in(checkout: Path) -> set[Marked]:
    """All that is marked in the product's code and templates."""
    found = {Marked(*texts) for texts in BORROWED}
    for package in PACKAGES:
        for path in (checkout / package).rglob("*.py"):
            found.update(marked_in_python(path.read_text(), str(path.relative_to(checkout))))
    for path in sorted((checkout / "templates").rglob("*.*")):
        found.update(marked_in_template(path.read_text()))
    return found


def marked_in_python(source: str, place: str = "") -> Iterator[Marked]:
    tree = ast.parse(source)
    names = {
        (alias.asname or alias.name): _function(alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func
        function = ""
        if isinstance(name, ast.Name):
            function = names.get(name.id, "")
        elif isinstance(name, ast.Attribute) and names.get(getattr(name.value, "id", "")) == "translation":
            function = _function(name.attr)
        if function in FUNCTIONS:
            literals = [_literal(node, at, place) for at in FUNCTIONS[function]]
            context, text, plural = literals
            yield Marked(text, plural, context)


def marked_in_template(source: str) -> Iterator[Marked]:
    tokens = iter(Lexer(source).tokenize())
    for token in tokens:
        if token.token_type == TokenType.BLOCK and token.contents == "comment":
            while next(tokens).contents != "endcomment":
                pass
        elif token.token_type == TokenType.BLOCK and (block := block_re.match(token.contents)):
            yield _block(tokens, context=_unquoted(block[2]), is_trimmed=" trimmed" in token.contents)
        elif token.token_type == TokenType.BLOCK and (inline := inline_re.match(token.contents)):
            yield Marked(_unquoted(inline[1]).replace("%", "%%"), context=_unquoted(inline[3]))
        elif token.token_type in (TokenType.BLOCK, TokenType.VAR):
            for constant in constant_re.findall(token.contents):
                yield Marked(_unquoted(constant))


def _function(name: str) -> str:
    return name.removesuffix("_lazy").removesuffix("_noop")


def _literal(call: ast.Call, at: int | None, place: str) -> str:
    if at is None:
        return ""
    argument = call.args[at] if at < len(call.args) else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    raise NotLiteral(f"{place}:{call.lineno}: what is translated must be one literal")


def _block(tokens: Iterator[Token], *, context: str, is_trimmed: bool) -> Marked:
    """What stands between {% blocktranslate %} and its end."""
    texts = [""]
    for token in tokens:
        if token.token_type == TokenType.BLOCK:
            if endblock_re.match(token.contents):
                break
            if plural_re.match(token.contents):
                texts.append("")
        elif token.token_type == TokenType.VAR:
            texts[-1] += f"%({token.contents})s"
        elif token.token_type == TokenType.TEXT:
            texts[-1] += token.contents.replace("%", "%%")
    if is_trimmed:
        texts = [trim_whitespace(text) for text in texts]
    text, plural, *_rest = [*texts, ""]
    return Marked(text, plural, context)


def _unquoted(literal: str | None) -> str:
    return (literal or "")[1:-1]
