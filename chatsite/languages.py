"""The site's languages, and their words as gettext reads them, made of locale/ whenever that is new."""

import os
from pathlib import Path

import polib

LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "简体中文"),
    ("es", "Español"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("ar", "العربية"),
]


def compiled(source: Path, *, into: Path) -> Path:
    """Make a .mo in `into` of each .po in `source` that is newer or older than it; returns `into`.

    Each start does so by itself: nobody can forget it, and a machine needs no gettext. What is up to date
    costs a look at its time. Any number of processes may start at once.

    Raises:
        OSError: `into` can't be written.
    """
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for written in source.glob("*/LC_MESSAGES/*.po"):
        made = into / written.relative_to(source).with_suffix(".mo")
        time_ns = written.stat().st_mtime_ns
        if not made.is_file() or made.stat().st_mtime_ns != time_ns:
            made.parent.mkdir(parents=True, exist_ok=True)
            _compile(written, made, time_ns)
    return into


def _compile(written: Path, made: Path, time_ns: int) -> None:
    draft = made.with_suffix(f".{os.getpid()}")
    polib.pofile(str(written)).save_as_mofile(str(draft))
    os.utime(draft, ns=(time_ns, time_ns))
    draft.replace(made)  # whole, for who reads it at this moment
