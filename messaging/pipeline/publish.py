"""Handing an envelope to the broker, and knowing that it has it."""

import logging
from typing import Any

from amqp.exceptions import AMQPError, MessageNacked
from celery import current_app
from kombu.exceptions import KombuError, LimitExceeded

from chatsite.errors import Unavailable
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.queues import persist_queue_name

ACCEPT_TIMEOUT_S = 2.0
PERSIST_TASK = "messaging.persist"

logger = logging.getLogger(__name__)

_BROKER_FAULTS = (KombuError, AMQPError, MessageNacked, LimitExceeded, OSError)


def publish(envelope: Envelope) -> None:
    """Put `envelope` into its channel's queue; it is there, on disk, when this returns.

    Raises:
        Unavailable: the broker did not confirm it within ACCEPT_TIMEOUT_S. It may have it all the same: the
            sender tries the same client_id again, and it is stored once.
    """
    try:
        producer: Any = current_app.producer_pool.acquire(block=True, timeout=ACCEPT_TIMEOUT_S)
    except _BROKER_FAULTS as fault:
        raise _unavailable(envelope, fault) from fault
    try:
        current_app.send_task(
            PERSIST_TASK,
            args=[envelope.as_json()],
            task_id=str(envelope.client_id),
            queue=persist_queue_name(envelope.channel_id),
            producer=producer,
            mandatory=True,
            retry=False,
            timeout=ACCEPT_TIMEOUT_S,
            confirm_timeout=ACCEPT_TIMEOUT_S,
        )
    except _BROKER_FAULTS as fault:
        # A late confirm on this connection would be taken for the next message's.
        producer.connection.collect(0)
        raise _unavailable(envelope, fault) from fault
    finally:
        producer.release()


def _unavailable(envelope: Envelope, fault: Exception) -> Unavailable:
    logger.warning("broker did not take %s: %r", envelope.client_id, fault)
    return Unavailable(code="broker_away")
