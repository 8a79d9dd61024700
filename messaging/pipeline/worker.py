"""The step of a Celery worker that stores messages, in batches.

Celery's own loop talks to the broker: it fills the inbox and acknowledges what was stored, and
nothing in it waits for the database. A second thread stores, a third keeps the roster; both wake the loop by
a socket. Each connection to the broker begins anew: what an earlier one delivered, the broker delivers again.
"""

import contextlib
import logging
import socket
import threading
import time
from collections import deque
from functools import partial
from typing import Any

from amqp.exceptions import NotFound
from celery import bootsteps
from celery.platforms import EX_FAILURE
from celery.worker import state
from celery.worker.consumer.tasks import Tasks
from django.conf import settings
from django.db import connection

from chatsite.live.bus import wait_until_told
from messaging.pipeline.delivery import GivenUp, deliver, read_call
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.inbox import Delivery, Inbox, Lease
from messaging.pipeline.queues import dead_letter_queue, partition_name, partition_queue, persist_queues
from messaging.pipeline.roster import InHand, Roster

TICK_S = 1.0
LAST_BATCH_S = 20.0  # that a worker which is asked to end waits for its batch
TELLING_S = 0.5  # that the events of a batch may take; the hubs look by themselves as well
IDLE_CONNECTION_S = 30.0  # to the database: longer, and it may have been closed at the other end
PREFETCH_BATCHES = 2  # the next batch is here while one is being stored

logger = logging.getLogger(__name__)


class PersistStep(bootsteps.StartStopStep):
    """Starts with each connection to the broker, and stops with it."""

    requires = (Tasks,)

    def include_if(self, consumer: Any) -> bool:
        return bool(settings.BROKER_URL)

    def start(self, consumer: Any) -> None:
        self.obj = Persisting(consumer)
        self.obj.start()

    def stop(self, consumer: Any) -> None:
        if self.obj is not None:
            self.obj.stop(finishes=state.should_stop is not None)
            self.obj = None

    def terminate(self, consumer: Any) -> None:
        self.stop(consumer)


