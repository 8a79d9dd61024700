"""What every case has: the site on services of its own, people who post, and the audit at the end."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import psutil
import pytest

from tests.faults.audit import Audit, audit, last_numbers, open_books
from tests.faults.crowd import Crowd, Posting
from tests.faults.outbox import AS_A_BROWSER, HASTY, Backoff, Sent, State
from tests.faults.services import NAMES, Services
from tests.site import Part, Site
from tests.waiting import let_a_fault_last, wait_for

WORKERS = 2
FEW_LOGS = "WARNING"  # each message has lines of its own else, and they hide what is wrong
ENOUGH = 40  # messages taken before and after a fault, to know that people get through
RECOVERY_S = 90

# Prints each queue that is consumed, and the port of the connection of who does.
LIST_CONSUMERS = """
lists:foreach(fun(Consumer) ->
    {resource, _, _, Queue} = proplists:get_value(queue_name, Consumer),
    Channel = proplists:get_value(channel_pid, Consumer),
    [{connection, Connection}] = rabbit_channel:info(Channel, [connection]),
    [{peer_port, Port}] = rabbit_networking:connection_info(Connection, [peer_port]),
    io:format("~s ~b~n", [Queue, Port])
end, rabbit_amqqueue:consumers_all(<<"/">>)).
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much and how long.

    Arguments:
        outage_s: how long a service is away.
        stall_s: how long a part does nothing; longer than the roster's five seconds.
        pace_s: between two messages of one person in one channel.
        backoff: of the people's outboxes.
        rounds: how often something is done again.
        many: messages that wait in the queues.
    """

    outage_s: float
    stall_s: float
    pace_s: float
    backoff: Backoff
    rounds: int
    many: int


SHORT = Scale(outage_s=3, stall_s=8, pace_s=0.6, backoff=HASTY, rounds=2, many=200)
LONG = Scale(outage_s=20, stall_s=60, pace_s=0, backoff=AS_A_BROWSER, rounds=10, many=1000)


def only_long(test: Callable[..., None]) -> Callable[..., None]:
    """For a case that can't be shortened, or that has a shorter one like it."""
    in_full: Callable[..., None] = pytest.mark.parametrize("scale", [LONG], ids=["long"])(test)
    marked: Callable[..., None] = pytest.mark.long(in_full)
    return marked


