"""What must not grow with the history: an empty site and one with millions of messages, measured in turns."""

from contextlib import ExitStack
from dataclasses import dataclass, fields
from statistics import median

from tests.bench.drain import drain
from tests.bench.figures import say_aim
from tests.bench.pace import measure_dwell
from tests.bench.pages import channel_with, measure_pages
from tests.bench.posts import measure_posts
from tests.bench.processes import per_message
from tests.bench.sizes import Sizes
from tests.bench.ways import PRODUCT, Crowd, reader_at
from tests.site import Site

PACED_S = 10.0
PACE_PER_SECOND = 200.0


@dataclass(frozen=True, slots=True)
class Found:
    """One round at one site."""

    stored_per_second: float
    accepted_per_second: float
    answered_p99_ms: float
    dwell_p50_ms: float
    dwell_p99_ms: float


def measure_growth(sizes: Sizes, *, workers: int, settings: str) -> None:
    """Measure a site with `sizes.history` messages in one channel against an empty one, and print both."""
    with ExitStack() as stack:
        empty, full = (
            stack.enter_context(Site.stack(workers=workers, DJANGO_SETTINGS_MODULE=settings))
            for _site in "12"
        )
        stack.enter_context(full.explained())
        with reader_at(full, "filler") as filler:
            channel_with(full, filler, sizes.history)
        measure_pages(full, history=sizes.history, runs=sizes.runs)
        found = _in_turns([(empty, "empty"), (full, f"{sizes.history:,}")], sizes)
    _say_growth(*found, history=sizes.history)


def _in_turns(sites: list[tuple[Site, str]], sizes: Sizes) -> list[Found]:
    crowds = [Crowd(site, [PRODUCT]) for site, _title in sites]
    rounds: list[list[Found]] = [[] for _site in sites]
    for number in range(sizes.runs):
        for (site, title), crowd, found in zip(sites, crowds, rounds, strict=True):
            print(f"  round {number + 1}, {title}:")
            found.append(_once(site, crowd, sizes))
    return [_median(found) for found in rounds]


def _once(site: Site, crowd: Crowd, sizes: Sizes) -> Found:
    [posts] = measure_posts(site, crowd, [PRODUCT], posts=sizes.posts, runs=1)
    drained = drain(site, count=sizes.queued)
    print(f"  {drained.per_second:,.0f} stored/s from a full queue")
    print(f"    µs of CPU a message: {per_message([(drained.taken_s, drained.count)])}", flush=True)
    dwell_ms = measure_dwell(site, crowd, per_second=PACE_PER_SECOND, seconds=PACED_S)
    return Found(drained.per_second, posts.per_second, posts.answered_ms(99), dwell_ms[50], dwell_ms[99])


def _median(found: list[Found]) -> Found:
    return Found(*(median(getattr(one, field.name) for one in found) for field in fields(Found)))


def _say_growth(empty: Found, full: Found, *, history: int) -> None:
    print(f"  growth, {history:,} messages against an empty table:")
    say_aim("stored/s", empty.stored_per_second / full.stored_per_second, at_most=1.2)
    say_aim("accepted/s", empty.accepted_per_second / full.accepted_per_second, at_most=1.2)
    say_aim("answered p99", full.answered_p99_ms / empty.answered_p99_ms, at_most=1.2)
    say_aim("accepted to stored p50", full.dwell_p50_ms / empty.dwell_p50_ms, at_most=1.2)
    say_aim("accepted to stored p99", full.dwell_p99_ms / empty.dwell_p99_ms, at_most=1.2)
