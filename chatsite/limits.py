"""How often somebody may do something; who does it more often is told when to come back (`TooMany`).

`spend` counts for all processes together, in the database; `spend_here` in this process alone, without asking
anybody, for what is done all the time: of such a limit each of the site's processes has its share. What
commands and tasks do is counted nowhere, only what a request asks for.

A rate is a bucket that fills up by itself: `100/20s/user` is a hundred at once, then one in 0.2 seconds.
"""

import hashlib
import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings

from chatsite.counters import Contended, Numbers, the_counters
from chatsite.errors import TooMany
from chatsite.origin import is_visit, the_origin

LOG_IN = "log_in"
SIGN_UP = "sign_up"
RESET = "reset"
POST = "post"
CHANGE = "change"
ARRANGE = "arrange"
CHANNEL = "channel"
INVITATION = "invitation"
REPORT = "report"
BLOCK = "block"
EXPORT = "export"
PASSWORD = "password"  # noqa: S105  # one's own, typed where somebody else may have found a page open
ADDRESS_MAIL = "address_mail"

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AS_GOOD_AS_NOW_S = 0.001
_SWEPT_FROM = 1_000  # buckets
_IPV6_PREFIX = 64  # what one subscriber has at the least
_CONTENDED_WAIT_S = 1.0

Action = TypeVar("Action", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so long; `per` says by what they are counted: user, ip or key."""

    amount: float
    period_s: float
    per: str

    def shared_by(self, processes: int) -> "Rate":
        return Rate(max(min(1.0, self.amount), self.amount / processes), self.period_s, self.per)


class Buckets:
    """The limits of this process, in its memory: for each bucket that is not full, when it will be."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._full_at: dict[str, list[float]] = {}
        self._sweep_at = _SWEPT_FROM

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str, rates: Sequence[Rate]) -> float:
        """Take one out; returns the seconds until there is one, 0 when it was taken."""
        now = time.monotonic()
        with self._lock:
            full_at, wait_s = _with_one_less(self._full_at.get(name, []), rates, now)
            if not wait_s:
                self._full_at[name] = full_at
            if len(self._full_at) >= self._sweep_at:
                self._sweep(now)
        return wait_s

    def clear(self) -> None:
        with self._lock:
            self._full_at.clear()

    def _sweep(self, now: float) -> None:
        """Forget the full ones: one that is not known is full."""
        self._full_at = {name: full_at for name, full_at in self._full_at.items() if max(full_at) > now}
        self._sweep_at = max(_SWEPT_FROM, 2 * len(self._full_at))


here = Buckets()


def spend(limit: str, *, user: int | None = None, key: str = "") -> None:
    """Count one more of what `limit` is about, for all processes together.

    Call it outside of a transaction: what is rolled back would not be counted.

    Arguments:
        user: the id of who does it, None when nobody is logged in.
        key: what else it is counted by, such as a name that was typed.

    Raises:
        TooMany: it was done too often by then. By the rates before the one that it broke it was counted: name
            first in a limit who does it, then to whom it is done.
    """
    for kind, name, rates in _counted(limit, user, key):
        if wait_s := _take_shared(kind, name, rates):
            raise TooMany(wait_s)


def refund(limit: str, *, user: int | None = None, key: str = "") -> None:
    """Take back one `spend`: what was done does not count after all."""
    for kind, name, rates in _counted(limit, user, key):
        # Where it is contended it stays counted, which only makes the limit stricter.
        with suppress(Contended):
            the_counters().change(kind, name, partial(_with_one_more, rates=rates))


def spend_here(limit: str, *, user: int | None = None) -> None:
    """As `spend`, in this process alone: its share of the limit, and no question to the database.

    Raises:
        TooMany: it was done too often by then; it was not counted.
    """
    processes = settings.WEB_PROCESSES * settings.WEB_MACHINES
    for kind, name, rates in _counted(limit, user):
        if wait_s := here.take(f"{kind}:{name}", [rate.shared_by(processes) for rate in rates]):
            raise TooMany(wait_s)


