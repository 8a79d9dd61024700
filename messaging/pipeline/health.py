"""Whether a message finds its way: the broker answers, its queues are as we declare them, workers consume."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from amqp.exceptions import PreconditionFailed
from django.conf import settings
from kombu import Connection, Queue

from chatsite.health import PATIENCE_S, Finding, ok, warning, within, wrong
from messaging.models import RejectedMessage
from messaging.pipeline.broker import BROKER_FAULTS
from messaging.pipeline.figures import roster
from messaging.pipeline.queue_states import (
    QueueState,
    asked_broker,
    connect,
    leftover_states,
    persist_states,
    state_of,
)
from messaging.pipeline.queues import dead_letter_queue, persist_queues, tasks_queue

RABBITMQ_AT_LEAST = (3, 10)
MANY_WAITING = 1_000  # messages in one queue
START_WORKER = "celery -A chatsite worker"
START_TASK_WORKER = "celery -A chatsite.task_worker worker"


def reasons_against_the_broker() -> list[str]:
    """Why messages can't be handed to workers at the moment, for /readyz; in words that name no secret."""
    if not settings.BROKER_URL:
        return []
    try:
        with asked_broker() as broker:
            states = persist_states(broker)
    except BROKER_FAULTS:
        return ["the broker does not answer"]
    return [
        f"queue {name} is missing" if state is None else f"queue {name} has no consumer"
        for name, state in states.items()
        if state is None or not state.consumers
    ]


def reasons_against_background_tasks() -> list[str]:
    """Why mail, exports and removals wait at the moment, for /readyz."""
    if not settings.BROKER_URL:
        return []
    try:
        with asked_broker() as broker:
            state = state_of(broker, tasks_queue().name)
    except BROKER_FAULTS:
        return []  # that is told already
    return [] if state is not None and state.consumers else [f"queue {tasks_queue().name} has no consumer"]


def check_broker() -> Iterator[Finding]:
    """Whether the broker answers, and then each of its queues."""
    if not settings.BROKER_URL:
        yield ok("broker: none, messages are stored in the request")
        return
    # A watch over every step: a broker may stop to answer at any of them. kombu's own clock comes after it.
    broker = Connection(settings.BROKER_URL, connect_timeout=2 * PATIENCE_S)
    try:
        within(PATIENCE_S, partial(connect, broker))
        for examine in _examinations(broker):
            yield from within(PATIENCE_S, examine)
    except TimeoutError:
        yield wrong(f"the broker does not answer within {PATIENCE_S} s", "start it, or look into its log")
    except BROKER_FAULTS as fault:
        yield wrong(f"the broker can't be reached: {fault}", "start it, or correct BROKER_URL")
    finally:
        broker.collect()


def check_workers() -> Iterator[Finding]:
    """Whether workers are in the roster, which spreads the queues over them."""
    if not settings.BROKER_URL:
        return
    fresh = [worker for worker in roster() if worker.is_fresh]
    if fresh:
        yield ok(f"workers: {', '.join(f'{worker.host}:{worker.pid}' for worker in fresh)}")
    else:
        yield warning("no worker is in the roster: none runs, or none reaches the database", START_WORKER)


def check_rejected() -> Iterator[Finding]:
    """Whether messages that could not be stored wait for an admin."""
    waiting = RejectedMessage.objects.filter(outcome=RejectedMessage.Outcome.OPEN).count()
    if waiting:
        advice = "retry or discard them in the admin, under Rejected messages"
        yield warning(f"rejected messages that nobody has decided: {waiting:,}", advice)


def _examinations(broker: Any) -> Iterator[Callable[[], list[Finding]]]:
    yield partial(_examine_version, broker)
    for queue in persist_queues():
        yield partial(_examine_queue, broker, queue)
    yield partial(_examine_leftovers, broker)
    yield partial(_examine_tasks, broker)
    yield partial(_examine_dead_letters, broker)


def _examine_version(broker: Any) -> list[Finding]:
    about: Any = broker.connection
    version = str(about.server_properties.get("version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < RABBITMQ_AT_LEAST:
        return [wrong(f"RabbitMQ {version} is too old", "install RabbitMQ 3.10 or newer")]
    return [ok(f"broker: RabbitMQ {version}")]


def _examine_queue(broker: Any, queue: Queue) -> list[Finding]:
    name = queue.name
    there = state_of(broker, name)
    if there is None:
        return [wrong(f"queue {name} is missing", f"start a worker, which declares it: {START_WORKER}")]
    try:
        with broker.channel() as channel:
            # It exists, so this only compares: other arguments are refused.
            channel.queue_declare(name, durable=True, auto_delete=False, arguments=queue.queue_arguments)
    except PreconditionFailed:
        advice = f"stop web and workers once it is empty, rabbitmqctl delete_queue {name}, start them"
        return [wrong(f"queue {name} was declared otherwise", advice)]
    if not there.consumers:
        return [wrong(f"queue {name} has no worker; messages waiting: {there.waiting:,}", START_WORKER)]
    if there.waiting > MANY_WAITING:
        return [warning(f"queue {name}: {there.waiting:,} messages wait", "start more workers")]
    return [ok(f"queue {name}: workers {there.consumers}, messages waiting {there.waiting:,}")]


def _examine_leftovers(broker: Any) -> list[Finding]:
    """What waits in persist queues from before PERSIST_QUEUES was lowered."""
    return [_about_leftover(state) for state in leftover_states(broker) if state.waiting]


def _about_leftover(state: QueueState) -> Finding:
    what = (
        f"queue {state.name} is from before PERSIST_QUEUES became {settings.PERSIST_QUEUES}; "
        f"messages waiting: {state.waiting:,}"
    )
    if state.consumers:
        return warning(what, "wait until the workers have emptied it")
    return wrong(what, f"restart the workers, which then empty it: {START_WORKER}")


def _examine_tasks(broker: Any) -> list[Finding]:
    name = tasks_queue().name
    state = state_of(broker, name)
    waiting = state.waiting if state else 0
    if state is None or not state.consumers:
        what = f"queue {name} has no worker: mail, exports and removals wait, in all {waiting:,}"
        return [warning(what, f"{START_TASK_WORKER} (chat-tasks)")]
    return [ok(f"queue {name}: workers {state.consumers}, tasks waiting {waiting:,}")]


def _examine_dead_letters(broker: Any) -> list[Finding]:
    state = state_of(broker, dead_letter_queue().name)
    if state is None or not state.waiting:
        return []
    return [
        wrong(
            f"queue {state.name} holds {state.waiting:,} messages that the broker gave up",
            "look at them and at the policies (rabbitmqctl list_policies); deploy/README.md says how",
        )
    ]
