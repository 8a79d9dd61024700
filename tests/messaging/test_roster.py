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
from messaging.pipeline.roster import FRESH_S, Place, renew, sign_out
from tests.messaging.test_worker import asleep

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


def be_silent(host: str, pid: int) -> None:
    """As if the worker had not been heard of for too long."""
    long_ago = timezone.now() - timedelta(seconds=FRESH_S + 1)
    assert Worker.objects.filter(host=host, pid=pid).update(seen_at=long_ago) == 1


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_worker_alone_has_every_partition(empty_roster: None) -> None:
    place = renew(ELSEWHERE, 1)

    assert place == Place(0, 1)
    assert all(place.has(partition) for partition in PARTITIONS)


def test_each_partition_is_at_home_in_exactly_one_worker(empty_roster: None) -> None:
    for pid in (1, 2, 3):
        renew(ELSEWHERE, pid)

    places = [renew(ELSEWHERE, pid) for pid in (1, 2, 3)]

    assert {place.count for place in places} == {3}
    for partition in PARTITIONS:
        assert sum(place.has(partition) for place in places) == 1
    assert all(any(place.has(partition) for partition in PARTITIONS) for place in places)


def test_who_is_silent_loses_its_partitions_and_gets_them_back_when_it_speaks(empty_roster: None) -> None:
    renew(ELSEWHERE, 1)
    renew(ELSEWHERE, 2)
    be_silent(ELSEWHERE, 1)

    assert renew(ELSEWHERE, 2) == Place(0, 1)

    assert renew(ELSEWHERE, 1).count == 2


def test_who_signs_out_leaves_at_once(empty_roster: None) -> None:
    renew(ELSEWHERE, 1)
    renew(ELSEWHERE, 2)

    sign_out(ELSEWHERE, 1)

    assert renew(ELSEWHERE, 2) == Place(0, 1)


def test_a_process_of_this_host_that_has_ended_does_not_count(empty_roster: None) -> None:
    dead = ended_process()
    renew(HERE, dead)
    renew(ELSEWHERE, dead)

    place = renew(HERE, os.getpid())

    assert place.count == 2  # the one on the other host can't be looked at from here


def test_workers_forgotten_long_ago_leave_the_table(empty_roster: None) -> None:
    renew(ELSEWHERE, 1)
    Worker.objects.update(seen_at=timezone.now() - timedelta(hours=1))

    renew(ELSEWHERE, 2)

    assert [worker.pid for worker in Worker.objects.all()] == [2]
