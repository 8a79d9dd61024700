"""How fast a full queue is stored: filled while nobody reads it, then timed by the rows' own clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench.enqueue import PERSISTS
from tests.bench.processes import Shares, parts_of
from tests.bench.task_workers import TaskQueue
from tests.bench.ways import EVERYWHERE, PRODUCT, TASK, Way
from tests.site import PYTHON, Part, Site
from tests.waiting import wait_for

FILL_TIMEOUT_S = 60
DRAIN_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Drain:
    """One queue, emptied: messages a second, and the seconds of CPU that each part took for `count`."""

    per_second: float
    count: int
    taken_s: dict[str, float]


def drain(site: Site, *, count: int) -> Drain:
    """Have the product's workers store `count` messages from full queues."""
    return _drain(site, PRODUCT, PERSISTS, count, site.workers, site.waiting)


def drain_by_tasks(site: Site, tasks: TaskQueue, *, count: int) -> Drain:
    """The same for baseline (b)."""
    return _drain(site, TASK, "task", count, tasks.workers, tasks.waiting)


def _drain(
    site: Site, way: Way, kind: str, count: int, workers: Sequence[Part], waiting: Callable[[], int]
) -> Drain:
    for worker in workers:
        worker.stop()
    had = way.stored(site)
    began = datetime.now(UTC).replace(tzinfo=None)
    site.run(PYTHON, "-m", "tests.bench.enqueue", kind, EVERYWHERE, str(count), *way.slugs)
    wait_for(lambda: waiting() >= count, what="full queues", timeout_s=FILL_TIMEOUT_S)
    for worker in workers:
        worker.start()
    wait_for(lambda: way.stored(site) > had, what="the first stored", timeout_s=FILL_TIMEOUT_S)
    had_then = way.stored(site)
    shares = Shares(parts_of(site, workers if way is TASK else ()))
    wait_for(lambda: way.stored(site) >= had + count, what="empty queues", timeout_s=DRAIN_TIMEOUT_S)
    return Drain(_rate(site, way, began), had + count - had_then, shares.taken())


def _rate(site: Site, way: Way, began: datetime) -> float:
    """Messages a second, from the first moment in which some were stored to the last."""
    moments = site.rows(
        "SELECT stored_at, COUNT(*) FROM messaging_message WHERE stored_at >= {} AND channel_id IN "
        "(SELECT id FROM channels_app_channel WHERE slug LIKE {}) GROUP BY stored_at ORDER BY stored_at",
        began,
        f"{way.name}-%",
    )
    (first, _at_first), (last, _at_last) = moments[0], moments[-1]
    return float(sum(count for _moment, count in moments[1:]) / (last - first).total_seconds())
