"""Text to HTML: safe whatever it says, links clickable, line breaks kept."""

import re

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from chatsite.languages import LANGUAGES
from messaging.rendering import render

REL = 'rel="noopener nofollow ugc" target="_blank"'


def test_markup_is_text() -> None:
    assert render("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"


def test_a_run_longer_than_any_link_is_text() -> None:
    assert "<a" in render("https://example.org/" + "x" * 1_900)
    assert "<a" not in render("https://example.org/" + "x" * 2_000)


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f"])
def test_what_would_read_as_another_address_is_no_link(sign: str) -> None:
    assert "<a" not in render(f"https://{sign}gpj.exe")
    assert "<a" in render("https://gpj.exe")


def test_line_breaks_are_kept() -> None:
    assert render("a\n\nb") == "a<br><br>b"


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        (
            "https://example.org/a?b=1&c=2",
            "https://example.org/a?b=1&amp;c=2",
            "https://example.org/a?b=1&amp;c=2",
        ),
        ("www.example.org", "http://www.example.org", "www.example.org"),
        ("me@example.org", "mailto:me@example.org", "me@example.org"),
    ],
)
def test_links_are_clickable_and_lead_away_safely(text: str, url: str, shown: str) -> None:
    assert render(f"see {text}.") == f'see <a href="{url}" {REL}>{shown}</a>.'


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "example.com:", "data:text/html,x", "vbscript:x", "notes.md", "file:///etc"],
)
def test_what_is_no_safe_link_stays_text(text: str) -> None:
    assert "<a" not in render(text)


def test_once_the_time_is_up_links_stay_text_and_everything_is_escaped() -> None:
    text = "https://example.org/?a=1&b=2\n<b> https://example.org"

    assert render(text, limit_s=0) == "https://example.org/?a=1&amp;b=2<br>&lt;b&gt; https://example.org"
    assert render(text).count("<a ") == 2


@given(st.text(max_size=300))
def test_no_text_makes_markup_of_its_own(text: str) -> None:
    html = render(text)
    without_ours = re.sub(
        r'<a href="[^"<>]*" rel="noopener nofollow ugc" target="_blank">|</a>|<br>', "", html
    )
    assert "<" not in without_ours
    assert ">" not in without_ours


@given(
    st.lists(
        st.sampled_from(['<a href="', "https://", "x.org", '"', "'", "\n", "javascript:", "@", ">"]),
        max_size=30,
    )
)
def test_no_mixture_of_links_and_quotes_breaks_out(parts: list[str]) -> None:
    test_no_text_makes_markup_of_its_own.hypothesis.inner_test("".join(parts))  # type: ignore[attr-defined]


def test_what_is_stored_of_a_text_is_the_same_in_every_language() -> None:
    text = "see https://example.org\nand write to bob@example.org at 10:00"
    stored = set()
    for language, _name in LANGUAGES:
        with override(language):
            stored.add(render(text))
    assert len(stored) == 1
