"""Connections to the broker for posts: each used by one thread at a time, no wait longer than allowed."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from amqp.exceptions import AMQPError, ChannelError, MessageNacked
from django.conf import settings
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.transport.pyamqp import Connection as AMQPConnection

from chatsite.amqp import hang_up
from chatsite.health import within

BROKER_FAULTS = (OSError, KombuError, AMQPError)

_SOON_S = 0.001

_idle: deque["PostingConnection"] = deque()  # made by this process as it needs them, so never before a fork
_choosing_node = Lock()


class PostingConnection(AMQPConnection):
    """A connection with one channel, on which every publish waits for its confirm, until `deadline`.

    Arguments:
        deadline: by the monotonic clock; each wait ends then with a timeout.
    """

    def __init__(self, *args: Any, deadline: float, **kwargs: Any) -> None:
        self.deadline = deadline
        super().__init__(*args, **kwargs)

    @property
    def time_left_s(self) -> float:
        return _left_s(self.deadline)

    def blocking_read(self, timeout: float | None = None) -> Any:
        left = self.time_left_s
        return super().blocking_read(left if timeout is None else min(timeout, left))


@contextmanager
def posting_channel(deadline: float, *, is_new: bool) -> Iterator[Any]:
    """The channel of a connection that nobody else uses meanwhile; any exception within
    ends the connection, but that the broker refuses a message.

    Arguments:
        deadline: by the monotonic clock, for connecting and for what is done within.
        is_new: a fresh connection, as the broker may have closed those that were idle.

    Raises:
        one of BROKER_FAULTS: no node of the broker could be reached, or the connection was lost within.
    """
    used = None if is_new else _an_idle_one()
    if used is None:
        used = _connect(deadline)
    used.deadline = deadline
    try:
        yield used.channel(1)
    except MessageNacked:
        _idle.append(used)  # a clear answer, and no other is to come
        raise
    except BaseException as fault:
        is_lost = not used.connected
        # Whatever it was, a late confirm on this connection would be taken for the next message's.
        hang_up(used)
        if not isinstance(fault, ChannelError):
            close_idle()  # who was silent with this one would be so with the next post
        if is_lost and isinstance(fault, AttributeError):
            raise ConnectionError("lost meanwhile") from fault  # py-amqp stumbles over what it has closed
        raise
    _idle.append(used)


def close_idle() -> None:
    """Close every connection that nobody uses at the moment."""
    while idle := _an_idle_one():
        hang_up(idle)


def _an_idle_one() -> PostingConnection | None:
    try:
        return _idle.pop()
    except IndexError:
        return None


def _connect(deadline: float) -> PostingConnection:
    """A new connection, to the first node of the broker that answers; each has its share of the time.

    Raises:
        one of BROKER_FAULTS: none did; what the last one was.
    """
    nodes = _nodes(settings.BROKER_URL)
    for left in range(len(nodes), 1, -1):
        node = nodes[0]
        try:
            return _connect_to(node, time.monotonic() + _left_s(deadline) / left)
        except BROKER_FAULTS:
            _pass_over(node, nodes)
    return _connect_to(nodes[0], deadline)


@cache
def _nodes(addresses: str) -> deque[str]:
    """The nodes' addresses in the order in which to try them."""
    return deque(addresses.split(";"))


def _pass_over(node: str, nodes: deque[str]) -> None:
    """Have who comes next not wait for `node`, unless another thread has found that out already."""
    with _choosing_node:
        if nodes[0] == node:
            nodes.rotate(-1)


def _connect_to(address: str, deadline: float) -> PostingConnection:
    time_left_s = _left_s(deadline)
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
    transport.Connection = PostingConnection
    # The resolver, and each address that it knows for a name, have clocks of their own.
    connected: PostingConnection = within(time_left_s, transport.establish_connection)
    return connected


def _give_up(reason: str) -> None:
    """A broker in a memory or disk alarm takes no messages and says so, and the publish would only wait."""
    raise ConnectionError(reason)


def _left_s(deadline: float) -> float:
    return max(deadline - time.monotonic(), _SOON_S)
