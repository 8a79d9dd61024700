"""What a worker does with a batch: store it, hold it while the database is away, set aside what is bad.

Whatever this module calls ended is acknowledged, and gone from the queue.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import Error, connection
from django.utils import timezone

from messaging.pipeline.envelope import Envelope, UnknownEnvelope
from messaging.pipeline.faults import is_database_away, is_too_large
from messaging.pipeline.persist import Stored, long_values, persist
from messaging.pipeline.rejected import Rejection, set_aside, unreadable

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
DEEP = 100  # levels of JSON; Python gives up near a thousand

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What came out of the queue and is no envelope that this release knows, and why not."""

    fields: object
    why: str


class GivenUp(Exception):
    """Nobody wants the outcome any more: the broker hands the messages to another worker."""


def deliver(batch: Sequence[Envelope | Unreadable], *, pause: Callable[[float], bool]) -> None:
    """Bring each of `batch` to its end: stored, dropped, rejected or set aside, in the order given.

    While the database is away, or refuses for a reason that is not the messages', all is held and tried again
    for as long as it takes. What is bad is found by halving, and set aside alone. What can't even be set
    aside is held, and then stored if that can be done by now.

    Arguments:
        batch: what `read_call` returned, in the order of the queue.
        pause: waits for so many seconds before the next try; False when nobody wants the outcome any more.

    Raises:
        GivenUp: not all came to their end, so that nothing may be acknowledged.
    """
    patience = _Patience(pause)
    suspect: Envelope | Unreadable | None = None
    runs = [list(batch)]
    while runs:
        run = runs.pop()
        try:
            _store(run)
            patience.start_anew()
        except Exception as fault:  # noqa: BLE001  # anything may be wrong with what people send
            if is_database_away(fault) and not is_too_large(fault, map(_long_values, run)):
                runs.append(run)
                patience.hold(fault)
            elif len(run) > 1:
                middle = len(run) // 2
                runs += [run[middle:], run[:middle]]
            elif suspect is not run[0]:
                # The database may have come back between this fault and the question whether it is away.
                suspect = run[0]
                runs.append(run)
            elif second_fault := _set_aside(run[0], fault):
                suspect = None
                runs.append(run)
                patience.hold(second_fault)


def read_call(body: bytes | str) -> Envelope | Unreadable:
    """The envelope in a call of the task `messaging.persist`; see Celery's message protocol, version 2.

    https://docs.celeryq.dev/en/stable/internals/protocol.html
    """
    try:
        item = _read_call(json.loads(body))
    except (ValueError, RecursionError) as error:
        return Unreadable(_as_text(body), f"not JSON: {error}")
    if isinstance(item, Unreadable) and _is_deep(item.fields):
        return Unreadable(_as_text(body), "nested too deeply")
    return item


def _read_call(call: object) -> Envelope | Unreadable:
    if not isinstance(call, list) or not call or not isinstance(call[0], list) or len(call[0]) != 1:
        return Unreadable(call, "not a call with one argument")
    return read(call[0][0])


def _as_text(body: bytes | str) -> str:
    return body if isinstance(body, str) else body.decode(errors="backslashreplace")


def _is_deep(value: object) -> bool:
    """Whether `value` is nested so deeply that it may be impossible to write, although it could be read."""
    level = [value]
    for _depth in range(DEEP):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def read(fields: object) -> Envelope | Unreadable:
    """The envelope in `fields`, which are of JSON's own types."""
    try:
        return Envelope.from_json(fields)
    except UnknownEnvelope as error:
        return Unreadable(fields, str(error))


def patiently(seconds: float) -> bool:
    """Wait between two tries, whatever happens: a `pause` for `deliver`."""
    time.sleep(seconds)
    return True


class _Patience:
    """Waits between tries, longer and longer."""

    def __init__(self, pause: Callable[[float], bool]) -> None:
        self._pause = pause
        self._pause_s = FIRST_PAUSE_S

    def start_anew(self) -> None:
        self._pause_s = FIRST_PAUSE_S

    def hold(self, fault: Exception) -> None:
        """Wait until the next try.

        Raises:
            GivenUp: see there.
        """
        logger.warning("holding", extra={"fault": repr(fault)})
        if not self._pause(self._pause_s):
            raise GivenUp from fault
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)


def _store(run: Sequence[Envelope | Unreadable]) -> None:
    envelopes = [item for item in run if isinstance(item, Envelope)]
    for item in run:
        if isinstance(item, Unreadable):
            set_aside(unreadable(item.fields, detail=item.why), at=timezone.now())
    if envelopes:
        _persist(envelopes)


def _persist(envelopes: Sequence[Envelope]) -> None:
    outcomes = persist(envelopes, keep_rejected=True)
    new = [str(outcome.client_id) for outcome in outcomes if isinstance(outcome, Stored) and outcome.is_new]
    if new:
        dwell = timezone.now() - min(envelope.accepted_at for envelope in envelopes)
        dwell_ms = round(dwell.total_seconds() * 1000)
        logger.info("stored", extra={"client_ids": new, "dwell_ms_most": dwell_ms})


def _long_values(item: Envelope | Unreadable) -> Sequence[str]:
    """What is long in the statement that stores `item`, or sets it aside."""
    if isinstance(item, Envelope):
        return long_values(item)
    return (unreadable(item.fields, detail=item.why).envelope,)


def _set_aside(item: Envelope | Unreadable, fault: Exception) -> Error | None:
    """Keep what failed alone, whole or else cut down; why that can't be written, when it can't."""
    logger.error("not storable", exc_info=fault)
    if isinstance(item, Envelope):
        rejection = Rejection(item.as_json(), "not_storable", repr(fault))
    else:
        rejection = unreadable(item.fields, detail=item.why)
    try:
        try:
            set_aside(rejection, at=timezone.now())
        except Error as too_large:
            connection.close()
            if not is_too_large(too_large, [(rejection.envelope, rejection.detail)]):
                raise
            set_aside(rejection.cut_down(), at=timezone.now())
    except Error as second_fault:
        connection.close()  # the next try has a fresh one
        return second_fault
    return None
