"""The measurements of the stack: product and baselines side by side."""

from collections.abc import Callable
from statistics import median

from tests.bench.burst import measure_burst
from tests.bench.drain import Drain, drain, drain_by_tasks
from tests.bench.figures import say_aim, spread
from tests.bench.pace import measure_dwell
from tests.bench.posts import Posts, measure_posts
from tests.bench.processes import per_message
from tests.bench.sizes import Sizes
from tests.bench.task_workers import TaskQueue, task_queue
from tests.bench.ways import INSERT, ONE_CHANNEL, OWN_CHANNELS, PRODUCT, TASK, Crowd, Way
from tests.site import Site

TASK_SHARE = 8  # as many times fewer messages are enough to time the slower baseline
PACED_S = 15.0


def measure_stack(site: Site, sizes: Sizes) -> None:
    """Measure everything, print it, and then what of the aims is reached."""
    ways = [PRODUCT, INSERT, TASK, ONE_CHANNEL, OWN_CHANNELS]
    crowd = Crowd(site, ways)
    with task_queue(site) as tasks:
        by_tasks = _drained_by_tasks(site, tasks, sizes)
        drained = _drained(site, sizes)
        posts = measure_posts(site, crowd, ways, posts=sizes.posts, runs=sizes.runs, workers=tasks.workers)
    dwell_ms = measure_dwell(site, crowd, per_second=posts[0].per_second / 2, seconds=PACED_S)
    slower = measure_burst(site, crowd, INSERT, count=sizes.burst)
    print("  aims:")
    say_aim("stored/s of (b)'s", drained / by_tasks, at_least=12)
    _say_aims_of_posts(posts)
    say_aim("ms from accepted to stored, p50", dwell_ms[50], at_most=50)
    say_aim("ms from accepted to stored, p99", dwell_ms[99], at_most=250)
    say_aim("page during the storing of a burst", slower, at_most=1.33)


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


def _say_aims_of_posts(posts: list[Posts]) -> None:
    product, insert, task, one_channel, own_channels = posts
    say_aim("accepted/s of (a)'s", product.per_second / insert.per_second, at_least=1.3)
    say_aim("accepted/s of (b)'s", product.per_second / task.per_second, at_least=2)
    say_aim("s until all is stored", median(product.stored_after_s), at_most=1)
    say_aim("answered p99 of (a)'s", product.answered_ms(99) / insert.answered_ms(99), at_most=1)
    say_aim("accepted/s in one channel, of ejabberd's 570", one_channel.per_second / 570, at_least=1)
    say_aim(
        "accepted/s in channels of their own, of ejabberd's 1,000",
        own_channels.per_second / 1_000,
        at_least=1,
    )
