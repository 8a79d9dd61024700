"""What tests do to the worker that runs beside them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def asleep(pid: int) -> Iterator[None]:
    """The worker does nothing within: what is accepted stays in the queue, or with it."""
    os.killpg(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(pid, signal.SIGCONT)
