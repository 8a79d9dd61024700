"""The circuit breaker: after a fault, who comes next does not wait for the same one again."""

import logging
import time
from threading import Lock

REST_S = 3.0

logger = logging.getLogger(__name__)


class Breaker:
    """Open while a part is taken to be away; one for each part and process, shared by its threads.

    Whoever is let through reports back with `worked` or `failed`. While it is open one caller in REST_S is
    let through, to try.
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._lock = Lock()
        self._next_try_at: float | None = None  # by the monotonic clock; None while closed

    @property
    def is_open(self) -> bool:
        return self._next_try_at is not None

    def lets_through(self) -> bool:
        """Whether the caller should use the part."""
        with self._lock:
            if self._next_try_at is None:
                return True
            now = time.monotonic()
            if now < self._next_try_at:
                return False
            self._next_try_at = now + REST_S  # the others wait for what this one finds
            return True

    def worked(self) -> None:
        with self._lock:
            was_open, self._next_try_at = self._next_try_at is not None, None
        if was_open:
            logger.info("%s is back", self._part)

    def failed(self, fault: Exception) -> None:
        with self._lock:
            was_open, self._next_try_at = self._next_try_at is not None, time.monotonic() + REST_S
        if not was_open:
            logger.warning("%s is away: %r", self._part, fault)
