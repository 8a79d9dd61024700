"""How long a message is on its way at an even rate: from its acceptance until it is stored, by its row."""

from datetime import UTC, datetime

from tests.bench.figures import percentile
from tests.bench.load import Load, post_together
from tests.bench.ways import PRODUCT, Crowd
from tests.site import Site
from tests.waiting import wait_for

DRAIN_TIMEOUT_S = 60


def measure_dwell(site: Site, crowd: Crowd, *, per_second: float, seconds: float) -> dict[int, float]:
    """Milliseconds from accepted to stored, by percentile (50, 99), at `per_second` posts; printed."""
    had = PRODUCT.stored(site)
    desks = crowd.desks(PRODUCT)
    began = datetime.now(UTC).replace(tzinfo=None)
    load = post_together(desks, posts=round(per_second * seconds), most_s=seconds + 5, per_second=per_second)
    wait_for(
        lambda: PRODUCT.stored(site) >= had + load.count,
        what="what was accepted in the database",
        timeout_s=DRAIN_TIMEOUT_S,
    )
    dwell_ms = _dwell_ms(site, began)
    assert len(dwell_ms) == load.count
    found = {percent: percentile(dwell_ms, percent) for percent in (50, 99)}
    _print(load, found)
    return found


def _dwell_ms(site: Site, began: datetime) -> list[float]:
    rows = site.rows(
        "SELECT accepted_at, stored_at FROM messaging_message WHERE accepted_at >= {} AND channel_id IN "
        "(SELECT id FROM channels_app_channel WHERE slug LIKE {})",
        began,
        f"{PRODUCT.name}-%",
    )
    return [(stored - accepted).total_seconds() * 1000 for accepted, stored in rows]


def _print(load: Load, found: dict[int, float]) -> None:
    stored = ", ".join(f"p{percent} {ms:.0f} ms" for percent, ms in found.items())
    answered = ", ".join(f"p{percent} {load.percentile_ms(percent):.0f} ms" for percent in (50, 99))
    print(f"  at {load.per_second:,.0f} posts/s: from accepted to stored {stored}; answered in {answered}")