class Persisting:
    """What is consumed over one connection to the broker. Methods run in Celery's loop unless they say so."""

    def __init__(self, consumer: Any) -> None:
        self._connection = consumer.connection
        self._hub = consumer.hub
        self._timer = consumer.timer
        self._inbox = Inbox(
            most=settings.PERSIST_BATCH,
            most_bytes=settings.PERSIST_BATCH_BYTES,
            wait_s=settings.PERSIST_WAIT_MS / 1000,
        )
        self._leases: dict[int, Lease] = {}
        self._ending: list[Lease] = []
        self._finished: deque[list[Delivery]] = deque()  # stored, not acknowledged yet
        self._partitions = 0
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._roster = Roster(on_change=self._wake_loop, in_hand=self._in_hand)
        self._thread = threading.Thread(target=self._store, name="persister", daemon=True)
        self._tick: Any = None

    def start(self) -> None:
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._partitions = self._declare()
        self._hub.add_reader(self._wake_reader, self._woken)
        self._tick = self._timer.call_repeatedly(TICK_S, self._on_tick)
        self._thread.start()
        self._roster.start()

    def stop(self, *, finishes: bool) -> None:
        """End everything.

        Arguments:
            finishes: the batch that is being stored is waited for and acknowledged. Else the connection is
                lost, and the next one waits for nothing: what the threads of this one still do harms nobody.
        """
        if self._tick is None:
            return  # the connection was lost before anything had begun
        self._tick.cancel()
        self._hub.remove_reader(self._wake_reader)
        self._inbox.close()
        self._roster.leave()
        if finishes:
            self._thread.join(LAST_BATCH_S)
            with contextlib.suppress(*self._faults):
                self._acknowledge()
                self._hand_back_all()
            self._roster.wait_until_left()
        for lease in [*self._leases.values(), *self._ending]:
            self._inbox.end(lease)
        self._wake_reader.close()
        self._wake_writer.close()

    @property
    def _faults(self) -> tuple[type[Exception], ...]:
        errors: tuple[type[Exception], ...] = self._connection.connection_errors
        return (*errors, *self._connection.channel_errors)

    # The broker's side

    def _declare(self) -> int:
        """Declare the queues; how many partitions there are, with those that a higher number left behind."""
        with self._connection.channel() as channel:
            for queue in (*persist_queues(), dead_letter_queue()):
                queue(channel).declare()
        partitions: int = settings.PERSIST_QUEUES
        with contextlib.suppress(NotFound), self._connection.channel() as channel:
            while True:
                channel.queue_declare(partition_name(partitions), passive=True)
                partitions += 1
        return partitions

    def _on_tick(self) -> None:
        try:
            self._look_around()
        except self._connection.connection_errors:
            raise
        except Exception as fault:
            # Celery's timer would note it and go on, and the worker keep its seat for a queue that nobody
            # reads. A lost connection is begun anew, with all that was open on it.
            raise ConnectionError(f"the queues could not be taken over: {fault!r}") from fault

    def _look_around(self) -> None:
        """Take and hand back queues, as the roster says; without a seat in it, all of them."""
        seat = self._roster.seat
        own = {one for one in range(self._partitions) if seat is not None and seat.has(one)}
        for partition in self._leases.keys() - own:
            self._hand_back(self._leases.pop(partition))
        ending = {lease.partition for lease in self._ending}
        for partition in own - self._leases.keys() - ending:
            self._leases[partition] = self._take_over(partition)

    def _take_over(self, partition: int) -> Lease:
        lease = Lease(partition, self._connection.channel())
        lease.channel.basic_qos(0, PREFETCH_BATCHES * settings.PERSIST_BATCH, False)
        queue = partition_queue(partition).name
        lease.channel.basic_consume(queue, callback=partial(self._deliver, lease))
        return lease

    def _hand_back(self, lease: Lease) -> None:
        """Let another worker have the queue, once the batch in work is acknowledged.

        Cancelling alone would let the other one have later messages before those that we still hold. Closing
        the channel gives them back in the same instant.
        """
        self._inbox.end(lease)
        self._ending.append(lease)
        self._acknowledge()

    def _hand_back_all(self) -> None:
        for lease in [*self._leases.values(), *self._ending]:
            lease.channel.close()

    def _deliver(self, lease: Lease, message: Any) -> None:
        self._inbox.put(Delivery(lease, message.delivery_tag, message.body))

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_reader.recv(4096):
                pass
        self._acknowledge()
        self._look_around()

    def _acknowledge(self) -> None:
        # Looked for first: what such a lease had in work is among the finished by now.
        idle = [lease for lease in self._ending if not self._inbox.is_in_work(lease)]
        while self._finished:
            batch = self._finished.popleft()
            # A batch has the oldest deliveries of each of its leases: the last tag stands for them all.
            for lease, tag in {delivery.lease: delivery.tag for delivery in batch}.items():
                lease.channel.basic_ack(tag, multiple=True)
        for lease in idle:
            self._ending.remove(lease)
            lease.channel.close()

    # The database's side

    def _store(self) -> None:
        """The persister thread."""
        try:
            self._store_batches()
            connection.close()
        except Exception:
            # A worker that stores nothing must not look as if it did: it ends, and is started again. Nothing
            # is stored any more: the acknowledgement of a later batch would stand for this one as well.
            logger.critical("persister failed", exc_info=True)
            state.should_stop = EX_FAILURE  # type: ignore[assignment]  # None until then
            self._wake_loop()

    def _store_batches(self) -> None:
        ended_at = time.monotonic()
        while batch := self._inbox.take():
            if time.monotonic() - ended_at > IDLE_CONNECTION_S:
                connection.close()
            # Given up is what nobody waits for: of its leases nothing comes later that could be acknowledged.
            with contextlib.suppress(GivenUp):
                deliver(
                    [read_call(delivery.body) for delivery in batch],
                    pause=partial(self._inbox.pause, batch),
                )
                wait_until_told(TELLING_S)
                self._finished.append(batch)
            # In this order: a queue that is being handed back closes once nothing of it is in work.
            self._inbox.done(batch)
            self._wake_loop()
            ended_at = time.monotonic()

    def _in_hand(self) -> InHand:
        """Called by the roster's thread."""
        oldest = {partition: read_call(delivery.body) for partition, delivery in self._inbox.oldest.items()}
        accepted = {one: item.accepted_us for one, item in oldest.items() if isinstance(item, Envelope)}
        return InHand(self._inbox.in_hand, accepted)

    def _wake_loop(self) -> None:
        """Called by the other threads."""
        with contextlib.suppress(OSError):  # full: it will wake anyhow; closed: it has ended
            self._wake_writer.send(b".")
