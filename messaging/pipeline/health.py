"""Whether a message finds its way: the broker answers, its queues are as we declare them, workers consume."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from amqp.exceptions import AMQPError, NotFound, PreconditionFailed
from django.conf import settings
from kombu import Connection, Queue
from kombu.exceptions import KombuError

from chatsite.health import PATIENCE_S, Finding, ok, warning, wrong
from messaging.pipeline.queues import all_queues

RABBITMQ_AT_LEAST = (3, 10)
MANY_WAITING = 1_000  # messages in one queue
MOST_QUEUES = 64  # that the settings allow
START_WORKER = "celery -A chatsite worker"

Result = TypeVar("Result")


def check_broker() -> Iterator[Finding]:
    """Whether the broker answers, and then each of its queues."""
    if not settings.BROKER_URL:
        yield ok("broker: none, messages are stored in the request")
        return
    broker = Connection(settings.BROKER_URL, connect_timeout=PATIENCE_S)
    try:
        # A watch over every step: a broker may stop to answer at any of them.
        within(PATIENCE_S, broker.connect)
        yield _examine_version(broker)
        for queue in all_queues():
            yield within(PATIENCE_S, partial(_examine_queue, broker, queue))
        for number in range(settings.PERSIST_QUEUES, MOST_QUEUES):
            yield from within(PATIENCE_S, partial(_examine_dropped_queue, broker, number))
    except TimeoutError:
        yield wrong(f"the broker does not answer within {PATIENCE_S} s", "start it, or look into its log")
    except (OSError, KombuError, AMQPError) as fault:
        yield wrong(f"the broker can't be reached: {fault}", "start it, or correct BROKER_URL")
    finally:
        broker.collect()


def within(seconds: float, ask: Callable[[], Result]) -> Result:
    """What `ask()` returns.

    Raises:
        TimeoutError: it takes longer; it goes on in its thread, which does not keep the process.
    """
    results: list[Result] = []
    faults: list[Exception] = []

    def answer() -> None:
        try:
            results.append(ask())
        except Exception as fault:  # noqa: BLE001  # raised again below, where somebody listens
            faults.append(fault)

    asking = threading.Thread(target=answer, daemon=True)
    asking.start()
    asking.join(seconds)
    if faults:
        raise faults[0]
    if not results:
        raise TimeoutError
    return results[0]


def _examine_version(broker: Connection) -> Finding:
    about: Any = broker.connection
    version = str(about.server_properties.get("version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < RABBITMQ_AT_LEAST:
        return wrong(f"RabbitMQ {version} is too old", "install RabbitMQ 3.10 or newer")
    return ok(f"broker: RabbitMQ {version}")


def _examine_queue(broker: Any, queue: Queue) -> Finding:
    name = queue.name
    try:
        with broker.channel() as channel:
            there = channel.queue_declare(name, passive=True)
        with broker.channel() as channel:
            # It exists, so this only compares: other arguments are refused.
            channel.queue_declare(name, durable=True, auto_delete=False, arguments=queue.queue_arguments)
    except NotFound:
        return wrong(f"queue {name} is missing", f"start a worker, which declares it: {START_WORKER}")
    except PreconditionFailed:
        advice = f"stop web and workers once it is empty, rabbitmqctl delete_queue {name}, start them"
        return wrong(f"queue {name} was declared otherwise", advice)
    waiting = there.message_count
    if not there.consumer_count:
        return wrong(f"queue {name} has no worker; messages waiting: {waiting:,}", START_WORKER)
    if waiting > MANY_WAITING:
        return warning(f"queue {name}: {waiting:,} messages wait", "start more workers")
    return ok(f"queue {name}: workers {there.consumer_count}, messages waiting {waiting:,}")


def _examine_dropped_queue(broker: Any, number: int) -> list[Finding]:
    """What waits in a persist queue from before PERSIST_QUEUES was lowered."""
    name = f"{settings.QUEUE_PREFIX}.persist.{number}"
    try:
        with broker.channel() as channel:
            waiting = channel.queue_declare(name, passive=True).message_count
    except NotFound:
        return []
    if not waiting:
        return []
    return [
        wrong(
            f"queue {name} is not read since PERSIST_QUEUES is {settings.PERSIST_QUEUES}; "
            f"messages waiting: {waiting:,}",
            f"until it is empty, also run: PERSIST_QUEUES={number + 1} {START_WORKER}",
        )
    ]
