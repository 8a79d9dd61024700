"""Ends connections of py-amqp to the broker, without a word and without a wait."""

import contextlib
import socket
from typing import Any


def hang_up(connection: Any) -> None:
    """Close the socket of `connection`, and have it forget all that was open on it.

    py-amqp takes its leave of TLS first and waits until the other end does the same, which one that hangs
    never does. So the wire is cut below TLS.
    """
    wire = getattr(connection._transport, "sock", None)  # `transport` would connect anew
    if wire is not None:
        with contextlib.suppress(OSError):
            # Not the method of SSLSocket: after that one py-amqp can't close.
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
    connection.collect()
