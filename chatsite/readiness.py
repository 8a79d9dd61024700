"""Answers /readyz: whether this process can do its work now, and if not, why; and what else is amiss.

What the apps need they add with `add_need`. The answer is bounded in time whatever hangs, and asking often
costs nobody anything: it is kept for a moment, and one examination runs at a time.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from chatsite.health import PATIENCE_S, be_impatient, missing_migrations

KEPT_S = 1.0
STALE_S = 10.0  # who comes while somebody else examines gets the last answer, but none older than this

Need = Callable[[], list[str]]

logger = logging.getLogger(__name__)


def reasons_against_the_database() -> list[str]:
    """Why the database is of no use, in words that name no secret."""
    connection = connections[DEFAULT_DB_ALIAS]
    be_impatient(connection)
    try:
        missing = missing_migrations(connection)
    except Error:
        return ["the database does not answer"]
    finally:
        connection.close()
    return [f"migrations are not applied: {len(missing)}"] if missing else []


_needs: dict[str, Need] = {"the database": reasons_against_the_database}
_spared: set[str] = set()


def add_need(name: str, reasons_against: Need, *, is_spared: bool = False) -> None:
    """Have /readyz ask `reasons_against()`, in a thread of its own; it returns why not, or nothing.

    Arguments:
        is_spared: the process does its work without it; what is amiss is a warning.
    """
    _needs[name] = reasons_against
    if is_spared:
        _spared.add(name)


@dataclass(frozen=True, slots=True)
class Answer:
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    at: float  # by the monotonic clock

    def is_younger_than(self, seconds: float) -> bool:
        return monotonic() - self.at < seconds


class Readiness:
    """What this process last found; shared by its threads."""

    def __init__(self) -> None:
        self._examining = Lock()
        self._last: Answer | None = None
        self._asking: dict[str, Thread] = {}

    def answer(self) -> Answer:
        """Why this process is not ready, and what else is amiss; nothing when all is well."""
        last = self._last
        if last is not None and last.is_younger_than(KEPT_S):
            return last
        is_usable = last is not None and last.is_younger_than(STALE_S)
        if not self._examining.acquire(timeout=0 if is_usable else 2 * PATIENCE_S):
            unknown = Answer(("still being looked at",), (), monotonic())
            return last if last is not None and is_usable else unknown
        try:
            return self._look()
        finally:
            self._examining.release()

    def _look(self) -> Answer:
        last = self._last
        if last is not None and last.is_younger_than(KEPT_S):
            return last  # somebody else has looked meanwhile
        amiss = list(self._examine())
        reasons = tuple(words for name, words in amiss if name not in _spared)
        warnings = tuple(words for name, words in amiss if name in _spared)
        if reasons != (last.reasons if last else ()):
            logger.warning("not ready" if reasons else "ready again", extra={"reasons": reasons})
        self._last = Answer(reasons, warnings, monotonic())
        return self._last

    def _examine(self) -> Iterator[tuple[str, str]]:
        """The name of each need that is not met, with why."""
        found: dict[str, list[str]] = {}
        for name, need in _needs.items():
            # One that still hangs since the last time is not asked again: its threads would pile up.
            if name not in self._asking or not self._asking[name].is_alive():
                self._asking[name] = Thread(target=_ask, args=(name, need, found), daemon=True)
                self._asking[name].start()
        deadline = monotonic() + PATIENCE_S
        for name, thread in self._asking.items():
            thread.join(max(0.0, deadline - monotonic()))
            for words in found.get(name, [f"{name} does not answer within {PATIENCE_S} s"]):
                yield name, words


def _ask(name: str, need: Need, found: dict[str, list[str]]) -> None:
    try:
        found[name] = need()
    except Exception as fault:  # noqa: BLE001  # what is looked at may be broken in any way
        found[name] = [f"{name} can't be looked at: {type(fault).__name__}"]


class Ready:
    """The middleware. It stands before everything that redirects, logs in or asks for a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._readiness = Readiness()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != "/readyz":
            return self.get_response(request)
        found = self._readiness.answer()
        told = {"ready": not found.reasons, "reasons": found.reasons, "warnings": found.warnings}
        answer = JsonResponse(told, status=503 if found.reasons else 200)
        answer["Cache-Control"] = "no-store"
        return answer
