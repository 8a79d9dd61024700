"""Hears the events of all processes: a thread that comes back by itself whenever the broker does."""

import contextlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from chatsite.amqp import hang_up
from chatsite.live.events import Event
from chatsite.live.publisher import the_publisher
from chatsite.live.wire import Pauses, channel_on, connect, exchange_name

PULSE_EVERY_S = 0.15
MOST_UNHEARD = 3  # pulses on their way; of a bus that is gone that many are sent within 0.6 s
# Everything, whoever watches what: a binding for each channel and person would be thousands of round trips
# whenever people come back at once, and an event that nobody here watches costs a look into a dictionary.
BINDINGS = ("channel.*", "user.*", "hub.*")
MOST_WAITING = 100_000  # events, in the broker, for a hub that does not take them

logger = logging.getLogger(__name__)


class Listener:
    """Calls `on_event`, in its thread, for each event that arrives; it must return at once.

    The bus counts as sound while what this process says on it comes back before it has said much more. A
    broker that hangs, or takes nothing because its memory is full, is found out like one that is gone. A
    process that is held up says nothing meanwhile, and so does not take that for a loss of the bus, which
    would give it the more to do.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._pulse = f"pulse.{uuid.uuid4().hex}"
        self._sent = self._heard = 0  # the numbers of pulses
        self._is_bound = False
        self._is_ending = threading.Event()
        self._pauses = Pauses()
        self._thread = threading.Thread(target=self._run, name="live listener", daemon=True)
        self.losses = 0  # how often something may have been missed
        self.has_tried = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_ending.set()
        self._thread.join(PULSE_EVERY_S * 4)

    @property
    def is_sound(self) -> bool:
        return self._is_bound and self._sent - self._heard < MOST_UNHEARD

    def _run(self) -> None:
        while not self._is_ending.is_set():
            try:
                self._listen()
            except Exception as fault:  # noqa: BLE001  # whatever it is, the next try starts afresh
                logger.warning("live events are not heard", extra={"fault": repr(fault)})
            self.losses += 1
            self._is_bound = False
            self.has_tried.set()
            self._is_ending.wait(self._pauses.next_s())

    def _listen(self) -> None:
        """Pass on what comes, until something breaks or `stop` is called."""
        connection = connect()
        try:
            channel = channel_on(connection)
            arguments = {"x-max-length": MOST_WAITING}
            queue = channel.queue_declare("", exclusive=True, auto_delete=True, arguments=arguments).queue
            for topic in (*BINDINGS, self._pulse):
                channel.queue_bind(queue, exchange_name(), topic)
            channel.basic_consume(queue, no_ack=True, callback=self._take)
            self._pauses.reset()
            self._hear(connection)
        finally:
            hang_up(connection)

    def _hear(self, connection: Any) -> None:
        pulse_at = 0.0
        while not self._is_ending.is_set():
            now = time.monotonic()
            if now >= pulse_at:
                self._sent += 1
                the_publisher().hand_over(Event(self._pulse, "pulse", {"number": self._sent}))
                connection.heartbeat_tick()
                pulse_at = now + PULSE_EVERY_S
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=pulse_at - now)

    def _take(self, message: Any) -> None:
        topic = message.delivery_info["routing_key"]
        if topic == self._pulse:
            _kind, facts = json.loads(message.body)
            self._heard = facts["number"]
            self._is_bound = True
            self.has_tried.set()
            return
        try:
            self._on_event(Event.from_json(topic, message.body))
        except (ValueError, TypeError, KeyError) as fault:
            # Of another release, say. A hint that is not understood is as good as lost.
            logger.warning("no event", extra={"topic": topic, "fault": repr(fault)})
