"""Hands events to the broker from a thread of its own, so that who announces never waits for it."""

import atexit
import contextlib
import logging
import os
import queue
import select
import threading
import time
from typing import Any

from amqp.basic_message import Message

from chatsite.live.events import Event
from chatsite.live.wire import HEARTBEAT_S, Pauses, channel_on, connect, exchange_name

MOST_WAITING = 10_000  # events
MOST_AT_ONCE = 500  # events
FAREWELL_S = 1.0  # for what was announced right before the process ends

_TRANSIENT = 1

logger = logging.getLogger(__name__)


class Publisher:
    """The thread, its connection, and a bounded queue before it; what does not fit is dropped."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Event] = queue.Queue(MOST_WAITING)
        self._pauses = Pauses()
        self._connection: Any = None
        self._channel: Any = None
        self._is_away = False
        self._exchange = exchange_name()
        threading.Thread(target=self._run, name="live publisher", daemon=True).start()

    def hand_over(self, event: Event) -> None:
        """Have `event` published soon, or dropped; returns at once."""
        with contextlib.suppress(queue.Full):  # the hubs look at the database by themselves
            self._waiting.put_nowait(event)

    def flush(self, timeout_s: float = FAREWELL_S) -> None:
        """Wait until what was handed over is published, but not for a broker that is away."""
        idle = self._waiting.all_tasks_done
        with idle:
            idle.wait_for(lambda: not self._waiting.unfinished_tasks or self._is_away, timeout_s)

    def _run(self) -> None:
        while True:
            try:
                self._work()
            except Exception as fault:  # noqa: BLE001  # whatever it is, the next try starts afresh
                self._hang_up()
                if not self._is_away:
                    logger.warning("live events are dropped", extra={"fault": repr(fault)})
                self._is_away = True
            time.sleep(self._pauses.next_s())

    def _work(self) -> None:
        """Publish what comes, until something breaks."""
        self._connection = connect()
        self._channel = channel_on(self._connection)
        while True:
            events = self._take()
            try:
                self._look_after_connection()
                for event in {event.key: event for event in events}.values():
                    self._publish(event)
            finally:
                for _event in events:
                    self._waiting.task_done()
            if events:
                self._pauses.reset()
                self._is_away = False

    def _take(self) -> list[Event]:
        """What waits, all of it; nothing after a while in which nothing came."""
        try:
            events = [self._waiting.get(timeout=HEARTBEAT_S / 3)]
        except queue.Empty:
            return []
        while len(events) < MOST_AT_ONCE:
            try:
                events.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return events

    def _look_after_connection(self) -> None:
        """Hear what the broker said meanwhile: a heartbeat, or that the connection is closed.

        Without that the first event after a restart of the broker would go into a dead connection.
        """
        while select.select([self._connection.sock], [], [], 0)[0]:
            self._connection.blocking_read(timeout=1)  # drain_events would wait for more than a heartbeat
        self._connection.heartbeat_tick()

    def _publish(self, event: Event) -> None:
        message = Message(event.as_json(), content_type="application/json", delivery_mode=_TRANSIENT)
        self._channel.basic_publish(message, exchange=self._exchange, routing_key=event.topic)

    def _hang_up(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()


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
