"""Connections to the broker for posts: each used by one thread at a time, no wait longer than allowed."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from amqp.exceptions import AMQPError, MessageNacked
from django.conf import settings
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.transport.pyamqp import Connection as AMQPConnection

from chatsite.health import within

# py-amqp answers some losses of a connection with an AttributeError.
BROKER_FAULTS = (KombuError, AMQPError, MessageNacked, OSError, AttributeError)

_SOON_S = 0.001

_idle: deque["Line"] = deque()  # made by this process as it needs them, so never before a fork


class Line(AMQPConnection):
    """A connection with one channel, on which every publish waits for its confirm, until `deadline`.

    Arguments:
        deadline: by the monotonic clock; each wait ends then with a timeout.
    """

    def __init__(self, *args: Any, deadline: float, **kwargs: Any) -> None:
        self.deadline = deadline
        super().__init__(*args, **kwargs)

    @property
    def time_left_s(self) -> float:
        return max(self.deadline - time.monotonic(), _SOON_S)

    def blocking_read(self, timeout: float | None = None) -> Any:
        left = self.time_left_s
        return super().blocking_read(left if timeout is None else min(timeout, left))


@contextmanager
def line(deadline: float, *, is_new: bool) -> Iterator[Any]:
    """The channel of a line that nobody else uses meanwhile; any exception within ends the line.

    Arguments:
        deadline: by the monotonic clock, for connecting and for what is done within.
        is_new: a fresh connection, as the broker may have closed those that were idle.
    """
    used = None if is_new else _an_idle_line()
    if used is None:
        used = _connect(deadline)
    used.deadline = deadline
    try:
        yield used.channel(1)
    except BaseException:
        # Whatever it was, a late confirm on this connection would be taken for the next message's.
        used.collect()
        raise
    _idle.append(used)


def hang_up() -> None:
    """End every connection that nobody uses at the moment."""
    while idle := _an_idle_line():
        idle.collect()


def _an_idle_line() -> Line | None:
    try:
        return _idle.pop()
    except IndexError:
        return None


def _connect(deadline: float) -> Line:
    """A new line, to the first node of the broker that answers.

    Raises:
        one of BROKER_FAULTS: none did; what the last one was.
    """
    nodes = _nodes(settings.BROKER_URL)
    for _node in range(len(nodes) - 1):
        try:
            return _connect_to(nodes[0], deadline)
        except BROKER_FAULTS:
            nodes.rotate(-1)  # who comes next does not wait for this one
    return _connect_to(nodes[0], deadline)


@cache
def _nodes(addresses: str) -> deque[str]:
    """The nodes' addresses in the order in which to try them."""
    return deque(addresses.split(";"))


def _connect_to(address: str, deadline: float) -> Line:
    time_left_s = max(deadline - time.monotonic(), _SOON_S)
    options = {
        "deadline": deadline,
        "write_timeout": time_left_s,
        "confirm_publish": True,
        "on_blocked": _give_up,
    }
    # kombu reads the URL and knows TLS; the class is ours.
    transport: Any = Connection(
        address, connect_timeout=time_left_s, heartbeat=0, transport_options=options
    ).transport
    transport.Connection = Line
    # The resolver, and each address that it knows for a name, have clocks of their own.
    connected: Line = within(time_left_s, transport.establish_connection)
    return connected


def _give_up(reason: str) -> None:
    """A broker in a memory or disk alarm takes no messages and says so, and the publish would only wait."""
    raise ConnectionError(reason)
