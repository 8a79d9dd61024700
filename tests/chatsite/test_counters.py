"""The cache behind the limits: shared by processes, exact, bounded, and nobody's lock-out."""

import logging
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.cast import PASSWORD, Cast
from tests.threads import run_together

TABLE = settings.CACHES["default"]["LOCATION"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_was_counted(transactional_db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def no_table(cast: Cast) -> Iterator[None]:
    """There is no table to count in, as before `createcachetable`."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} RENAME TO elsewhere")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE elsewhere RENAME TO {TABLE}")


def log_in(username: str, password: str) -> Any:
    return Client().post("/accounts/login/", {"login": username, "password": password})


def test_failed_log_ins_count_for_every_process(cast: Cast) -> None:
    """Each thread has a connection of its own, as each process has."""
    answers = run_together([partial(log_in, "bob", "wrong") for _attempt in range(8)])

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 3
    assert log_in("bob", PASSWORD).status_code == 429
    assert log_in("carol", PASSWORD).status_code == 302


def test_the_right_password_does_not_count(cast: Cast) -> None:
    for _time in range(7):
        assert log_in("bob", PASSWORD).status_code == 302


@pytest.mark.usefixtures("no_table")
def test_people_get_in_while_nothing_can_be_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="chatsite"):
        for _attempt in range(6):
            assert log_in("bob", "wrong").status_code == 200
        assert log_in("bob", PASSWORD).status_code == 302
        answer = Client().post("/accounts/signup/", {"username": "newcomer", "password1": PASSWORD})

    assert answer.status_code == 302
    assert [record.message for record in caplog.records if "table of limits is away" in record.message]
    assert len(caplog.records) == 1


@pytest.mark.stack
def test_people_get_in_while_the_table_hangs(cast: Cast, worker: int) -> None:
    with closing(connection.copy()) as other:
        assert log_in("bob", "wrong").status_code == 200
        with other.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute(f"SELECT * FROM {TABLE} FOR UPDATE")  # noqa: S608
            answers = [log_in("bob", PASSWORD) for _time in range(2)]
            cursor.execute("ROLLBACK")

    assert [answer.status_code for answer in answers] == [302, 302]


@pytest.mark.stack
def test_people_get_in_while_nothing_can_be_written(cast: Cast, worker: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER refusing BEFORE INSERT ON {TABLE} FOR EACH ROW "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is full'"
        )
    try:
        assert log_in("bob", "wrong").status_code == 200
        assert log_in("bob", PASSWORD).status_code == 302
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refusing")


def test_a_lock_is_had_by_one_alone() -> None:
    for attempt in range(20):
        had = run_together([partial(cache.add, f"lock-{attempt}", True) for _rival in range(4)])
        assert had.count(True) == 1


def test_a_lock_that_ran_out_can_be_had_again() -> None:
    assert cache.add("lock", True, timeout=-1)
    assert cache.add("lock", True)
    assert not cache.add("lock", True)


def test_the_table_does_not_grow_without_end(settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "OPTIONS": {"MAX_ENTRIES": 10}}}
    for number in range(50):
        cache.set(f"count-{number}", [1.0])

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {TABLE}")  # noqa: S608
        assert cursor.fetchone()[0] <= 11
