"""`python -m tests.languages update|check`: for `make messages` and `make check`."""

import sys
from pathlib import Path

from tests.languages.catalogues import TRANSLATED, bring_up_to_date, catalogue_of, faults_of
from tests.languages.marked import marked_in
from tests.languages.unmarked import unmarked_in

CHECKOUT = Path(__file__).resolve().parents[2]


def update() -> int:
    marked = marked_in(CHECKOUT)
    for language in TRANSLATED:
        path = catalogue_of(CHECKOUT, language)
        bring_up_to_date(path, language, marked)
        missing = sum("not translated" in fault for fault in faults_of(path, language, marked))
        print(f"{path.relative_to(CHECKOUT)}: {len(marked)} texts, {missing} to translate")
    return 0


def check() -> int:
    marked = marked_in(CHECKOUT)
    faults = list(unmarked_in(CHECKOUT))
    for language in TRANSLATED:
        faults += faults_of(catalogue_of(CHECKOUT, language), language, marked)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    commands = {"update": update, "check": check}
    sys.exit(commands[sys.argv[1]]())
