"""Handing an envelope to the broker, and knowing that it has it."""

import logging
import time
from functools import cache
from threading import Lock
from typing import Any

from amqp.exceptions import AMQPError, MessageNacked
from celery import current_app
from kombu.exceptions import KombuError
from kombu.pools import ProducerPool

from chatsite.errors import Unavailable
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.queues import persist_queue_name

ACCEPT_TIMEOUT_S = 2.0
MOST_CONNECTIONS = 16  # in a process: one for each thread that posts at the same moment
PERSIST_TASK = "messaging.persist"

logger = logging.getLogger(__name__)

_making_producers = Lock()
_BROKER_FAULTS = (KombuError, AMQPError, MessageNacked, OSError)


def publish(envelope: Envelope) -> None:
    """Put `envelope` into its channel's queue; it is there, on disk, when this returns.

    A fault that shows at once (a connection that the broker closed since the last post, a queue that nobody
    declared yet) is answered by a second try: an envelope that arrives twice is stored once.

    Raises:
        Unavailable: the broker did not confirm it. It may have it all the same: the sender tries the same
            client_id again. A broker that hangs is given up after ACCEPT_TIMEOUT_S.
    """
    deadline = time.monotonic() + ACCEPT_TIMEOUT_S
    for is_last_try in (False, True):
        try:
            # Declaring takes a round trip that a post need not wait for; the workers declare all queues.
            _publish_once(envelope, deadline, declares=is_last_try)
            return
        except _BROKER_FAULTS as fault:
            if is_last_try or time.monotonic() >= deadline:
                logger.warning("broker did not take %s: %r", envelope.client_id, fault)
                raise Unavailable(code="broker_away") from fault


def _publish_once(envelope: Envelope, deadline: float, *, declares: bool) -> None:
    def time_left_s() -> float:
        return max(deadline - time.monotonic(), 0.001)

    queue = current_app.amqp.queues[persist_queue_name(envelope.channel_id)]
    producer: Any = _producers().acquire(block=True, timeout=time_left_s())
    try:
        producer.connection.connect_timeout = time_left_s()
        current_app.send_task(
            PERSIST_TASK,
            args=[envelope.as_json()],
            task_id=str(envelope.client_id),
            queue=queue.name,
            declare=[queue] if declares else [],
            producer=producer,
            mandatory=True,
            retry=False,
            timeout=time_left_s(),
            confirm_timeout=time_left_s(),
        )
    except BaseException:
        # Whatever it was, a late confirm on this connection would be taken for the next message's.
        producer.connection.collect(0)
        raise
    finally:
        producer.release()


def _producers() -> ProducerPool:
    with _making_producers:  # `cache` alone would let two threads make a pool each
        return _made_producers()


@cache
def _made_producers() -> ProducerPool:
    """Connections for posts alone: a read or a write that takes long ends them, unlike those of a worker."""
    connection = current_app.connection_for_write(
        heartbeat=0,
        connect_timeout=ACCEPT_TIMEOUT_S,
        transport_options={"read_timeout": ACCEPT_TIMEOUT_S, "write_timeout": ACCEPT_TIMEOUT_S},
    )
    return ProducerPool(connection.Pool(limit=MOST_CONNECTIONS), limit=MOST_CONNECTIONS)
