"""Connections to RabbitMQ for the bus, and the exchange that it is."""

import contextlib
import random
from typing import Any

from django.conf import settings
from kombu import Connection

CONNECT_TIMEOUT_S = 2.0
WRITE_TIMEOUT_S = 2.0
HEARTBEAT_S = 6
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0


def exchange_name() -> str:
    return f"{settings.QUEUE_PREFIX}.live"


def connect() -> Any:
    """A new connection of py-amqp, to the first node of the broker that answers.

    Raises:
        Exception: none did; py-amqp and the network have many ways to say so.
    """
    addresses = settings.BROKER_URL.split(";")
    random.shuffle(addresses)
    for address in addresses[:-1]:
        with contextlib.suppress(Exception):
            return _connect_to(address)
    return _connect_to(addresses[-1])


def channel_on(connection: Any) -> Any:
    """A channel on which the bus's exchange is declared: gone with the broker, as all that is on it."""
    channel = connection.channel()
    channel.exchange_declare(exchange_name(), "topic", durable=False, auto_delete=False)
    return channel


class Pauses:
    """How long to wait before each next try: longer and longer, and no two processes alike."""

    def __init__(self) -> None:
        self._pause_s = FIRST_PAUSE_S

    def next_s(self) -> float:
        pause_s = self._pause_s * random.uniform(0.5, 1.5)  # noqa: S311  # not a secret
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        return pause_s

    def reset(self) -> None:
        self._pause_s = FIRST_PAUSE_S


def _connect_to(address: str) -> Any:
    # kombu reads the URL and knows TLS.
    transport: Any = Connection(
        address,
        connect_timeout=CONNECT_TIMEOUT_S,
        heartbeat=HEARTBEAT_S,
        transport_options={"write_timeout": WRITE_TIMEOUT_S},
    ).transport
    return transport.establish_connection()
