"""Hands events to the broker from a thread of its own, so that who announces never waits for it."""

import atexit
import logging
import os
import select
import threading
import time
from collections import OrderedDict
from typing import Any, TypeAlias

from amqp.basic_message import Message

from chatsite.amqp import hang_up
from chatsite.live.events import Event, Value
from chatsite.live.wire import HEARTBEAT_S, Pauses, channel_on, connect, exchange_name

MOST_WAITING = 10_000  # events
MOST_AT_ONCE = 500  # events
CONFIRM_TIMEOUT_S = 2.0
HELD_FOR_S = 30.0  # events that no broker took; by then the hubs have looked at everything by themselves
HELD_FLEETING_FOR_S = 2.0  # those that nobody cares for later
FAREWELL_S = 1.0  # for what was announced right before the process ends

_TRANSIENT = 1

logger = logging.getLogger(__name__)

Waiting: TypeAlias = OrderedDict[tuple[str, str, Value], tuple[Event, float]]  # and since when


class Publisher:
    """The thread, its connection, and what waits for it: of each kind the last, and the newest of too many.

    A stream whose owner may not listen any more ends by an event. So each is kept until the broker confirms
    that it has it, also when that takes another connection; then some come twice.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: Waiting = OrderedDict()
        self._in_hand: Waiting = OrderedDict()  # not confirmed yet
        self._pauses = Pauses()
        self._connection: Any = None
        self._channel: Any = None
        self._published = 0  # over this connection
        self._unconfirmed: set[int] = set()  # their numbers
        self._is_proven = False  # the broker took something over this connection
        self._is_away = False
        self._exchange = exchange_name()
        threading.Thread(target=self._run, name="live publisher", daemon=True).start()

    def hand_over(self, event: Event) -> None:
        """Have `event` published soon, or dropped; returns at once."""
        with self._changed:
            if event.key not in self._waiting and len(self._waiting) >= MOST_WAITING:
                self._waiting.popitem(last=False)  # the hubs look at the database by themselves
            self._waiting[event.key] = event, time.monotonic()
            self._changed.notify_all()

    def flush(self, timeout_s: float = FAREWELL_S) -> None:
        """Wait until the broker has what was handed over: `timeout_s` at most, and not for one that is away.

        It is not when a connection broke, but when the next one could not be made, or broke as well.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_away or not (self._waiting or self._in_hand), timeout_s)

    def _run(self) -> None:
        while True:
            try:
                self._work()
            except Exception as fault:  # noqa: BLE001  # whatever it is, the next try starts afresh
                self._hang_up()
                if not self._is_proven:
                    self._give_up_for_now(fault)
            time.sleep(self._pauses.next_s())

    def _work(self) -> None:
        """Publish what comes, until something breaks."""
        self._is_proven = False
        self._connection = connect()
        self._channel = channel_on(self._connection)
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._take_confirm)
        self._published, self._unconfirmed = 0, set()
        while True:
            self._take()
            self._look_after_connection()
            if self._in_hand:
                self._publish_all()
                self._put_down()

    def _take(self) -> None:
        """Take in hand what waits, besides what is there already; nothing when nothing comes for a while."""
        with self._changed:
            if not self._in_hand:
                self._changed.wait_for(lambda: self._waiting, HEARTBEAT_S / 3)
            while self._waiting and len(self._in_hand) < MOST_AT_ONCE:
                key, held = self._waiting.popitem(last=False)
                self._in_hand[key] = held

    def _put_down(self) -> None:
        self._pauses.reset()
        self._is_proven = True
        with self._changed:
            self._in_hand = OrderedDict()
            self._is_away = False
            self._changed.notify_all()

    def _give_up_for_now(self, fault: Exception) -> None:
        if not self._is_away:
            logger.warning("live events wait for the broker", extra={"fault": repr(fault)})
        with self._changed:
            self._is_away = True
            self._changed.notify_all()

    def _look_after_connection(self) -> None:
        """Hear what the broker said meanwhile: a heartbeat, or that the connection is closed."""
        while select.select([self._connection.sock], [], [], 0)[0]:
            self._connection.blocking_read(timeout=1)  # drain_events would wait for more than a heartbeat
        self._connection.heartbeat_tick()

    def _publish_all(self) -> None:
        """Publish what is in hand, and wait until the broker has it.

        What a connection took that is lost before the broker read it is lost as well, and nobody says so.
        """
        now = time.monotonic()
        for event, since in self._in_hand.values():
            if now - since < (HELD_FLEETING_FOR_S if event.is_fleeting else HELD_FOR_S):
                self._publish(event)
        deadline = time.monotonic() + CONFIRM_TIMEOUT_S
        while self._unconfirmed:
            if time.monotonic() >= deadline:
                raise TimeoutError("no confirm")
            self._connection.blocking_read(timeout=CONFIRM_TIMEOUT_S)

    def _publish(self, event: Event) -> None:
        message = Message(event.as_json(), content_type="application/json", delivery_mode=_TRANSIENT)
        self._channel.basic_publish(message, exchange=self._exchange, routing_key=event.topic)
        self._published += 1
        self._unconfirmed.add(self._published)

    def _take_confirm(self, number: int, multiple: bool) -> None:
        up_to = {one for one in self._unconfirmed if one < number} if multiple else set()
        self._unconfirmed -= {number, *up_to}

    def _hang_up(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            hang_up(connection)


_publisher: Publisher | None = None
_making = threading.Lock()


def the_publisher() -> Publisher:
    """This process's publisher, made when it is first needed, so never before a fork."""
    global _publisher
    if _publisher is None:
        with _making:
            if _publisher is None:
                _publisher = Publisher()
                atexit.register(_publisher.flush)
    return _publisher


def _forget() -> None:
    """A fork has none of its parent's threads, and must not use its connection."""
    global _publisher, _making
    if _publisher is not None:
        atexit.unregister(_publisher.flush)
    _publisher, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
