"""What connections cost on which nothing is said: memory and CPU of the process that holds them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.audience import Audience
from tests.bench.chats import Chat
from tests.bench.processes import Shares, memory_kb

FIRST = 50  # connections before anything is measured: what is loaded with the first is not theirs
SETTLE_S = 5
WATCH_S = 30  # at least one heartbeat of each


@dataclass(frozen=True, slots=True)
class Idle:
    count: int
    kb_each: float
    cpu: float  # of one core
    opened_per_second: float


def measure_idle(chat: Chat, keys: Sequence[str], slugs: Sequence[str], counts: Sequence[int]) -> list[Idle]:
    """Open more and more connections, as many as each of `counts`, and print what they cost.

    Arguments:
        keys: of the sessions, one for each connection.
        slugs: the channel that each of them looks at.
    """
    seats = [seat for key, slug in zip(keys, slugs, strict=True) for seat in chat.seats([key], slug)]
    audience = Audience()
    measured = []
    try:
        audience.seat(seats[:FIRST])
        time.sleep(SETTLE_S)
        before_kb = memory_kb(chat.holders)
        for count in counts:
            more = seats[audience.size : count]
            opened_s = audience.seat(more)
            time.sleep(SETTLE_S)
            each_kb = (memory_kb(chat.holders) - before_kb) / (count - FIRST)
            cpu = _watched(chat)
            one = Idle(count, each_kb, cpu, len(more) / opened_s)
            _print(chat, one)
            measured.append(one)
        ended = audience.take().ended
        assert not ended, f"{ended} idle connections were cut off"
    finally:
        audience.leave()
    return measured


def _watched(chat: Chat) -> float:
    shares = Shares({"holders": chat.holders})
    began = time.perf_counter()
    time.sleep(WATCH_S)
    return shares.taken()["holders"] / (time.perf_counter() - began)


def _print(chat: Chat, one: Idle) -> None:
    print(
        f"  {chat.title}, {one.count:,} idle connections: {one.kb_each:,.1f} KB each, "
        f"{one.cpu:.1%} of a core; opened {one.opened_per_second:,.0f} a second",
        flush=True,
    )
