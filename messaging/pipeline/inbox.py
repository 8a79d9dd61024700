"""Between the two threads of a worker: what the broker delivered, until a batch of it is taken."""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

MANY = 4  # messages in a batch, above which it is mostly their number that costs, and waiting for more pays
LONGEST_STRETCH = 3


@dataclass(eq=False, slots=True)
class Lease:
    """One queue, consumed over one channel, until it is handed back or the connection is lost.

    Arguments:
        partition: the queue's number.
        channel: kombu's channel, for the AMQP thread alone; what it delivered and was not acknowledged goes
            back into the queue, in order, when it closes.
        is_over: what it delivered and is not in work yet is not to be touched any more.
        in_work: how many of its deliveries the batch that is being stored has.
    """

    partition: int
    channel: Any
    is_over: bool = False
    in_work: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker delivered it."""

    lease: Lease
    tag: int
    body: bytes | str


class Inbox:
    """Deliveries in the order in which they came; many threads may use it at once."""

    def __init__(self, *, most: int, most_bytes: int, wait_s: float) -> None:
        """
        Arguments:
            most: deliveries in a batch.
            most_bytes: in a batch, which has one delivery all the same when that alone is larger.
            wait_s: from one batch to the next, unless that is full before. What comes alone does not wait for
                others; while much comes, each batch has what came since the last one, and the wait is up to
                LONGEST_STRETCH times as long.
        """
        self._most = most
        self._most_bytes = most_bytes
        self._wait_s = wait_s
        self._stretch = 1.0
        self._deliveries: deque[Delivery] = deque()
        self._bytes = 0
        self._in_work: list[Delivery] = []
        self._taken_at = -math.inf
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, delivery: Delivery) -> None:
        with self._changed:
            if not delivery.lease.is_over:
                self._deliveries.append(delivery)
                self._bytes += len(delivery.body)
                if len(self._deliveries) == 1 or self._is_full():
                    self._changed.notify_all()

    @property
    def in_hand(self) -> int:
        """How many deliveries are here or in work."""
        with self._changed:
            return len(self._deliveries) + len(self._in_work)

    @property
    def oldest(self) -> dict[int, Delivery]:
        """By partition, the first of the deliveries that are here or in work."""
        with self._changed:
            held = [*self._in_work, *self._deliveries]
        return {delivery.lease.partition: delivery for delivery in reversed(held)}

    def take(self) -> list[Delivery]:
        """The next batch, once it is full or the last one is long enough ago; empty once it is closed."""
        with self._changed:
            while not self._is_closed:
                if not self._deliveries:
                    self._changed.wait()
                    continue
                left_s = self._taken_at + self._wait_s * self._stretch - time.monotonic()
                if left_s <= 0 or self._is_full():
                    self._taken_at = time.monotonic()
                    batch = self._cut()
                    self._in_work = batch
                    self._stretch = min(max(1.0, len(batch) / MANY), LONGEST_STRETCH)
                    return batch
                self._changed.wait(left_s)
            return []

    def done(self, batch: list[Delivery]) -> None:
        """The batch is not in work any more."""
        with self._changed:
            self._in_work = []
            for delivery in batch:
                delivery.lease.in_work -= 1

    def end(self, lease: Lease) -> None:
        """Take nothing of `lease` into a batch any more."""
        with self._changed:
            lease.is_over = True
            self._deliveries = deque(one for one in self._deliveries if one.lease is not lease)
            self._bytes = sum(len(one.body) for one in self._deliveries)
            self._changed.notify_all()

    def is_in_work(self, lease: Lease) -> bool:
        """Whether the batch that is being stored has deliveries of `lease`."""
        with self._changed:
            return lease.in_work > 0

    def close(self) -> None:
        """Give out no batch any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def pause(self, batch: list[Delivery], seconds: float) -> bool:
        """Wait, as long as somebody wants the outcome of `batch`; whether somebody does."""

        def is_unwanted() -> bool:
            return self._is_closed or all(delivery.lease.is_over for delivery in batch)

        with self._changed:
            return not self._changed.wait_for(is_unwanted, seconds)

    def _is_full(self) -> bool:
        return len(self._deliveries) >= self._most or self._bytes >= self._most_bytes

    def _cut(self) -> list[Delivery]:
        batch: list[Delivery] = []
        size = 0
        while self._deliveries and len(batch) < self._most:
            size += len(self._deliveries[0].body)
            if batch and size > self._most_bytes:
                break
            delivery = self._deliveries.popleft()
            delivery.lease.in_work += 1
            self._bytes -= len(delivery.body)
            batch.append(delivery)
        return batch
