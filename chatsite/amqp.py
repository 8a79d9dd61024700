"""Connections of py-amqp to the broker: to nobody else over TLS, and ended without a word or a wait."""

import contextlib
import socket
from typing import Any

from kombu.transport.pyamqp import SSLTransport


class CheckedTransport(SSLTransport):
    """What kombu uses for `amqps://`: the certificate must be that of the host in the address.

    kombu itself is content with any that an authority signed, which whoever sits in between has as well.
    """

    def establish_connection(self) -> Any:
        # Of the node that is tried now; kombu's own way to say so would keep the name of a cluster's first.
        client: Any = self.client
        host = client.hostname
        client.ssl = {"server_hostname": host}
        try:
            return super().establish_connection()
        finally:
            client.hostname = host  # kombu makes an address of "localhost", which the next try would ask for


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
