"""Which workers are there, and which partitions are whose: each says so in the database, every second.

The roster spreads the work and no more. That a channel keeps its order does not depend on it: a queue has a
single active consumer, whatever two workers think of who is its own.
"""

import contextlib
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import Error, IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from messaging.models import Worker

RENEW_EVERY_S = 1.0
FRESH_S = 5.0  # a worker not seen for so long has lost its queues to the others
FORGOTTEN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InHand:
    """What a worker has taken from the queues and not stored yet.

    Arguments:
        number: of messages.
        oldest: by partition, when the oldest of them was accepted, in microseconds since 1970.
    """

    number: int = 0
    oldest: Mapping[int, int] = field(default_factory=dict)


NOTHING = InHand()


@dataclass(frozen=True, slots=True)
class Seat:
    """One worker among all that are there: number `rank`, from 0 on, of `count`."""

    rank: int
    count: int

    def has(self, partition: int) -> bool:
        """Whether the partition is at home here."""
        return partition % self.count == self.rank


@transaction.atomic
def sign_in(host: str, pid: int) -> int:
    """Have a row of its own for the worker `pid` of `host`, which is new here; returns its number.

    Takes the name from whoever had it: a process that ended, or that ends and is late.

    Raises:
        django.db.Error: the database is away.
    """
    Worker.objects.filter(Q(host=host, pid=pid) | Q(seen_at__lt=Now() - FORGOTTEN)).delete()
    return Worker.objects.create(host=host, pid=pid, started_at=Now(), seen_at=Now()).pk


def renew(row: int, host: str, pid: int, *, in_hand: InHand = NOTHING) -> Seat:
    """Say that the worker `pid` of `host` is there, and learn its seat among the others.

    Time is the database's, which all of them share. A process of this host that has ended leaves at once,
    before its row is stale.

    Arguments:
        row: as `sign_in` returned it.

    Raises:
        django.db.Error: the database is away.
    """
    said = {"seen_at": Now(), "in_hand": in_hand.number, "oldest_in_hand": json.dumps(dict(in_hand.oldest))}
    # Two containers may call themselves the same: they share a row, and one of them stands by.
    if not Worker.objects.filter(host=host, pid=pid).update(**said):
        with contextlib.suppress(IntegrityError):
            Worker.objects.create(pk=row, host=host, pid=pid, started_at=Now(), **said)
    fresh = Worker.objects.filter(seen_at__gt=Now() - timedelta(seconds=FRESH_S)).order_by("pk")
    there = [worker for worker in fresh if worker.host != host or _is_alive(worker.pid)]
    names = [(worker.host, worker.pid) for worker in there]
    # Ours may be gone again, when somebody empties the table: then it is as if there were nobody else.
    return Seat(names.index((host, pid)), len(names)) if (host, pid) in names else Seat(0, 1)


def sign_out(row: int) -> None:
    """Leave the queues to the others at once.

    By the row, not by the name: another may have it meanwhile.

    Raises:
        django.db.Error: the database is away; then the others notice by themselves, after FRESH_S.
    """
    Worker.objects.filter(pk=row).delete()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Roster:
    """Keeps this worker in the roster, by a thread of its own, and knows its seat.

    A seat that could not be renewed for FRESH_S is lost: by then the others have taken over.
    """

    def __init__(self, *, on_change: Callable[[], None], in_hand: Callable[[], InHand]) -> None:
        """Both are called in the thread.

        Arguments:
            on_change: whenever the seat may be another.
            in_hand: what this worker holds.
        """
        self._on_change = on_change
        self._in_hand = in_hand
        self._seat: Seat | None = None
        self._row: int | None = None
        self._renewed_at = 0.0
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="roster", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """Have the thread give up the seat and end."""
        self._is_ending.set()

    def wait_until_left(self) -> None:
        """Wait for that; what the database does not take in time it finds out by itself."""
        self._thread.join(FRESH_S)

    @property
    def seat(self) -> Seat | None:
        """The seat of this worker, None while it has none."""
        return self._seat if time.monotonic() - self._renewed_at < FRESH_S else None

    def _run(self) -> None:
        host, pid = socket.gethostname(), os.getpid()
        while not self._is_ending.is_set():
            self._renew(host, pid)
            self._is_ending.wait(RENEW_EVERY_S)
        try:
            if self._row is not None:
                sign_out(self._row)
        except Error as fault:
            logger.warning("roster not told", extra={"fault": repr(fault)})
        connection.close()

    def _renew(self, host: str, pid: int) -> None:
        asked_at = time.monotonic()
        try:
            if self._row is None:
                self._row = sign_in(host, pid)
            seat = renew(self._row, host, pid, in_hand=self._in_hand())
        except Exception as fault:  # noqa: BLE001  # whatever it is, the seat is lost unless it passes
            logger.warning("roster not reached", extra={"fault": repr(fault)})
            connection.close()
            return
        is_new = seat != self.seat
        self._seat, self._renewed_at = seat, asked_at
        if is_new:
            self._on_change()
