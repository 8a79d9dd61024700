"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

POLL_S = 0.05


def wait_for(condition: Callable[[], Result], *, what: str, timeout_s: float = 10) -> Result:
    """Ask `condition` until it answers something true, and return that.

    Raises:
        AssertionError: it did not within `timeout_s` seconds; the message says `what` was awaited.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        if result := condition():
            return result
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain for {what}"
        time.sleep(POLL_S)


def let_a_fault_last(seconds: float) -> None:
    """Let `seconds` pass: for how long something is broken, never for something to happen."""
    time.sleep(seconds)
