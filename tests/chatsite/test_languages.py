"""The catalogues that a start compiles: made when they are missing or old, and left alone otherwise."""

import gettext
import os
from pathlib import Path

import pytest

from chatsite.languages import compiled

TEMPLATE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Send"\nmsgstr "{}"\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of catalogues with one word in one language."""
    folder = tmp_path / "locale"
    (folder / "de" / "LC_MESSAGES").mkdir(parents=True)
    write(folder, "Senden")
    return folder


def write(folder: Path, word: str) -> None:
    (folder / "de" / "LC_MESSAGES" / "django.po").write_text(TEMPLATE.format(word))


def word_in(folder: Path) -> str:
    with (folder / "de" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file).gettext("Send")


def test_a_start_compiles_what_is_new_and_nothing_else(source: Path, tmp_path: Path) -> None:
    made = compiled(source, into=tmp_path / "var" / "locale")
    assert word_in(made) == "Senden"

    catalogue = made / "de" / "LC_MESSAGES" / "django.mo"
    first = catalogue.stat().st_ino
    compiled(source, into=made)
    assert catalogue.stat().st_ino == first

    write(source, "Abschicken")
    compiled(source, into=made)
    assert word_in(made) == "Abschicken"
    assert os.listdir(catalogue.parent) == ["django.mo"]


def test_an_older_release_is_compiled_again_too(source: Path, tmp_path: Path) -> None:
    made = compiled(source, into=tmp_path / "locale-made")
    write(source, "Schicken")
    os.utime(source / "de" / "LC_MESSAGES" / "django.po", (1_000_000_000, 1_000_000_000))

    assert word_in(compiled(source, into=made)) == "Schicken"


def test_the_folder_is_made_for_its_owner_alone(source: Path, tmp_path: Path) -> None:
    compiled(source, into=tmp_path / "var" / "locale")

    assert (tmp_path / "var").stat().st_mode & 0o077 == 0
