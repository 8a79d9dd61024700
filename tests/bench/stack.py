"""The measurements of the stack: product and baselines side by side, empty and with a long history."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.bench.burst import measure_burst
from tests.bench.drain import Drain, drain, drain_by_tasks
from tests.bench.figures import say_aim, spread
from tests.bench.pace import measure_dwell
from tests.bench.pages import channel_with, measure_pages
from tests.bench.posts import Posts, measure_posts
from tests.bench.processes import per_message
from tests.bench.task_workers import TaskQueue, task_queue
from tests.bench.ways import INSERT, PRODUCT, TASK, Crowd, Way, reader_at
from tests.site import Site

TASK_SHARE = 8  # as many times fewer messages are enough to time the slower baseline
PACED_S = 15.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Arguments:
        posts: in each run through HTTP.
        queued: envelopes in a full queue.
        burst: posts at once.
        history: messages in the table for the comparison with an empty one.
    """

    runs: int
    posts: int
    queued: int
    burst: int
    history: int


@dataclass(frozen=True, slots=True)
class Found:
    """What must not grow with the history: medians."""

    stored_per_second: float
    accepted_per_second: float
    answered_p99_ms: float
    dwell_p50_ms: float
    dwell_p99_ms: float


def measure_stack(site: Site, sizes: Sizes) -> None:
    """Measure everything, print it, and then what of the aims is reached."""
    crowd = Crowd(site, [PRODUCT, INSERT, TASK])
    with task_queue(site) as tasks:
        by_tasks = _drained_by_tasks(site, tasks, sizes)
        drained = _drained(site, sizes)
        posts = measure_posts(
            site, crowd, [PRODUCT, INSERT, TASK], posts=sizes.posts, runs=sizes.runs, workers=tasks.workers
        )
    found = _found(site, crowd, drained, posts[0])
    slower = measure_burst(site, crowd, INSERT, count=sizes.burst)
    with reader_at(site, "filler") as filler:
        channel_with(site, filler, sizes.history)
    [posts_then] = measure_posts(site, crowd, [PRODUCT], posts=sizes.posts, runs=sizes.runs)
    found_then = _found(site, crowd, _drained(site, sizes), posts_then)
    measure_pages(site, history=sizes.history, runs=sizes.runs)
    _say_aims(found, by_tasks, posts, slower)
    _say_growth(found, found_then, sizes.history)


def _stored_per_second(way: Way, drain_once: Callable[[], Drain], runs: int) -> float:
    drains = [drain_once() for _run in range(runs)]
    rates = [one.per_second for one in drains]
    print(f"  {way.title}: {spread(rates)} stored/s from a full queue")
    taken = per_message([(one.taken_s, one.count) for one in drains])
    print(f"    µs of CPU a message: {taken}", flush=True)
    return median(rates)


def _drained(site: Site, sizes: Sizes) -> float:
    return _stored_per_second(PRODUCT, lambda: drain(site, count=sizes.queued), sizes.runs)


def _drained_by_tasks(site: Site, tasks: TaskQueue, sizes: Sizes) -> float:
    count = sizes.queued // TASK_SHARE
    return _stored_per_second(TASK, lambda: drain_by_tasks(site, tasks, count=count), sizes.runs)


def _found(site: Site, crowd: Crowd, drained: float, posts: Posts) -> Found:
    dwell_ms = measure_dwell(site, crowd, per_second=posts.per_second / 2, seconds=PACED_S)
    return Found(drained, posts.per_second, posts.answered_ms(99), dwell_ms[50], dwell_ms[99])


def _say_aims(found: Found, by_tasks: float, posts: list[Posts], slower: float) -> None:
    product, insert, task = posts
    print("  aims:")
    say_aim("stored/s of (b)'s", found.stored_per_second / by_tasks, at_least=12)
    say_aim("accepted/s of (a)'s", product.per_second / insert.per_second, at_least=1.3)
    say_aim("accepted/s of (b)'s", product.per_second / task.per_second, at_least=2)
    say_aim("s until all is stored", median(product.stored_after_s), at_most=1)
    say_aim("answered p99 of (a)'s", product.answered_ms(99) / insert.answered_ms(99), at_most=1)
    say_aim("ms from accepted to stored, p50", found.dwell_p50_ms, at_most=50)
    say_aim("ms from accepted to stored, p99", found.dwell_p99_ms, at_most=250)
    say_aim("page during the storing of a burst", slower, at_most=1.33)


def _say_growth(empty: Found, full: Found, history: int) -> None:
    print(f"  growth, {history:,} messages against an empty table:")
    say_aim("stored/s", empty.stored_per_second / full.stored_per_second, at_most=1.2)
    say_aim("accepted/s", empty.accepted_per_second / full.accepted_per_second, at_most=1.2)
    say_aim("answered p99", full.answered_p99_ms / empty.answered_p99_ms, at_most=1.2)
    say_aim("accepted to stored p50", full.dwell_p50_ms / empty.dwell_p50_ms, at_most=1.2)
    say_aim("accepted to stored p99", full.dwell_p99_ms / empty.dwell_p99_ms, at_most=1.2)
