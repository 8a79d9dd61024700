"""Posts through HTTP, as many as go in: the ways to take them in turns, in the same minutes."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from tests.bench.figures import spread
from tests.bench.load import Load, post_together
from tests.bench.processes import Shares, parts_of, per_message
from tests.bench.ways import Crowd, Way
from tests.site import Part, Site
from tests.waiting import wait_for

MOST_S = 20.0
WARM_UP_POSTS = 640
DRAIN_TIMEOUT_S = 600


@dataclass(slots=True)
class Posts:
    """The runs of one way."""

    way: Way
    loads: list[Load] = field(default_factory=list)
    stored_after_s: list[float] = field(default_factory=list)  # from the last answer until all is stored
    taken_s: list[dict[str, float]] = field(default_factory=list)  # of CPU, by part

    @property
    def per_second(self) -> float:
        return median(load.per_second for load in self.loads)

    def answered_ms(self, percent: int) -> float:
        return median(load.percentile_ms(percent) for load in self.loads)


def measure_posts(
    site: Site, crowd: Crowd, ways: Sequence[Way], *, posts: int, runs: int, workers: Sequence[Part] = ()
) -> list[Posts]:
    """Measure each of `ways` in turns, print them, and check that what was accepted is stored.

    Arguments:
        workers: those of the baselines, beside the site's own.
    """
    for way in ways:
        _post(site, crowd, Posts(way), WARM_UP_POSTS, workers)
    measured = [Posts(way) for way in ways]
    for _run in range(runs):
        for one in measured:
            _post(site, crowd, one, posts, workers)
    for one in measured:
        _print(one)
        if one.way.is_numbered:
            _check(site, one)
    return measured


def _post(site: Site, crowd: Crowd, one: Posts, posts: int, workers: Sequence[Part]) -> None:
    had = one.way.stored(site)
    desks = crowd.desks(one.way)
    shares = Shares(parts_of(site, workers))
    load = post_together(desks, posts=posts, most_s=MOST_S)
    answered = time.perf_counter()
    wait_for(
        lambda: one.way.stored(site) >= had + load.count,
        what="what was accepted in the database",
        timeout_s=DRAIN_TIMEOUT_S,
    )
    one.stored_after_s.append(time.perf_counter() - answered)
    one.loads.append(load)
    one.taken_s.append(shares.taken())


def _print(one: Posts) -> None:
    per_second = spread(load.per_second for load in one.loads)
    answered = ", ".join(
        f"p{percent} {spread(load.percentile_ms(percent) for load in one.loads)}" for percent in (50, 95, 99)
    )
    refused = sum((load.refused for load in one.loads), Counter[int]())
    print(f"  {one.way.title}: {per_second} posts/s accepted, answered in ms: {answered}")
    print(f"    all stored {spread(one.stored_after_s, 1)} s after the last answer")
    taken = [(taken_s, load.count) for taken_s, load in zip(one.taken_s, one.loads, strict=True)]
    print(f"    µs of CPU a post: {per_message(taken)}")
    if refused:
        print(f"    refused, by status: {dict(refused)}")


def _check(site: Site, one: Posts) -> None:
    """Look for every accepted message: lost, doubled, or out of its sender's order ends the measurement."""
    stored = [name for slug in one.way.slugs for name in site.stored(slug)]
    place = {name: number for number, name in enumerate(stored)}
    accepted = [names for load in one.loads for names in load.accepted]
    lost = sum(name not in place for names in accepted for name in names)
    overtaken = sum(
        place[earlier] > place[later]
        for names in accepted
        for earlier, later in pairwise(names)
        if earlier in place and later in place
    )
    doubled = len(stored) - len(place)
    count = sum(map(len, accepted))
    print(f"    of {count:,} accepted: {lost} lost, {doubled} doubled, {overtaken} out of order", flush=True)
    assert lost + doubled + overtaken == 0, "see the line above"
