"""How fast a full queue is stored: filled while nobody reads it, then timed by the rows' own clock."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tests.bench.enqueue import PERSISTS
from tests.bench.task_workers import TaskQueue
from tests.bench.ways import EVERYWHERE, PRODUCT, TASK, Way
from tests.site import PYTHON, Part, Site
from tests.waiting import wait_for

FILL_TIMEOUT_S = 60
DRAIN_TIMEOUT_S = 600


def stored_per_second(site: Site, *, count: int) -> float:
    """Messages a second that the product's workers store from queues with `count` of them."""
    return _drained(site, PRODUCT, PERSISTS, count, site.workers, site.waiting)


def stored_per_second_by_tasks(site: Site, tasks: TaskQueue, *, count: int) -> float:
    """The same for baseline (b)."""
    return _drained(site, TASK, "task", count, tasks.workers, tasks.waiting)


def _drained(
    site: Site, way: Way, kind: str, count: int, workers: Sequence[Part], waiting: Callable[[], int]
) -> float:
    for worker in workers:
        worker.stop()
    had = way.stored(site)
    began = datetime.now(UTC).replace(tzinfo=None)
    site.run(PYTHON, "-m", "tests.bench.enqueue", kind, EVERYWHERE, str(count), *way.slugs)
    wait_for(lambda: waiting() >= count, what="full queues", timeout_s=FILL_TIMEOUT_S)
    for worker in workers:
        worker.start()
    wait_for(lambda: way.stored(site) >= had + count, what="empty queues", timeout_s=DRAIN_TIMEOUT_S)
    return _rate(site, way, began)


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
