"""The pipeline in figures, for operators: what waits, who stores it, how long it takes, what was rejected."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.models.functions import Now
from django.utils import timezone

from chatsite.health import PATIENCE_S, be_impatient, within
from messaging.models import Message, RejectedMessage, Worker
from messaging.pipeline.broker import BROKER_FAULTS
from messaging.pipeline.envelope import in_microseconds
from messaging.pipeline.queue_states import (
    QueueState,
    asked_broker,
    leftover_states,
    persist_states,
    state_of,
)
from messaging.pipeline.queues import dead_letter_queue, tasks_queue
from messaging.pipeline.roster import FORGOTTEN, FRESH_S

NEWEST = 1_000  # stored messages, of which the dwell time is told


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """A persist queue; `is_leftover` when nothing is put into it since PERSIST_QUEUES was lowered.

    Arguments:
        oldest_s: for so long the oldest of its messages has been on its way, as the worker says that holds
            it; None when none does.
        oldest_s_at_most: none has been for longer; None when nothing waits, or when it can't be told.
    """

    name: str
    waiting: int
    consumers: int
    is_leftover: bool
    oldest_s: float | None
    oldest_s_at_most: float | None


@dataclass(frozen=True, slots=True)
class BrokerFigures:
    """The queues, or why they can't be told (`fault`); `is_used` is False in the embedded default.

    Arguments:
        tasks: the queue of all other background tasks, None when it is missing.
    """

    is_used: bool
    fault: str = ""
    queues: Sequence[QueueFigures] = ()
    missing: Sequence[str] = ()
    dead_letters: int = 0
    tasks: QueueState | None = None

    @property
    def waiting(self) -> int:
        return sum(queue.waiting for queue in self.queues)


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """A worker in the roster; it has queues as long as it is fresh.

    Arguments:
        in_hand: messages that it had taken and not stored, when it was seen.
        oldest_s: by partition, for how long the oldest of these has been on its way.
    """

    host: str
    pid: int
    seen_s_ago: float
    is_fresh: bool
    in_hand: int
    oldest_s: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """What the database knows, or why it can't be asked (`fault`).

    Arguments:
        dwell_of: of how many messages, the newest, the dwell time is told: stored minus accepted.
    """

    fault: str = ""
    workers: Sequence[WorkerFigures] = ()
    dwell_of: int = 0
    dwell_p50_ms: int | None = None
    dwell_p99_ms: int | None = None
    rejected_open: int = 0
    rejected: int = 0
    newest_accepted: Mapping[int, datetime] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it at one moment."""

    broker: BrokerFigures
    database: DatabaseFigures

    @property
    def wrong(self) -> list[str]:
        """What keeps messages from being stored, a sentence each."""
        found = []
        if self.database.fault:
            found.append(f"the database can't be used: {self.database.fault}")
        if self.broker.fault:
            found.append(f"the broker can't be reached: {self.broker.fault}")
        found += [f"queue {name} is missing" for name in self.broker.missing]
        found += [
            f"queue {queue.name} has no consumer"
            for queue in self.broker.queues
            if not queue.consumers and (queue.waiting or not queue.is_leftover)
        ]
        if self.broker.dead_letters:
            found.append(f"messages that the broker gave up: {self.broker.dead_letters}")
        return found

    @property
    def warnings(self) -> list[str]:
        """What keeps anything else from being done, a sentence each."""
        broker = self.broker
        if not broker.is_used or broker.fault or (broker.tasks and broker.tasks.consumers):
            return []
        return [f"queue {tasks_queue().name} has no consumer: mail, exports and removals wait"]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, as far as it can be known at one moment.

        What a worker holds it says in the roster, which shows what it held a moment ago; and without any
        consumer nothing is held.
        """
        if self.broker.fault or self.broker.waiting:
            return False
        return not self.has_consumers or self._all_workers_have_nothing

    @property
    def has_consumers(self) -> bool:
        return any(queue.consumers for queue in self.broker.queues)

    @property
    def _all_workers_have_nothing(self) -> bool:
        workers = self.database.workers
        if self.database.fault or not workers:
            return False
        return all(worker.is_fresh and not worker.in_hand for worker in workers)


def figures() -> Figures:
    """Ask database and broker; one that is away or hangs costs PATIENCE_S and is told as such."""
    database = _of_the_database()
    return Figures(_of_the_broker(database), database)


def roster() -> list[WorkerFigures]:
    """The workers that say they are there, or did within a minute, by the database's time.

    One that stopped to say so may still hold messages, until the broker notices: half a minute at most.
    """
    seen = Worker.objects.filter(seen_at__gt=Now() - FORGOTTEN)
    rows = seen.annotate(asked_at=Now()).order_by("host", "pid")
    ages = [(row, (row.asked_at - row.seen_at).total_seconds()) for row in rows]
    return [
        WorkerFigures(
            row.host,
            row.pid,
            max(0.0, age),
            is_fresh=age < FRESH_S,
            in_hand=row.in_hand,
            oldest_s=_oldest_of(row),
        )
        for row, age in ages
    ]


def _oldest_of(row: Worker) -> dict[int, float]:
    now_us = in_microseconds(timezone.now())
    said = json.loads(row.oldest_in_hand or "{}")
    return {int(partition): max(0.0, (now_us - us) / 1_000_000) for partition, us in said.items()}


def _of_the_database() -> DatabaseFigures:
    be_impatient(connections[DEFAULT_DB_ALIAS])
    try:
        newest = list(
            Message.objects.order_by("-pk").values_list("channel_id", "accepted_at", "stored_at")[:NEWEST]
        )
        dwells = sorted(stored_at - accepted_at for _channel, accepted_at, stored_at in newest)
        return DatabaseFigures(
            workers=roster(),
            dwell_of=len(dwells),
            dwell_p50_ms=_percentile_ms(dwells, 50),
            dwell_p99_ms=_percentile_ms(dwells, 99),
            rejected_open=RejectedMessage.objects.filter(outcome=RejectedMessage.Outcome.OPEN).count(),
            rejected=RejectedMessage.objects.count(),
            newest_accepted=_newest_by_partition(newest),
        )
    except Error as fault:
        connection.close()  # the next look has a fresh one
        return DatabaseFigures(fault=str(fault.args[-1]) if fault.args else type(fault).__name__)


def _percentile_ms(sorted_times: Sequence[timedelta], percent: int) -> int | None:
    """The time that so many percent of them do not exceed, in ms; None of none."""
    if not sorted_times:
        return None
    rank = ceil(len(sorted_times) * percent / 100)
    return round(sorted_times[rank - 1].total_seconds() * 1000)


def _newest_by_partition(messages: Sequence[tuple[int, datetime, datetime]]) -> dict[int, datetime]:
    newest: dict[int, datetime] = {}
    for channel_id, accepted_at, _stored_at in messages:
        partition = channel_id % settings.PERSIST_QUEUES
        newest[partition] = max(accepted_at, newest.get(partition, accepted_at))
    return newest


def _of_the_broker(database: DatabaseFigures) -> BrokerFigures:
    if not settings.BROKER_URL:
        return BrokerFigures(is_used=False)
    try:
        states, leftovers, dead, tasks = within(PATIENCE_S, _ask_broker)
    except TimeoutError:
        return BrokerFigures(is_used=True, fault=f"nothing within {PATIENCE_S} s")
    except BROKER_FAULTS as fault:
        return BrokerFigures(is_used=True, fault=str(fault))
    known = [
        _with_age(state, partition, database) for partition, state in enumerate(states.values()) if state
    ]
    left = [
        _with_age(state, partition, database, is_leftover=True)
        for partition, state in enumerate(leftovers, settings.PERSIST_QUEUES)
    ]
    return BrokerFigures(
        is_used=True,
        queues=[*known, *left],
        missing=[name for name, state in states.items() if state is None],
        dead_letters=dead.waiting if dead else 0,
        tasks=tasks,
    )


def _ask_broker() -> tuple[
    dict[str, QueueState | None], list[QueueState], QueueState | None, QueueState | None
]:
    with asked_broker() as broker:
        dead, tasks = (state_of(broker, queue.name) for queue in (dead_letter_queue(), tasks_queue()))
        return persist_states(broker), leftover_states(broker), dead, tasks


def _with_age(
    state: QueueState, partition: int, database: DatabaseFigures, *, is_leftover: bool = False
) -> QueueFigures:
    """The queue with the age of its oldest message, or a bound of it.

    A queue is stored in its order. So the worker that reads it holds its oldest; and where none does, what
    waits was accepted after what was stored last.
    """
    held = [worker.oldest_s.get(partition) for worker in database.workers if worker.is_fresh]
    oldest_s = max((age for age in held if age is not None), default=None)
    newest = None if is_leftover else database.newest_accepted.get(partition)
    at_most_s = oldest_s
    if oldest_s is None and state.waiting and newest is not None:
        at_most_s = max(0.0, (timezone.now() - newest).total_seconds())
    return QueueFigures(state.name, state.waiting, state.consumers, is_leftover, oldest_s, at_most_s)
