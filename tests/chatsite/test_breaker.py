"""The circuit breaker: after a fault nobody waits for the same one again, but for one at a time who tries."""

import logging
import time
from functools import partial

import pytest

from chatsite import breaker
from chatsite.breaker import Breaker
from tests.threads import run_together
from tests.waiting import wait_for


def is_past(moment: float) -> bool:
    return time.monotonic() > moment


def test_closed_it_lets_everybody_through() -> None:
    part = Breaker("the part")

    assert all(part.lets_through() for _caller in range(3))
    part.worked()
    assert part.lets_through()
    assert not part.is_open


def test_after_a_fault_it_lets_nobody_through() -> None:
    part = Breaker("the part")

    part.failed(OSError("gone"))

    assert part.is_open
    assert not any(part.lets_through() for _caller in range(3))


def test_after_its_rest_one_of_many_tries_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REST_S", 0.3)
    part = Breaker("the part")

    for _round in range(3):
        part.failed(OSError("gone"))
        rest_ends_at = time.monotonic() + 0.3
        wait_for(partial(is_past, rest_ends_at), what="the rest")
        assert sorted(run_together([part.lets_through] * 6)) == [False] * 5 + [True]

    part.worked()
    assert all(run_together([part.lets_through] * 6))


def test_a_try_that_never_comes_back_keeps_nobody_out_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REST_S", 0.05)
    part = Breaker("the part")
    part.failed(OSError("gone"))

    wait_for(part.lets_through, what="one to try")
    assert not part.lets_through()
    wait_for(part.lets_through, what="another one to try")


def test_it_says_once_that_the_part_is_away_and_once_that_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    part = Breaker("the part")

    for _post in range(3):
        part.worked()
    for _post in range(3):
        part.failed(OSError("gone"))
    for _post in range(3):
        part.worked()

    assert caplog.messages == ["the part is away: OSError('gone')", "the part is back"]