def limited(limit: str) -> Callable[[Action], Action]:
    """Have each actor do this action no more often than `limit` says; counted as by `spend_here`."""
    return _limited(limit, spend_here)


def limited_together(limit: str) -> Callable[[Action], Action]:
    """Have each actor do this action no more often than `limit` says; counted as by `spend`."""
    return _limited(limit, spend)


def _limited(limit: str, count: Callable[..., None]) -> Callable[[Action], Action]:
    def mark(action: Action) -> Action:
        @wraps(action)
        def counted(actor: Any, *args: Any, **kwargs: Any) -> Any:
            count(limit, user=getattr(actor, "pk", None))
            return action(actor, *args, **kwargs)

        return counted  # type: ignore[return-value]  # called as the action is

    return mark


def _counted(limit: str, user: int | None, key: str = "") -> Iterator[tuple[str, str, list[Rate]]]:
    """By what `limit` is counted now: the kind of bucket, its name, and what may be taken out of it."""
    written = settings.LIMITS[limit]
    if not written or not is_visit():
        return
    by: dict[str, Callable[[], str]] = {
        "user": lambda: "" if user is None else str(user),
        "ip": lambda: network_of(the_origin()),
        "key": lambda: hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest() if key else "",
    }
    for per, rates in _rates(written).items():
        if who := by[per]():
            # Where other rates are set, everybody begins with full buckets.
            these = "+".join(f"{rate.amount:g}in{rate.period_s:g}" for rate in rates)
            yield f"limit:{limit}:{per}", f"{who}:{these}", rates


@lru_cache
def _rates(written: str) -> dict[str, list[Rate]]:
    """The rates of a setting, such as `5/m/user,60/h/ip`, by what they count."""
    rates: dict[str, list[Rate]] = {}
    for one in written.split(","):
        amount, period, *per = one.strip().split("/")
        length, unit = re.fullmatch(r"([0-9.]*)([smhd])", period).groups()  # type: ignore[union-attr]  # by a_rate
        rate = Rate(int(amount), float(length or 1) * _UNITS_S[unit], *(per or ["ip"]))
        rates.setdefault(rate.per, []).append(rate)
    return rates


def _with_one_less(full_at: Sequence[float], rates: Sequence[Rate], now: float) -> tuple[list[float], float]:
    """When each bucket is full after one is taken; and how long to wait until that can be, 0 for at once."""
    then, wait_s = [], 0.0
    for at, rate in zip(full_at or [now] * len(rates), rates, strict=True):
        if rate.amount <= 0:
            wait_s = max(wait_s, rate.period_s)
            continue
        then.append(max(at, now) + rate.period_s / rate.amount)
        wait_s = max(wait_s, then[-1] - now - rate.period_s)
    return then, wait_s if wait_s > _AS_GOOD_AS_NOW_S else 0.0


def _with_one_more(full_at: Sequence[float], rates: Sequence[Rate]) -> Numbers | None:
    """When each bucket is full after one is put back; None where none was taken."""
    if not full_at:
        return None
    return [at - rate.period_s / rate.amount for at, rate in zip(full_at, rates, strict=True)]


def _take_shared(kind: str, name: str, rates: Sequence[Rate]) -> float:
    wait_s = 0.0

    def one_less(full_at: Numbers) -> Numbers | None:
        nonlocal wait_s
        then, wait_s = _with_one_less(full_at, rates, time.time())
        return None if wait_s else then

    try:
        the_counters().change(kind, name, one_less)
    except Contended:
        return _CONTENDED_WAIT_S  # somebody tries many at once
    return wait_s


def network_of(address: str) -> str:
    """`address`, or of IPv6 the network of one subscriber, who has as many addresses there as they like."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, _IPV6_PREFIX), strict=False).network_address)
    return address