@dataclass(frozen=True, slots=True)
class Drill:
    """Arguments:
    report: shows a line to whoever runs the tests.
    """

    site: Site
    services: Services
    crowd: Crowd
    scale: Scale
    report: Callable[[str], None]

    @contextmanager
    def under_load(self, *, is_doubled: bool = False) -> Iterator[Posting]:
        """People post during the block, and get through before and after it; then everything is counted.

        Raises:
            AssertionError: something was lost, doubled, misordered, set aside or refused, or nobody ever said
                what became of it.
        """
        before = last_numbers(self.site, self.crowd.slugs)
        with self.site.explained():
            with self.crowd.posting(
                pace_s=self.scale.pace_s, backoff=self.scale.backoff, is_doubled=is_doubled
            ) as posting:
                posting.wait_for_more(ENOUGH)
                yield posting
                posting.wait_for_more(ENOUGH)
                unheard = posting.finish(timeout_s=RECOVERY_S)
            posting.journal += self.wait_until_done()
            found = self.audited(posting.journal, before, backoff=self.scale.backoff)
            assert (found.stored, found.rejected) == (found.sent, 0), str(found)
            assert not unheard, f"{len(unheard)} messages never came to an end: {unheard[:3]}"
            refused = [sent for sent in posting.journal if sent.state is not State.SENT]
            assert not refused, f"{len(refused)} messages were refused: {refused[:3]}"

    def audited(
        self, journal: Sequence[Sent], before: Mapping[str, int], *, backoff: Backoff | None = None
    ) -> Audit:
        """What became of the messages in `journal`, to channels that ended at the numbers `before`; shown.

        Arguments:
            backoff: of those who sent them, where they tried again; the longest wait depends on it.

        Raises:
            AssertionError: something was lost, doubled or misordered.
        """
        found = audit(journal, open_books(self.site, before))
        self.report(f"{found}, tried again after {backoff}" if backoff else str(found))
        assert found.is_clean, str(found)
        return found

    def pause_workers(self) -> None:
        """Have what is posted stay in the queues, until `resume_workers`."""
        for worker in self.site.workers:
            worker.pause()

    def resume_workers(self) -> None:
        for worker in self.site.workers:
            worker.resume()

    def last(self, seconds: float | None = None) -> None:
        """Let a fault last, `scale.outage_s` unless said otherwise."""
        let_a_fault_last(self.scale.outage_s if seconds is None else seconds)

    def wait_until_spread(self) -> None:
        """Wait until every queue has one consumer, and every worker is that of some queue."""
        with self.site.explained():
            wait_for(self._is_spread, what="the queues to be spread over all workers", timeout_s=RECOVERY_S)

    def wait_until_every_channel_goes_on(self) -> None:
        """Wait until each of the crowd's channels has more messages than now."""
        now = last_numbers(self.site, self.crowd.slugs)

        def has_more() -> bool:
            later = last_numbers(self.site, self.crowd.slugs)
            return all(later[slug] > number for slug, number in now.items())

        with self.site.explained():
            wait_for(has_more, what="another message in every channel", timeout_s=RECOVERY_S)

    def wait_until_done(self) -> list[Sent]:
        """Wait until the workers are done with all that is in the queues.

        An empty queue is no proof: a worker may hold what it took. What was posted behind it is.

        Returns:
            That: a message or more in each of the crowd's channels.
        """
        with self.site.explained():
            last = self.crowd.say_something_everywhere()
        self.wait_until_stored(last)
        return last

    def wait_until_stored(self, journal: Sequence[Sent]) -> None:
        """Wait until each message in `journal` is in the database, and its sender could see it there."""
        names = [sent.client_id.hex for sent in journal]
        marks = ", ".join(["{}"] * len(names))
        statement = f"SELECT COUNT(*) FROM messaging_message WHERE client_id IN ({marks})"  # noqa: S608  # marks alone

        def are_stored() -> bool:
            return self.site.rows(statement, *names) == [(len(names),)]

        with self.site.explained():
            wait_for(are_stored, what="the messages in the database", timeout_s=RECOVERY_S)
        for sent in journal:
            sent.state = State.SENT

    def put_right(self) -> None:
        """Have everything run again as it was in the beginning."""
        for name in NAMES:
            self.services.resume(name)
        self.services.run("up")
        for part in self.site.parts:
            if not part.is_running:
                part.start()
            part.resume()
        for worker in self.site.workers[WORKERS:]:
            self.site.remove_worker(worker)
        while len(self.site.workers) < WORKERS:
            self.site.add_worker()
        self.site.wait_until_ready()

    def _is_spread(self) -> bool:
        """Whether the queues are consumed by all workers, each queue by one of them."""
        ports = _local_ports(self.site.workers)
        # It fails when a channel is closed while it looks; then nothing has come to rest yet.
        said = self.services.run("rabbitmqctl", "--quiet", "eval", LIST_CONSUMERS, may_fail=True)
        if "Error:" in said:
            return False
        lines = re.findall(r"^(\S+\.persist\.\d+) (\d+)$", said, re.M)
        consumers: dict[str, list[int]] = defaultdict(list)
        for queue, port in lines:
            if queue.startswith(f"{self.site.environment['QUEUE_PREFIX']}.persist."):
                consumers[queue].append(ports.get(int(port), 0))
        is_one_each = all(len(processes) == 1 for processes in consumers.values())
        at_work = set(chain.from_iterable(consumers.values()))
        return (
            is_one_each
            # There may be more: those of a time with more queues are looked after as well.
            and len(consumers) >= int(self.site.environment["PERSIST_QUEUES"])
            and at_work == {worker.pid for worker in self.site.workers}
        )


def _local_ports(workers: list[Part]) -> dict[int, int]:
    """The process id of the worker that has each local port; of its leader, where it forked."""
    ports = {}
    for worker in workers:
        leader = psutil.Process(worker.pid)
        for process in (leader, *leader.children(recursive=True)):
            ports.update({one.laddr.port: worker.pid for one in process.net_connections("tcp")})
    return ports
