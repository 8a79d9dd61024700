"""`make bench`: posts per second and the time of a channel page, embedded and on the stack.

Every figure is the median of several runs, with the lowest and the highest beside it; what is compared is
measured in turns, in the same minutes.
"""

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median

from tests.bench.load import Load, percentile, post_together
from tests.site import PYTHON, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

CLIENTS = 32
LOAD_CHANNELS = 4  # as many as there are persist queues
MOST_S = 20.0
WARM_UP_POSTS = 320
DRAIN_TIMEOUT_S = 600
PAGES_PER_RUN = 200
WARM_UP_PAGES = 20
SHORT_HISTORY = 1_000  # messages
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.bench.settings"}


@dataclass(slots=True)
class Way:
    """One way to take posts, below the address `prefix`, into channels of its own; and its runs."""

    title: str
    prefix: str
    slugs: list[str]
    loads: list[Load] = field(default_factory=list)
    stored_after_s: list[float] = field(default_factory=list)  # from the last answer until all is stored


def measure_posts(site: Site, *, posts: int, runs: int) -> None:
    """Measure the product's posts and the baseline's in turns, print both, and check what was stored."""
    baseline = Way("INSERT and commit in the request", "/baseline/", _names("baseline"))
    product = Way("the product", "/channels/", _names("load"))
    with ExitStack() as stack:
        senders = [_signed_up(site, f"sender-{number}", stack) for number in range(CLIENTS)]
        for number, sender in enumerate(senders):
            for way in (baseline, product):
                sender.create_channel(way.slugs[number % LOAD_CHANNELS])
        for way in (baseline, product):
            _post(site, way, senders, WARM_UP_POSTS)
            way.loads.clear()
            way.stored_after_s.clear()
        for _run in range(runs):
            for way in (baseline, product):
                _post(site, way, senders, posts)
    for way in (baseline, product):
        _print_posts(way)
    ratio = [b.per_second / a.per_second for a, b in zip(baseline.loads, product.loads, strict=True)]
    print(f"  the product takes {_spread(ratio, 2)} times as many posts as the baseline")
    _print_faults(site, product)


def measure_pages(site: Site, *, history: int, runs: int) -> None:
    """Measure the page of a short and of a long channel in turns, and print both."""
    lengths = (SHORT_HISTORY, history)
    measured: list[tuple[list[float], list[float]]] = []
    with ExitStack() as stack:
        reader = _signed_up(site, "reader", stack)
        short, long = (reader.create_channel(f"history-{length}") for length in lengths)
        for path, length in zip((short, long), lengths, strict=True):
            began = time.perf_counter()
            site.run(PYTHON, "-m", "tests.bench.fill", _slug(path), str(length))
            assert site.last_seq(_slug(path)) == length
            print(f"  ({length:,} messages loaded in {time.perf_counter() - began:.0f} s)", flush=True)
        reader.hang_up()
        for _page in range(WARM_UP_PAGES):
            _page_s(reader, short), _page_s(reader, long)
        for _run in range(runs):
            pairs = [(_page_s(reader, short), _page_s(reader, long)) for _page in range(PAGES_PER_RUN)]
            measured.append(([pair[0] for pair in pairs], [pair[1] for pair in pairs]))
    for number, length in enumerate(lengths):
        times = [
            f"p{percent} {_spread((percentile(run[number], percent) * 1000 for run in measured), 1)} ms"
            for percent in (50, 95)
        ]
        print(f"  channel page, {length:,} messages: {', '.join(times)}")
    for percent in (50, 95):
        ratios = (percentile(run[1], percent) / percentile(run[0], percent) for run in measured)
        print(f"  the long one takes {_spread(ratios, 2)} times as long, by p{percent}")


def _post(site: Site, way: Way, senders: Sequence[Visitor], posts: int) -> None:
    def stored() -> int:
        return sum(site.stored_count(slug) for slug in way.slugs)

    had = stored()
    addresses = [f"{way.prefix}{slug}/" for slug in way.slugs]
    load = post_together(senders, addresses, posts=posts, most_s=MOST_S)
    answered = time.perf_counter()
    wait_for(
        lambda: stored() >= had + load.count,
        what="what was accepted in the database",
        timeout_s=DRAIN_TIMEOUT_S,
    )
    way.loads.append(load)
    way.stored_after_s.append(time.perf_counter() - answered)


