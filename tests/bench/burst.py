"""A burst of posts, and its storing, while somebody reads: what it does to the time of a page."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from tests.bench.figures import percentile
from tests.bench.load import post_together
from tests.bench.pages import PAGES_PER_RUN, SHORT_HISTORY, channel_with, page_s, page_times
from tests.bench.ways import PRODUCT, Crowd, Way, reader_at
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

MOST_S = 180.0
DRAIN_TIMEOUT_S = 600


def measure_burst(site: Site, crowd: Crowd, baseline: Way, *, count: int) -> float:
    """Print how long a page takes before, while `count` posts come in and while they are stored.

    The burst comes in while no worker runs, so that what is measured then is the storing alone. The same
    number of posts to `baseline` is for comparison.

    Returns:
        How many times as long the median page takes during the storing.
    """
    with reader_at(site, "burst-reader") as reader:
        path = channel_with(site, reader, SHORT_HISTORY)
        quiet = [page_s(reader, path) for _page in range(PAGES_PER_RUN)]
        _print("before", quiet, quiet)
        with _reading(reader, path) as pages:
            _post(crowd, baseline, count)
        _print(f"while {count:,} posts come in, {baseline.title}", pages, quiet)
        for worker in site.workers:
            worker.stop()
        had = PRODUCT.stored(site)
        with _reading(reader, path) as pages:
            accepted = _post(crowd, PRODUCT, count)
        _print(f"while {count:,} posts come in, {PRODUCT.title}", pages, quiet)
        for worker in site.workers:
            worker.start()
        wait_for(lambda: PRODUCT.stored(site) > had, what="the first stored", timeout_s=DRAIN_TIMEOUT_S)
        with _reading(reader, path) as pages:
            wait_for(
                lambda: PRODUCT.stored(site) >= had + accepted,
                what="the burst in the database",
                timeout_s=DRAIN_TIMEOUT_S,
            )
        _print("while they are stored", pages, quiet)
    return median(pages) / median(quiet)


def _post(crowd: Crowd, way: Way, count: int) -> int:
    load = post_together(crowd.desks(way), posts=count, most_s=MOST_S)
    print(f"    {load.count:,} accepted, {load.per_second:,.0f} a second")
    return load.count


@contextmanager
def _reading(reader: Visitor, path: str) -> Iterator[list[float]]:
    """The seconds of each page that one client asks for, one after the other, until the end of the block."""
    pages: list[float] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            pages.append(page_s(reader, path))

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield pages
    finally:
        is_over.set()
        reading.join()


def _print(when: str, pages: Sequence[float], quiet: Sequence[float]) -> None:
    ratios = ", ".join(
        f"p{percent} {percentile(pages, percent) / percentile(quiet, percent):.2f}" for percent in (50, 95)
    )
    print(f"  page {when} ({len(pages)}): {page_times([pages])}; times as long: {ratios}", flush=True)
