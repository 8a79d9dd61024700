"""Carries events to the hubs of all processes: over RabbitMQ; within this process where there is no broker.

It promises nothing: what is lost on the way the hubs find by looking at the database. In return nobody who
announces something ever waits for it, or fails.
"""

import logging
from collections.abc import Callable
from functools import partial
from threading import Event as Flag
from typing import Protocol

from django.conf import settings
from django.db import connection, transaction

from chatsite.live.events import Event
from chatsite.live.listener import Listener
from chatsite.live.publisher import the_publisher

logger = logging.getLogger(__name__)

_listening_here: list[Callable[[Event], None]] = []


class Hearing(Protocol):
    """The receiving end of the bus.

    Arguments:
        is_sound: what any process announces now is heard here.
        losses: grows whenever something may have been missed.
        has_tried: set once the first try to listen worked or failed.
    """

    @property
    def is_sound(self) -> bool: ...

    losses: int
    has_tried: Flag

    def stop(self) -> None: ...


def connect_early() -> None:
    """Have this process connect to the bus now, so that the first who announces something is heard as soon.

    Called after the last fork, if at all.
    """
    if settings.BROKER_URL:
        the_publisher()


def announce(*events: Event) -> None:
    """Tell all hubs of `events`, once the transaction around is committed; at once without one.

    Returns at once, and raises nothing, whatever state the bus is in.
    """
    if connection.in_atomic_block:
        transaction.on_commit(partial(_hand_over, events), robust=True)
    else:
        # `on_commit` would connect to the database, which may be away, to ask whether there is a transaction.
        _hand_over(events)


def wait_until_told(timeout_s: float) -> None:
    """Wait until what this process announced is with the broker; not while that is known to be away."""
    if settings.BROKER_URL:
        the_publisher().flush(timeout_s)


def listen(on_event: Callable[[Event], None]) -> Hearing:
    """Have `on_event` called for each event from now on, in some thread; it must return at once."""
    if settings.BROKER_URL:
        listener = Listener(on_event)
        listener.start()
        return listener
    return _ListenerHere(on_event)


class _ListenerHere:
    """Hears this process alone, which is all there is but for `manage.py`: so the hub looks often."""

    is_sound = False
    losses = 0

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self.has_tried = Flag()
        self.has_tried.set()
        _listening_here.append(on_event)

    def stop(self) -> None:
        _listening_here.remove(self._on_event)


def _hand_over(events: tuple[Event, ...]) -> None:
    if settings.BROKER_URL:
        publisher = the_publisher()
        for event in events:
            publisher.hand_over(event)
        return
    for on_event in _listening_here:
        for event in events:
            on_event(event)