def _print_posts(way: Way) -> None:
    per_second = _spread((load.per_second for load in way.loads), 0)
    p50, p95 = (_spread((load.percentile_ms(percent) for load in way.loads), 0) for percent in (50, 95))
    refused = sum((load.refused for load in way.loads), Counter[int]())
    print(f"  {way.title}: {per_second} posts/s accepted, answered in p50 {p50} ms, p95 {p95} ms")
    print(f"    all stored {_spread(way.stored_after_s, 1)} s after the last answer")
    print(f"    refused, by status: {dict(refused) or 'none'}")


def _print_faults(site: Site, way: Way) -> None:
    """Say how much of what was accepted is not stored, stored twice, or in another order than it was sent."""
    stored = [name for slug in way.slugs for name in site.stored(slug)]
    place = {name: number for number, name in enumerate(stored)}
    accepted = [names for load in way.loads for names in load.accepted]
    lost = sum(name not in place for names in accepted for name in names)
    overtaken = sum(
        place[earlier] > place[later]
        for names in accepted
        for earlier, later in pairwise(names)
        if earlier in place and later in place
    )
    doubled = len(stored) - len(place)
    print(
        f"  of {sum(map(len, accepted)):,} accepted: {lost} lost, {doubled} doubled, {overtaken} out of order"
    )
    assert lost + doubled + overtaken == 0, "see the line above"


def _page_s(reader: Visitor, path: str) -> float:
    began = time.perf_counter()
    answer = reader.get(path)
    took = time.perf_counter() - began
    assert answer.status == 200
    return took


def _signed_up(site: Site, username: str, stack: ExitStack) -> Visitor:
    visitor = stack.enter_context(Visitor(site.url, username))
    visitor.sign_up()
    return visitor


def _names(kind: str) -> list[str]:
    return [f"{kind}-{number}" for number in range(LOAD_CHANNELS)]


def _slug(path: str) -> str:
    return path.strip("/").rpartition("/")[2]


def _spread(values: Iterable[float], digits: int) -> str:
    """The median of `values`, and between which they lie."""
    values = sorted(values)
    return f"{median(values):,.{digits}f} ({values[0]:,.{digits}f}–{values[-1]:,.{digits}f})"


def _print_machine() -> None:
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory_kb = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    parts = ", ".join(f"{name} {version(name)}" for name in ("Django", "gunicorn", "celery", "kombu"))
    print(
        f"{cpu}, {os.cpu_count()} cores, {memory_kb / 2**20:.0f} GiB; load before: {os.getloadavg()[0]:.1f}"
    )
    print(f"Python {platform.python_version()}, {parts}")


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def main() -> None:
    modes: dict[str, Callable[..., Site]] = {"embedded": Site.embedded, "stack": Site.stack}
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=modes, help="measure this one alone (default: both)")
    parser.add_argument("--posts", type=int, default=2_000, help="in each run (default: %(default)s)")
    parser.add_argument("--history", type=int, default=1_000_000, help="messages in the long channel")
    parser.add_argument("--runs", type=int, default=5, help="of each kind (default: %(default)s)")
    options = parser.parse_args()
    wanted = [options.only] if options.only else list(modes)
    if "stack" in wanted and not (os.environ.get("DATABASE_URL") and os.environ.get("BROKER_URL")):
        parser.error(
            "DATABASE_URL and BROKER_URL are not set: use `make bench`, which starts the services, "
            "or --only embedded"
        )
    _print_machine()
    for mode in wanted:
        print(f"{mode}, {CLIENTS} clients:", flush=True)
        with modes[mode](**SETTINGS) as site, site.explained():
            measure_posts(site, posts=options.posts, runs=options.runs)
            measure_pages(site, history=options.history, runs=options.runs)


if __name__ == "__main__":
    main()
