"""Live delivery: the product beside its baseline, with many receivers, and with a long history."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench.audience import audience_at, raise_file_limit
from tests.bench.channels_baseline.chat import Baseline
from tests.bench.chats import Chat, Product, Writers
from tests.bench.delivery import Deliveries, measure_delays, measure_paced, measure_saturation
from tests.bench.figures import say_aim
from tests.bench.idle import Idle, measure_idle
from tests.bench.pages import SHORT_HISTORY, channel_with
from tests.bench.people import Gathering, gather
from tests.site import Site

HALL = "hall"  # the channel in which everything is said
FEW_ROOMS = 10
BASELINE_COUNTS = 2  # the baseline lets in so few a second that more idle connections take minutes
IDLE_ROOMS = 1_000
IDLE_ROOMS_EACH = 10


@dataclass(frozen=True, slots=True)
class LiveSizes:
    """How much is measured.

    Arguments:
        seconds: of each run.
        receivers: how many hear each message, in one measurement after the other.
        streams: how many idle connections, one after the other, the smallest number first.
        channels: that the site has at the end.
        history: messages in the channel that is compared with a short one.
    """

    runs: int
    seconds: float
    receivers: Sequence[int]
    streams: Sequence[int]
    channels: int
    history: int


def measure_live_embedded(site: Site, sizes: LiveSizes) -> None:
    """Measure the delays in the embedded default."""
    raise_file_limit()
    writers = Writers(site, HALL)
    keys = gather(site, Gathering(max(sizes.receivers), [HALL], FEW_ROOMS, FEW_ROOMS))
    with Product(site, writers) as product:
        _measure_delays([product], keys, sizes)


def measure_live(site: Site, sizes: LiveSizes) -> None:
    """Measure everything on the stack, print it, and then what of the aims is reached."""
    raise_file_limit()
    writers = Writers(site, HALL)
    keys = gather(site, Gathering(max(sizes.receivers), [HALL], FEW_ROOMS, FEW_ROOMS))
    with Product(site, writers) as product, Baseline(site, writers) as baseline:
        delays = _measure_delays([product, baseline], keys, sizes)
        for count in sizes.receivers:
            measure_saturation(
                [product, baseline], keys[:count], HALL, runs=sizes.runs, seconds=sizes.seconds
            )
    with Product(site, writers) as product:
        growth = _measure_growth(site, writers, product, sizes)
    idle = _measure_idle(site, writers, sizes.streams)
    _say_aims(delays, idle, growth)


def _measure_delays(
    chats: Sequence[Chat], keys: Sequence[str], sizes: LiveSizes
) -> dict[int, list[Deliveries]]:
    """The runs by the number of receivers."""
    return {
        count: measure_delays(chats, keys[:count], HALL, runs=sizes.runs, seconds=sizes.seconds)
        for count in sizes.receivers
    }


def _measure_idle(site: Site, writers: Writers, counts: Sequence[int]) -> list[Idle]:
    """What idle streams cost the product; the baseline's are printed only."""
    gathering = Gathering(max(counts), [], IDLE_ROOMS, IDLE_ROOMS_EACH)
    keys = gather(site, gathering)
    slugs = [gathering.rooms_of(number)[0] for number in range(gathering.people)]
    # Processes that never held anything: what they have in memory grows by what is measured alone.
    with Baseline(site, writers) as baseline:
        measure_idle(baseline, keys, slugs, counts[:BASELINE_COUNTS])
    with Product(site, writers) as product:
        return measure_idle(product, keys, slugs, counts)


def _measure_growth(
    site: Site, writers: Writers, product: Product, sizes: LiveSizes
) -> dict[str, tuple[Deliveries, Deliveries]]:
    """The delays with little and with much of something, by what there is much of."""
    receivers = min(sizes.receivers)
    with writers.visitors[0] as filler:
        short, long = (channel_with(site, filler, length) for length in (SHORT_HISTORY, sizes.history))
    slugs = [path.split("/")[2] for path in (short, long)]
    for slug in slugs:
        writers.join(slug)
    keys = gather(site, Gathering(receivers, slugs, FEW_ROOMS, FEW_ROOMS))
    print(f"  {SHORT_HISTORY:,} messages in the channel, then {sizes.history:,}:")
    with ExitStack() as stack:
        measured = [
            Deliveries(product, slug, stack.enter_context(audience_at(product.seats(keys, slug))))
            for slug in slugs
        ]
        few, full = measure_paced(measured, runs=sizes.runs, seconds=sizes.seconds)
    rooms_each = -(-sizes.channels // receivers)
    keys = gather(site, Gathering(receivers, slugs, sizes.channels, rooms_each))
    print(
        f"  {SHORT_HISTORY:,} messages in the channel, {sizes.channels:,} channels, all of them listened to:"
    )
    [many] = measure_delays([product], keys, slugs[0], runs=sizes.runs, seconds=sizes.seconds)
    return {f"{sizes.history:,} messages": (few, full), f"{sizes.channels:,} channels": (few, many)}


def _say_aims(
    delays: dict[int, list[Deliveries]],
    idle: list[Idle],
    growth: dict[str, tuple[Deliveries, Deliveries]],
) -> None:
    fewest, most = min(delays), max(delays)
    product, baseline = delays[fewest]
    print("  aims:")
    say_aim(f"ms to {fewest:,} receivers, p50", product.delay_ms(50), at_most=25)
    say_aim(f"ms to {fewest:,}, p99, of Channels'", product.delay_ms(99) / baseline.delay_ms(99), at_most=1)
    say_aim(f"ms to {most:,} receivers, p99", delays[most][0].delay_ms(99), at_most=100)
    say_aim("KB a stream", idle[-1].kb_each, at_most=40)
    say_aim("idle streams on one process", idle[-1].count, at_least=10_000)
    for what, (little, much) in growth.items():
        for percent in (50, 99):
            ratio = much.delay_ms(percent) / little.delay_ms(percent)
            say_aim(f"times as long with {what}, p{percent}", ratio, at_most=1.2)
    unclean = sum(not verdict.is_clean for ones in delays.values() for verdict in ones[0].verdicts)
    say_aim("runs in which something was lost, doubled or out of order", unclean, at_most=0)
