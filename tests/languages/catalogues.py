"""The catalogues in locale/: brings them up to date with what is marked, and says what is wrong with them."""

import gettext
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib
from django.utils.translation import to_locale

from chatsite.languages import LANGUAGES
from tests.languages.marked import Marked

# The language of the texts in the code has no catalogue.
TRANSLATED = [code for code, _name in LANGUAGES if code != "en"]
PLURAL_FORMS = {
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2"
    " : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5;",
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "zh-hans": "nplurals=1; plural=0;",
}
WIDTH = 110

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}|</?\w[^>]*>|↓|#(?=%|\{|<)")


def catalogue_of(checkout: Path, language: str) -> Path:
    return checkout / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"


def bring_up_to_date(path: Path, language: str, marked: Iterable[Marked]) -> None:
    """Write the catalogue with just what is marked, in order; translations of what is still there stay."""
    known = {_key(entry): entry for entry in _read(path)} if path.exists() else {}
    catalogue = polib.POFile(wrapwidth=WIDTH)
    catalogue.metadata = {
        "Language": to_locale(language),
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURAL_FORMS[language],
    }
    for one in sorted(marked):
        catalogue.append(known.get(one) or _new_entry(one, language))
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))


def faults_of(path: Path, language: str, marked: Iterable[Marked]) -> Iterator[str]:
    """What keeps the catalogue from being a whole translation, in words."""
    known = {_key(entry): entry for entry in _read(path)} if path.exists() else {}
    marked = set(marked)
    for one in sorted(marked - known.keys()):
        yield f"{language}: not in the catalogue (run `make messages`): {one.text!r}"
    for one in sorted(known.keys() - marked):
        yield f"{language}: not in the code any more (run `make messages`): {one.text!r}"
    for one in sorted(marked & known.keys()):
        entry = known[one]
        if not _is_translated(entry, language):
            yield f"{language}: not translated: {one.text!r}"
        elif entry.fuzzy:
            yield f"{language}: fuzzy: {one.text!r}"
        else:
            yield from (
                f"{language}: {fault} in the translation of {one.text!r}"
                for fault in _misfits(entry, language)
            )


def _read(path: Path) -> list[polib.POEntry]:
    catalogue = polib.pofile(str(path), wrapwidth=WIDTH)
    return [entry for entry in catalogue if not entry.obsolete]


def _key(entry: polib.POEntry) -> Marked:
    return Marked(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def _new_entry(one: Marked, language: str) -> polib.POEntry:
    entry = polib.POEntry(msgid=one.text, msgctxt=one.context or None)
    if one.plural:
        entry.msgid_plural = one.plural
        entry.msgstr_plural = dict.fromkeys(range(_number_of_forms(language)), "")
    return entry


def _number_of_forms(language: str) -> int:
    found = re.search(r"nplurals=(\d+)", PLURAL_FORMS[language])
    assert found is not None
    return int(found[1])


def _is_translated(entry: polib.POEntry, language: str) -> bool:
    if not entry.msgid_plural:
        return bool(entry.msgstr)
    return sorted(entry.msgstr_plural) == list(range(_number_of_forms(language))) and all(
        entry.msgstr_plural.values()
    )


def _misfits(entry: polib.POEntry, language: str) -> Iterator[str]:
    if not entry.msgid_plural:
        if _placeholders(entry.msgid) != _placeholders(entry.msgstr):
            yield "other placeholders"
        return
    form_of = gettext.c2py(PLURAL_FORMS[language].partition("plural=")[2].strip(" ;"))
    numbers = Counter(form_of(number) for number in range(1_000))
    whole, single = _placeholders(entry.msgid_plural), _placeholders(entry.msgid)
    for form, text in entry.msgstr_plural.items():
        # Who says "one message" needs no number, and nobody else can do without.
        wanted = [whole, single, whole - _NUMBERS] if numbers[form] == 1 else [whole]
        if _placeholders(text) not in wanted:
            yield f"other placeholders (form {form})"


_NUMBERS = Counter(["{n}", "%(count)s", "%(shown)s"])


def _placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))
