"""The receivers of a measurement, in a process of their own, and the judgement on what they heard."""

import multiprocessing
import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from tests.bench.figures import percentile
from tests.bench.receivers import HINT, Heard, Seat, receive
from tests.waiting import wait_for


def raise_file_limit() -> None:
    """Allow this process, and what it starts from now on, as many open files as the system grants it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of messages on their way to receivers, each of which should have heard each.

    Arguments:
        deliveries: messages times receivers, as heard.
        lost: without a word that something is missing.
        misordered: pairs that a receiver heard the other way round than they are stored.
        hinted: not heard, but said to be there: a page asks for these.
        delays_ms: from the moment in which a message was sent.
    """

    deliveries: int
    lost: int
    doubled: int
    misordered: int
    hinted: int
    delays_ms: list[float]
    seconds: float  # from the first sent to the last heard
    heard: Heard

    @property
    def is_clean(self) -> bool:
        return self.lost + self.doubled + self.misordered == 0

    def delay_ms(self, percent: int) -> float:
        return percentile(self.delays_ms, percent)


def judge(heard: Heard, stored: Sequence[UUID], sent_at: Mapping[UUID, float]) -> Verdict:
    """Compare what was heard with what is stored.

    Arguments:
        stored: the messages sent, in their order in the database.
        sent_at: the time of each, by time.perf_counter.
    """
    place_of = {str(name): place for place, name in enumerate(stored)}
    places = [None if name == HINT else place_of[name] for name in heard.names]
    sent = [0.0 if name == HINT else sent_at[UUID(name)] for name in heard.names]
    lost = doubled = misordered = hinted = 0
    delays_ms: list[float] = []
    for numbers, times in heard.receivers:
        its_places = [places[number] for number in numbers]
        said = [place for place in its_places if place is not None]
        missing = set(range(len(stored))).difference(said)
        asked_for = missing.intersection(_hinted(its_places, len(stored)))
        lost += len(missing) - len(asked_for)
        hinted += len(asked_for)
        doubled += len(said) - len(set(said))
        misordered += sum(earlier > later for earlier, later in pairwise(said))
        delays_ms += [
            (at - sent[number]) * 1000
            for number, at in zip(numbers, times, strict=True)
            if places[number] is not None
        ]
    last = max((times[-1] for _numbers, times in heard.receivers if times), default=0.0)
    seconds = last - min(sent_at.values())
    return Verdict(len(delays_ms), lost, doubled, misordered, hinted, delays_ms, seconds, heard)


def _hinted(places: Sequence[int | None], count: int) -> Iterator[int]:
    """The places that each hint may stand for: between what was heard before and after it."""
    newest = -1
    begin: int | None = None
    for place in (*places, count):
        if place is None:
            begin = newest + 1 if begin is None else begin
            continue
        if begin is not None:
            yield from range(begin, place)
            begin = None
        newest = max(newest, place)


class Audience:
    """The process of the receivers."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=receive, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.size = 0

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def seat(self, seats: Sequence[Seat]) -> float:
        """Have a receiver connect to each of `seats`; returns the seconds until all hear what is posted."""
        self._orders.send(("open", seats))
        seconds, refusals = self._orders.recv()
        assert not refusals, f"{len(refusals)} of {len(seats)} receivers were not let in: {refusals[0][:500]}"
        self.size += len(seats)
        return float(seconds)

    def wait_for(self, messages: int, *, timeout_s: float) -> None:
        """Wait until each has heard so many messages, or until `timeout_s` seconds have passed in vain."""
        try:
            wait_for(
                lambda: self._heard() >= messages * self.size, what="all deliveries", timeout_s=timeout_s
            )
        except AssertionError:
            print("    not everything arrived", flush=True)

    def take(self) -> Heard:
        """What they heard since this was asked last."""
        self._orders.send(("take",))
        heard = self._orders.recv()
        assert isinstance(heard, Heard)
        return heard

    def leave(self) -> None:
        self._orders.close()
        self._process.join(10)
        self._process.kill()

    def _heard(self) -> int:
        self._orders.send(("count",))
        return int(self._orders.recv())


@contextmanager
def audience_at(seats: Sequence[Seat]) -> Iterator[Audience]:
    """Receivers at `seats`, until the end of the block."""
    audience = Audience()
    try:
        audience.seat(seats)
        yield audience
    finally:
        audience.leave()
