"""Workers share the queues: each partition is at home in exactly one of those that are there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from messaging.models import Worker
from messaging.pipeline.roster import FRESH_S, Seat, renew, sign_in, sign_out
from tests.messaging.workers import asleep

pytestmark = pytest.mark.django_db(transaction=True)
HERE, ELSEWHERE = "this-host", "another-host"
PARTITIONS = range(8)


@pytest.fixture
def empty_roster(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody is there, and a worker that runs beside the tests does not sign in."""
    with ExitStack() as stack:
        if settings.BROKER_URL:
            stack.enter_context(asleep(request.getfixturevalue("worker")))
        Worker.objects.all().delete()
        yield


def arrive(host: str, pid: int) -> Seat:
    """The seat of a worker that has just signed in."""
    return renew(sign_in(host, pid), host, pid)


def be_silent(host: str, pid: int) -> None:
    """As if the worker had not been heard of for too long."""
    long_ago = timezone.now() - timedelta(seconds=FRESH_S + 1)
    assert Worker.objects.filter(host=host, pid=pid).update(seen_at=long_ago) == 1


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_worker_alone_has_every_partition(empty_roster: None) -> None:
    seat = arrive(ELSEWHERE, 1)

    assert seat == Seat(0, 1)
    assert all(seat.has(partition) for partition in PARTITIONS)


def test_each_partition_is_at_home_in_exactly_one_worker(empty_roster: None) -> None:
    rows = {pid: sign_in(ELSEWHERE, pid) for pid in (1, 2, 3)}

    seats = [renew(row, ELSEWHERE, pid) for pid, row in rows.items()]

    assert {seat.count for seat in seats} == {3}
    for partition in PARTITIONS:
        assert sum(seat.has(partition) for seat in seats) == 1
    assert all(any(seat.has(partition) for partition in PARTITIONS) for seat in seats)


def test_who_is_silent_loses_its_partitions_and_gets_them_back_when_it_speaks(empty_roster: None) -> None:
    first, second = sign_in(ELSEWHERE, 1), sign_in(ELSEWHERE, 2)
    be_silent(ELSEWHERE, 1)

    assert renew(second, ELSEWHERE, 2) == Seat(0, 1)

    assert renew(first, ELSEWHERE, 1).count == 2


def test_who_signs_out_leaves_at_once(empty_roster: None) -> None:
    first, second = sign_in(ELSEWHERE, 1), sign_in(ELSEWHERE, 2)

    sign_out(first)

    assert renew(second, ELSEWHERE, 2) == Seat(0, 1)


def test_who_signs_out_late_does_not_sign_out_who_has_its_name_now(empty_roster: None) -> None:
    late = sign_in(ELSEWHERE, 1)
    successor = sign_in(ELSEWHERE, 1)

    renew(late, ELSEWHERE, 1)
    sign_out(late)

    assert [worker.pk for worker in Worker.objects.all()] == [successor]


def test_two_of_one_name_share_a_seat(empty_roster: None) -> None:
    rows = [sign_in(ELSEWHERE, 1), sign_in(ELSEWHERE, 1)]
    arrive(ELSEWHERE, 2)

    seats = [renew(row, ELSEWHERE, 1) for _second in range(2) for row in rows]

    assert seats == [Seat(0, 2)] * 4


def test_who_was_forgotten_has_its_row_again(empty_roster: None) -> None:
    row = sign_in(ELSEWHERE, 1)
    Worker.objects.all().delete()

    assert renew(row, ELSEWHERE, 1) == Seat(0, 1)

    sign_out(row)
    assert not Worker.objects.exists()


def test_a_process_of_this_host_that_has_ended_does_not_count(empty_roster: None) -> None:
    dead = ended_process()
    arrive(HERE, dead)
    arrive(ELSEWHERE, dead)

    seat = arrive(HERE, os.getpid())

    assert seat.count == 2  # the one on the other host can't be looked at from here


def test_workers_forgotten_long_ago_leave_the_table(empty_roster: None) -> None:
    arrive(ELSEWHERE, 1)
    Worker.objects.update(seen_at=timezone.now() - timedelta(hours=1))

    arrive(ELSEWHERE, 2)

    assert [worker.pid for worker in Worker.objects.all()] == [2]
