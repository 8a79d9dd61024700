"""The tool behind `make messages`: what it takes for marked, for unmarked, and for a fault in a catalogue."""

from pathlib import Path

import pytest

from tests.languages.catalogues import bring_up_to_date, faults_of
from tests.languages.marked import Marked, NotLiteral, marked_in_python, marked_in_template
from tests.languages.unmarked import in_script, in_template


def test_marked_texts_of_python_are_found_under_whatever_name() -> None:
    source = """
from django.utils.translation import gettext as translate, gettext_lazy as _, ngettext, npgettext, pgettext
from django.utils import translation
_("One "
  "text")
translate("Another")
ngettext("{n} day", "{n} days", n)
pgettext("verb", "Clear")
npgettext("of a book", "{n} leaf", "{n} leaves", n)
print("Not marked")
"""
    assert set(marked_in_python(source)) == {
        Marked("One text"),
        Marked("Another"),
        Marked("{n} day", "{n} days"),
        Marked("Clear", context="verb"),
        Marked("{n} leaf", "{n} leaves", "of a book"),
    }


def test_a_text_that_is_put_together_can_not_be_marked() -> None:
    source = "from django.utils.translation import gettext as _\n_(f'Hello {name}')"
    with pytest.raises(NotLiteral):
        list(marked_in_python(source, "hello.py"))


def test_marked_texts_of_templates_are_found() -> None:
    source = """
{% comment %}{% translate "No" %}{% endcomment %}{# {% translate "Nor this" %} #}
<a title="{% translate 'Out' %}">{% translate "Clear" context "verb" %}</a> {{ _("Short") }}
{% blocktranslate count n=people|length %}{{ n }} leaf{% plural %}{{ n }} leaves{% endblocktranslate %}
{% blocktranslate trimmed with name=person.name %}
  Hello
  {{ name }}
{% endblocktranslate %}
"""
    assert set(marked_in_template(source)) == {
        Marked("Out"),
        Marked("Clear", context="verb"),
        Marked("Short"),
        Marked("%(n)s leaf", "%(n)s leaves"),
        Marked("Hello %(name)s"),
    }


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>\n  Hello {{ name }}</p>", ["Hello"]),
        ('<b title="Out">{% translate "In" %}</b>', ["Out"]),
        ('<button aria-label="Close {{ name }}"></button>', ["Close"]),
        ('<input placeholder="Name"{% if wide %} class="wide"{% endif %}>', ["Name"]),
        ('<img alt="A {% if big %}big{% endif %} dog">', ["A big dog"]),
        ("{% if one %}one{% else %}{% translate 'more' %}{% endif %}", ["one"]),
        ('<input type="submit" value="Go">', ["Go"]),
        ("{% blocktranslate %}Hello <b>there</b>{% endblocktranslate %} you", ["you"]),
    ],
)
def test_words_that_are_not_marked_in_a_template_are_found(template: str, words: list[str]) -> None:
    assert [found.words for found in in_template(template)] == words


@pytest.mark.parametrize(
    "template",
    [
        '{% load i18n %}<a href="/out" class="wide {{ name }}" data-state="open">#{{ number }} · @</a>',
        '{# A note #}<p title="{% translate \'Out\' %}">{{ words|default:"–" }}</p>',
        "<script>const words = 'Hello you';</script><style>a { color: red }</style>",
        "{% comment %}Hello{% endcomment %}{% blocktranslate %}Hello{% endblocktranslate %}",
    ],
)
def test_what_nobody_reads_in_a_template_is_left_alone(template: str) -> None:
    assert in_template(template) == []


def test_the_line_of_what_is_not_marked_is_told() -> None:
    assert [
        found.line for found in in_template("\n{% blocktranslate %}\n\n{% endblocktranslate %}\n<p>Hello</p>")
    ] == [5]
    assert [found.line for found in in_script('\nconst one = 1;\ntoast("Hello");')] == [3]


@pytest.mark.parametrize(
    "script",
    [
        'element.textContent = "Close";',
        'element.textContent = count ? "Many" : "";',
        "element.title = `Close ${name}`;",
        'Object.assign(element, { textContent: "Close" });',
        'toast("Failed");',
        'element.setAttribute("aria-label", "Close");',
        'const words = "Please try again";',
        "say('Something went wrong');",
        "line.append(`${name} is typing`);",
    ],
)
def test_words_that_are_not_marked_in_a_script_are_found(script: str) -> None:
    assert len(in_script(script)) == 1


@pytest.mark.parametrize(
    "script",
    [
        '// toast("Hello you")',
        '/* toast("Hello you") */',
        'console.info("Catching up failed:", error.message);',
        'throw new Error("this can not be");',
        'document.querySelector(".timeline .message a");',
        'if (event.key === "Enter") element.className = "message message--focus";',
        'matchMedia("(pointer: coarse)");',
        'element.textContent = word("close");',
        'const AHEAD = "600px 0px";',
        'element.dataset.state = "open";',
    ],
)
def test_what_nobody_reads_in_a_script_is_left_alone(script: str) -> None:
    assert in_script(script) == []


MARKED = [Marked("Hello %(name)s"), Marked("1 leaf", "{n} leaves")]


def catalogue(tmp_path: Path, hello: str, one: str, many: str, *, flag: str = "") -> Path:
    path = tmp_path / "django.po"
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        f'{flag}msgid "Hello %(name)s"\nmsgstr "{hello}"\n\n'
        f'msgid "1 leaf"\nmsgid_plural "{{n}} leaves"\nmsgstr[0] "{one}"\nmsgstr[1] "{many}"\n'
    )
    return path


def test_a_whole_catalogue_has_no_fault(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "Hallo %(name)s", "Ein Blatt", "{n} Blätter")
    assert list(faults_of(path, "de", MARKED)) == []


@pytest.mark.parametrize(
    ("hello", "one", "many", "flag", "fault"),
    [
        ("", "Ein Blatt", "{n} Blätter", "", "not translated"),
        ("Hallo %(name)s", "Ein Blatt", "", "", "not translated"),
        ("Hallo", "Ein Blatt", "{n} Blätter", "", "other placeholders"),
        ("Hallo %(nam)s", "Ein Blatt", "{n} Blätter", "", "other placeholders"),
        ("Hallo %(name)s", "Ein Blatt", "viele Blätter", "", "other placeholders"),
        ("Hallo %(name)s", "Ein Blatt", "{n} Blätter", "#, fuzzy\n", "fuzzy"),
    ],
)
def test_what_is_wrong_with_a_catalogue_is_told(
    tmp_path: Path, hello: str, one: str, many: str, flag: str, fault: str
) -> None:
    faults = list(faults_of(catalogue(tmp_path, hello, one, many, flag=flag), "de", MARKED))
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_form_that_stands_for_more_than_one_number_says_the_number(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "Bonjour %(name)s", "Une feuille", "{n} feuilles")
    [fault] = faults_of(path, "fr", MARKED)  # it is said of none and of one
    assert "other placeholders" in fault


def test_new_texts_come_in_old_ones_go_and_translations_stay(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "Hallo %(name)s", "Ein Blatt", "{n} Blätter")
    now = [Marked("Hello %(name)s"), Marked("Good morning")]
    assert len(list(faults_of(path, "de", now))) == 2

    bring_up_to_date(path, "de", now)

    [fault] = faults_of(path, "de", now)
    assert fault == "de: not translated: 'Good morning'"
    assert "Hallo %(name)s" in path.read_text()
    assert "leaf" not in path.read_text()
