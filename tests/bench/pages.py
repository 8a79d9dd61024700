"""The time of a channel page, by the length of the channel."""

import time
from collections.abc import Sequence

from tests.bench.figures import percentile, spread
from tests.bench.ways import reader_at
from tests.site import PYTHON, Site
from tests.visitor import Visitor

PAGES_PER_RUN = 200
WARM_UP_PAGES = 20
SHORT_HISTORY = 1_000  # messages


def measure_pages(site: Site, *, history: int, runs: int) -> None:
    """Measure the page of a short channel and of one with `history` messages in turns, and print both."""
    lengths = (SHORT_HISTORY, history)
    measured: list[tuple[list[float], list[float]]] = []
    with reader_at(site, "reader") as reader:
        short, long = (channel_with(site, reader, length) for length in lengths)
        for _page in range(WARM_UP_PAGES):
            page_s(reader, short), page_s(reader, long)
        for _run in range(runs):
            pairs = [(page_s(reader, short), page_s(reader, long)) for _page in range(PAGES_PER_RUN)]
            measured.append(([pair[0] for pair in pairs], [pair[1] for pair in pairs]))
    for number, length in enumerate(lengths):
        print(f"  channel page, {length:,} messages: {page_times([run[number] for run in measured])}")
    for percent in (50, 95):
        ratios = (percentile(run[1], percent) / percentile(run[0], percent) for run in measured)
        print(f"  the long one takes {spread(ratios, 2)} times as long, by p{percent}", flush=True)


def channel_with(site: Site, reader: Visitor, length: int) -> str:
    """The address of a channel with `length` messages, made unless it is there."""
    slug = f"history-{length}"
    path = reader.create_channel(slug)
    reader.hang_up()
    if not site.last_seq(slug):
        began = time.perf_counter()
        site.run(PYTHON, "-m", "tests.bench.fill", slug, str(length))
        assert site.last_seq(slug) == site.stored_count(slug) == length
        print(f"  ({length:,} messages loaded in {time.perf_counter() - began:.0f} s)", flush=True)
    return path


def page_s(reader: Visitor, path: str) -> float:
    """How many seconds the page at `path` takes."""
    began = time.perf_counter()
    answer = reader.get(path)
    took = time.perf_counter() - began
    assert answer.status == 200
    return took


def page_times(runs: Sequence[Sequence[float]]) -> str:
    """The percentiles of `runs` of seconds, in words."""
    return ", ".join(
        f"p{percent} {spread((percentile(run, percent) * 1000 for run in runs), 1)} ms"
        for percent in (50, 95)
    )
