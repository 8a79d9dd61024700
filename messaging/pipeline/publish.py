"""Handing an envelope to the broker, and knowing that it has it."""

import json
import time
from functools import cache

from amqp.basic_message import Message as AMQPMessage
from amqp.exceptions import MessageNacked
from kombu import Queue

from chatsite.breaker import Breaker
from messaging.pipeline.broker import BROKER_FAULTS, posting_channel
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.queues import all_queues, persist_queue_name

ACCEPT_TIMEOUT_S = 2.0
PERSIST_TASK = "messaging.persist"

_PERSISTENT = 2
_NOTHING_FOLLOWS = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}

_breaker = Breaker("the broker")


class BrokerAway(Exception):
    """The broker did not confirm the message; it may have it all the same."""


def publish(envelope: Envelope) -> None:
    """Put `envelope` into its channel's queue; it is there, on disk, when this returns.

    A fault that shows at once (a connection that the broker closed since the last post, a queue that nobody
    declared yet) is answered by a second try: an envelope that arrives twice is stored once.

    Raises:
        BrokerAway: it was not confirmed within ACCEPT_TIMEOUT_S; or that happened to another one a moment
            ago, and this one was not tried; or its queue takes none at the moment.
    """
    if not _breaker.lets_through():
        raise BrokerAway
    deadline = time.monotonic() + ACCEPT_TIMEOUT_S
    try:
        _publish_twice_at_most(envelope, deadline)
    except MessageNacked as fault:
        # The broker is there, and refuses for this queue alone; others may take theirs. It is full, or a
        # quorum queue without a leader at the moment, as one is that another connection has just declared.
        _breaker.worked()
        raise BrokerAway from fault
    except BROKER_FAULTS as fault:
        _breaker.failed(fault)
        raise BrokerAway from fault
    _breaker.worked()


def _publish_twice_at_most(envelope: Envelope, deadline: float) -> None:
    try:
        _publish_once(envelope, deadline, is_last_try=False)
    except BROKER_FAULTS:
        if time.monotonic() >= deadline:  # it hung, and would again
            raise
        _publish_once(envelope, deadline, is_last_try=True)


def _publish_once(envelope: Envelope, deadline: float, *, is_last_try: bool) -> None:
    queue = _queue(persist_queue_name(envelope.channel_id))
    with posting_channel(deadline, is_new=is_last_try) as channel:
        if is_last_try:
            # Declaring takes round trips that a post need not wait for; the workers declare all queues.
            queue(channel).declare()
        channel.basic_publish(
            _call_of_persist(envelope),
            exchange=queue.exchange.name,
            routing_key=queue.routing_key,
            mandatory=True,
            timeout=channel.connection.time_left_s,
        )


@cache
def _queue(name: str) -> Queue:
    [queue] = [queue for queue in all_queues() if queue.name == name]
    return queue


def _call_of_persist(envelope: Envelope) -> AMQPMessage:
    """The call of the Celery task that any Celery worker understands: its message protocol, version 2.

    Written here because `send_task` takes more than twice the time.
    """
    client_id = str(envelope.client_id)
    return AMQPMessage(
        json.dumps([[envelope.as_json()], {}, _NOTHING_FOLLOWS]),
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=_PERSISTENT,
        correlation_id=client_id,
        application_headers={
            "lang": "py",
            "task": PERSIST_TASK,
            "id": client_id,
            "root_id": client_id,
            "parent_id": None,
            "group": None,
        },
    )
