"""From the moment a message is sent until each receiver has it: how long that takes, and how much goes."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from tests.bench.audience import Audience, Verdict, audience_at, judge
from tests.bench.chats import Chat
from tests.bench.figures import spread
from tests.bench.load import Place, post_together
from tests.bench.processes import Shares, per_message

PER_SECOND = 20  # messages
WRITERS_AT_A_PACE = 10
WARM_UP_S = 3
RATES = (20, 50, 100, 150, 200, 300, 400)  # messages a second, each to every receiver
BEHIND_MS = 1_000.0  # who has the median message later than that falls behind
MOST_S = 60.0
ARRIVAL_TIMEOUT_S = 30
PERCENTS = (50, 95, 99)


@dataclass(slots=True)
class Deliveries:
    """The runs of one chat with so many receivers."""

    chat: Chat
    slug: str
    audience: Audience
    verdicts: list[Verdict] = field(default_factory=list)
    taken_s: list[dict[str, float]] = field(default_factory=list)  # of CPU, by part

    def delay_ms(self, percent: int) -> float:
        return median(verdict.delay_ms(percent) for verdict in self.verdicts)

    def per_second(self) -> float:
        return median(verdict.deliveries / verdict.seconds for verdict in self.verdicts)

    @property
    def keeps_up(self) -> bool:
        """Whether everything arrived on every connection, without a backlog."""
        return all(
            verdict.is_clean
            and not verdict.heard.ended
            and not verdict.hinted
            and verdict.delay_ms(50) < BEHIND_MS
            for verdict in self.verdicts
        )

    def forget(self) -> None:
        self.verdicts.clear()
        self.taken_s.clear()


def measure_delays(
    chats: Sequence[Chat], keys: Sequence[str], slug: str, *, runs: int, seconds: float
) -> list[Deliveries]:
    """Measure the delays at PER_SECOND messages in turns, and print them.

    Arguments:
        keys: of the sessions of the receivers.
        slug: of the channel that they all listen to.
    """
    with ExitStack() as stack:
        measured = [
            Deliveries(chat, slug, stack.enter_context(audience_at(chat.seats(keys, slug)))) for chat in chats
        ]
        return measure_paced(measured, runs=runs, seconds=seconds)


def measure_paced(measured: list[Deliveries], *, runs: int, seconds: float) -> list[Deliveries]:
    """The same, for receivers that are there already."""
    for one in measured:
        _deliver(one, WARM_UP_S)
        one.forget()
    for _run in range(runs):
        for one in measured:
            _deliver(one, seconds)
    for one in measured:
        print_delays(one)
    return measured


def measure_saturation(
    chats: Sequence[Chat], keys: Sequence[str], slug: str, *, runs: int, seconds: float
) -> None:
    """Print how much arrives at the highest of RATES at which every receiver keeps up; chats in turns."""
    most: list[list[Deliveries]] = [[] for _chat in chats]
    for _run in range(runs):
        for chat, found in zip(chats, most, strict=True):
            found += _most_that_goes(chat, keys, slug, seconds)
    for chat, found in zip(chats, most, strict=True):
        _print_rates(chat, len(keys), found)


def _most_that_goes(chat: Chat, keys: Sequence[str], slug: str, seconds: float) -> list[Deliveries]:
    """The run at that rate; none when not even the lowest goes."""
    best: list[Deliveries] = []
    for rate in RATES:
        with audience_at(chat.seats(keys, slug)) as audience:
            one = Deliveries(chat, slug, audience)
            _measure(one, chat.places(slug), round(rate * seconds), most_s=seconds + MOST_S, per_second=rate)
        if not one.keeps_up:
            break
        best = [one]
    return best


def _deliver(one: Deliveries, seconds: float) -> None:
    places = one.chat.places(one.slug)[:WRITERS_AT_A_PACE]
    _measure(one, places, round(PER_SECOND * seconds), most_s=seconds + MOST_S, per_second=PER_SECOND)


def _measure(
    one: Deliveries, places: Sequence[Place], posts: int, *, most_s: float, per_second: float | None
) -> None:
    before = one.chat.newest(one.slug)
    shares = Shares({**one.chat.parts, "receivers": [one.audience.pid]})
    load = post_together(places, posts=posts, most_s=most_s, per_second=per_second)
    one.audience.wait_for(load.count, timeout_s=ARRIVAL_TIMEOUT_S)
    one.taken_s.append(shares.taken())
    stored = one.chat.stored_after(one.slug, before)
    # What was accepted and is not stored was to be heard all the same.
    missing = {name for names in load.accepted for name in names}.difference(stored)
    one.verdicts.append(judge(one.audience.take(), [*stored, *missing], load.sent_at))
    assert not load.refused, f"posts were refused, by status: {dict(load.refused)}"


def print_delays(one: Deliveries) -> None:
    delays = ", ".join(
        f"p{percent} {spread((verdict.delay_ms(percent) for verdict in one.verdicts), 1)}"
        for percent in PERCENTS
    )
    print(
        f"  {one.chat.title}, {one.audience.size:,} receivers, {PER_SECOND} messages/s: "
        f"ms from sent to received: {delays}"
    )
    _print_what_arrived(one)


def _print_rates(chat: Chat, receivers: int, found: Sequence[Deliveries]) -> None:
    rates = spread(one.per_second() for one in found) if found else f"less than {RATES[0] * receivers:,}"
    print(f"  {chat.title}, {receivers:,} receivers, as much as goes: {rates} deliveries/s")
    for one in found[:1]:
        _print_what_arrived(one)


def _print_what_arrived(one: Deliveries) -> None:
    verdicts = one.verdicts
    deliveries = sum(verdict.deliveries for verdict in verdicts)
    lost, doubled, misordered, hinted = (
        sum(getattr(verdict, what) for verdict in verdicts)
        for what in ("lost", "doubled", "misordered", "hinted")
    )
    ended = sum(verdict.heard.ended for verdict in verdicts)
    size = sum(verdict.heard.size for verdict in verdicts) / max(deliveries, 1)
    print(
        f"    {deliveries + lost + hinted:,} deliveries: {lost} lost, {doubled} doubled, {misordered} out of "
        f"order; {hinted} left to ask for, {ended} connections cut off; {size:,.0f} bytes each"
    )
    taken = [(taken_s, verdict.deliveries) for taken_s, verdict in zip(one.taken_s, verdicts, strict=True)]
    print(f"    µs of CPU a delivery: {per_message(taken, digits=1)}", flush=True)
