"""The cache behind the limits: shared by processes, exact, bounded, and nobody's lock-out."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from chatsite.counters import NEW_ROWS_BETWEEN_LOOKS, the_counters
from tests.cast import PASSWORD, Cast
from tests.threads import run_together, somebody_waits_for_a_lock
from tests.waiting import wait_for

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


def count_once(name: str, *, kind: str = "test") -> None:
    """Count one thing that matters for an hour."""
    count_until(time.time() + 3_600, name, kind=kind)


def count_until(until: float, name: str, *, kind: str = "test") -> None:
    the_counters().change(kind, name, lambda counted: [*counted, until])


def counted(name: str, *, kind: str = "test") -> int:
    seen: list[int] = []
    the_counters().change(kind, name, lambda numbers: seen.append(len(numbers)))
    return seen[0]


def test_none_of_many_at_once_is_forgotten() -> None:
    for attempt in range(10):
        run_together([partial(count_once, f"new-{attempt}") for _rival in range(8)])
        assert counted(f"new-{attempt}") == 8


@pytest.mark.stack
@pytest.mark.parametrize("before", [0, 1])
def test_what_is_counted_at_another_machine_meanwhile_counts(before: int, worker: int) -> None:
    """Others than the threads of this process, which stand in line before they ask the database."""
    key = cache.make_key("test:bob")
    for _time in range(before):
        count_once("bob")
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute(
            f"REPLACE INTO {TABLE} (cache_key, value, expires) VALUES (%s, %s, '2100-01-01')",  # noqa: S608
            [key, json.dumps([9e9] * (before + 1))],
        )

        def commit_once_waited_for() -> None:
            wait_for(somebody_waits_for_a_lock, what="the count to wait for the other one")
            cursor.execute("COMMIT")

        both: list[Callable[[], None]] = [partial(count_once, "bob"), commit_once_waited_for]
        run_together(both)
    assert counted("bob") == before + 2


@pytest.fixture
def always_another_was_faster(cast: Cast) -> Iterator[None]:
    """Whoever counts something for the first time finds that others did at that moment, again and again."""
    refuse = (
        "BEGIN SELECT RAISE(ABORT, 'there is one'); END"
        if connection.vendor == "sqlite"
        else "FOR EACH ROW SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'there is one'"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TRIGGER another BEFORE INSERT ON {TABLE} {refuse}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER another")


@pytest.mark.usefixtures("always_another_was_faster")
def test_who_pushes_is_refused_and_the_limits_are_not_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Else many at once would have everybody let in for a while, past all limits."""
    with caplog.at_level(logging.WARNING, logger="chatsite.breaker"):
        answers = [log_in("bob", "wrong") for _time in range(3)]

    assert [(answer.status_code, answer["Retry-After"]) for answer in answers] == [(429, "1")] * 3
    assert not caplog.records


@pytest.mark.stack
def test_who_would_wait_too_long_is_refused_and_the_limit_holds(
    cast: Cast, caplog: pytest.LogCaptureFixture, worker: int
) -> None:
    assert log_in("bob", "wrong").status_code == 200
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute(f"SELECT * FROM {TABLE} FOR UPDATE")  # noqa: S608
        refused = Event()

        def push() -> int:
            answer = log_in("bob", "wrong")
            if answer.status_code == 429:
                assert answer["Retry-After"] == "1"
                refused.set()
            return int(answer.status_code)

        def let_go() -> int:
            assert refused.wait(timeout=30)
            cursor.execute("ROLLBACK")
            return 0

        answers = run_together([push, push, let_go])

    assert sorted(answers) == [0, 200, 429]
    assert not [record for record in caplog.records if record.name == "chatsite.breaker"]
    assert [log_in("bob", "wrong").status_code for _guess in range(4)] == [200, 200, 200, 429]


def rows_of(kind: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {TABLE} WHERE cache_key LIKE %s", [cache.make_key(f"{kind}:%")])  # noqa: S608
        return int(cursor.fetchone()[0])


@pytest.fixture
def room_for_ten(settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "OPTIONS": {"MAX_ENTRIES": 10}}}


@pytest.mark.usefixtures("room_for_ten")
def test_the_table_does_not_grow_without_end() -> None:
    for number in range(3 * NEW_ROWS_BETWEEN_LOOKS):
        count_once(f"stranger-{number}")

    assert rows_of("test") <= 10 + NEW_ROWS_BETWEEN_LOOKS


@pytest.mark.usefixtures("room_for_ten")
def test_who_fills_the_table_pushes_out_nobody_who_did_it_more_often() -> None:
    an_hour = time.time() + 3_600
    count_until(an_hour, "guesses often")
    count_until(time.time() + 60, "guesses", kind="other")
    for number in range(2 * NEW_ROWS_BETWEEN_LOOKS):
        count_until(an_hour - 60, f"filler {number}")

    assert counted("guesses often") == 1
    assert counted("guesses", kind="other") == 1
    assert rows_of("test") < NEW_ROWS_BETWEEN_LOOKS + 20


def test_what_matters_no_more_is_removed() -> None:
    count_until(time.time() - 1, "long ago", kind="other")
    for number in range(NEW_ROWS_BETWEEN_LOOKS):
        count_once(f"stranger-{number}")

    assert rows_of("other") == 0
    assert rows_of("test") == NEW_ROWS_BETWEEN_LOOKS


def test_what_the_release_before_counted_is_left_alone() -> None:
    counters = the_counters()
    counters.set("try:anybody", [1.0], version=1)
    found: list[list[float]] = []
    counters.change("try", "anybody", lambda numbers: found.append(numbers))
    assert found == [[]]
