"""Spreads the demo's threads over a month: what is said when, in the order of time."""

import heapq
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from django.utils import timezone

from messaging.demo.threads import ROUTINE, THREADS, WORDS, Line, Thread

MONTH = timedelta(days=30)
ROUTINE_SHARE = 5  # times that each routine comes while every thread comes once
ONE_ROUND = sum(len(thread.lines) for thread in (*THREADS, *(ROUTINE * ROUTINE_SHARE)))  # messages
STEP = timedelta(minutes=10)
GAP_S = (8, 240)  # seconds from one line of a thread to the next, at the usual pace

# How much is said in each hour of a working day, against the others; and on a day of the weekend.
WORKING_HOURS = (0, 0, 0, 0, 0, 0, 0.1, 0.5, 2, 6, 8, 7, 4, 5, 7, 7, 6, 3, 1, 0.4, 0.3, 0.2, 0.1, 0)
WEEKEND = 0.04

_SLOT = re.compile("«(.+?)»")


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One message of the month; `later` is its text after an edit, or threads.DELETED."""

    at: datetime
    order: int  # of two at the same moment
    place: str = field(compare=False)
    author: str = field(compare=False)
    text: str = field(compare=False)
    later: str = field(compare=False)


def conversation(chance: Random, *, count: int, begin: datetime, end: datetime) -> Iterator[Said]:
    """`count` messages from `begin` to `end`, oldest first, the last one at `end`.

    The same `chance` makes the same conversation. It is made while it is read: its length costs no memory.
    """
    clock = Clock(begin, end)
    pace = min(1.0, (end - begin) / MONTH)
    waiting: list[Said] = []
    planned = 0  # messages, of which those that are `waiting` come after the next thread's start
    for thread in _deck(chance):
        lines = thread.lines[: count - planned]
        starts = clock.at(planned / count)
        gaps = [timedelta(seconds=chance.uniform(*GAP_S) * pace) for _line in lines]
        times = [starts]
        for gap in gaps[1:]:
            times.append(min(times[-1] + gap, end))
        if planned + len(lines) == count:
            times[-1] = end
        while waiting and waiting[0].at <= starts:
            yield heapq.heappop(waiting)
        for said in _spoken(chance, thread, lines, times, first=planned):
            heapq.heappush(waiting, said)
        planned += len(lines)
        if planned == count:
            break
    while waiting:
        yield heapq.heappop(waiting)


class Clock:
    """Tells at what time a share of the month's messages has been said: most of it in working hours."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        steps = max(1, -((begin - end) // STEP))
        self.begin = begin
        self.step = (end - begin) / steps
        liveliness = (self._liveliness(begin + number * self.step) for number in range(steps))
        self.said_by = list(accumulate(liveliness))

    def at(self, share: float) -> datetime:
        """The time by which `share` of everything is said, from 0 to 1."""
        wanted = share * self.said_by[-1]
        step = bisect_left(self.said_by, wanted)
        before = self.said_by[step - 1] if step else 0.0
        return self.begin + self.step * (step + (wanted - before) / (self.said_by[step] - before))

    @staticmethod
    def _liveliness(moment: datetime) -> float:
        local = timezone.localtime(moment)
        share = WORKING_HOURS[local.hour] + 0.01  # never nothing, so that time always moves
        return share * WEEKEND if local.weekday() >= 5 else share


def _deck(chance: Random) -> Iterator[Thread]:
    """Every thread once and every routine several times, shuffled; then all over again, without end."""
    deck = [*THREADS, *(ROUTINE * ROUTINE_SHARE)]
    while True:
        chance.shuffle(deck)
        yield from deck


def _spoken(
    chance: Random, thread: Thread, lines: tuple[Line, ...], times: list[datetime], *, first: int
) -> Iterator[Said]:
    words: dict[str, str] = {}

    def word(slot: re.Match[str]) -> str:
        kind = slot[1]
        if kind not in words:
            words[kind] = chance.choice(WORDS[kind])
        return words[kind]

    for order, (line, at) in enumerate(zip(lines, times, strict=True), first):
        text, later = _SLOT.sub(word, line.text), _SLOT.sub(word, line.later)
        yield Said(at, order, thread.channel, line.author, text, later)
