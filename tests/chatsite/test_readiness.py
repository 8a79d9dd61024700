"""/readyz: whether a process can do its work, and why not, whatever hangs and however often it is asked."""

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from chatsite import readiness
from chatsite.health import PATIENCE_S
from messaging.pipeline.queues import tasks_queue
from tests.cast import Cast
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

MIGRATION = ("messaging", "0001_initial")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for the answers that are kept."""
    passed = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr(readiness, "monotonic", lambda: time.monotonic() + passed)
    return pass_by


def ask(client: Client | None = None) -> tuple[int, list[str]]:
    """Status and reasons of an answer, of a process that was not asked before if no `client` is given."""
    answer = (client or Client()).get("/readyz")
    found = answer.json()
    assert found["ready"] is (answer.status_code == 200)
    return answer.status_code, found["reasons"]


def test_a_site_that_can_work_is_ready(cast: Cast) -> None:
    assert ask() == (200, [])


@pytest.mark.stack
def test_that_nobody_reads_the_tasks_is_a_warning(
    cast: Cast, request: pytest.FixtureRequest, clock: Callable[[float], None]
) -> None:
    client = Client()
    warnings = [f"queue {tasks_queue().name} has no consumer"]
    assert client.get("/readyz").json() == {"ready": True, "reasons": [], "warnings": warnings}
    found = json.loads(output_of("pipeline", "--json"))
    assert found["warnings"][0].startswith(warnings[0])
    assert found["wrong"] == []
    doubts = [one["what"] for one in json.loads(output_of("doctor", "--json")) if one["level"] == "warning"]
    assert [what for what in doubts if tasks_queue().name in what]

    request.getfixturevalue("task_worker")
    clock(readiness.KEPT_S + 1)
    assert client.get("/readyz").json() == {"ready": True, "reasons": [], "warnings": []}
    found = json.loads(output_of("pipeline", "--json"))
    assert (found["warnings"], found["broker"]["tasks"]["consumers"]) == ([], 1)
    assert f"queue {tasks_queue().name}: workers 1" in output_of("doctor")


def output_of(command: str, *options: str) -> str:
    out = io.StringIO()
    with suppress(SystemExit):  # what else is amiss is not asked here
        call_command(command, *options, stdout=out)
    return out.getvalue()


def test_it_is_answered_without_session_host_or_https(
    cast: Cast, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    with django_assert_num_queries(0):  # they are asked on a connection of their own
        answer = Client(headers={"host": "10.0.0.1:8001"}).get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"]
    assert answer.json()["reasons"] == []
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"


@pytest.fixture
def missing_migration(database: None, transactional_db: None) -> Iterator[None]:
    MigrationRecorder(connection).record_unapplied(*MIGRATION)
    yield
    MigrationRecorder(connection).record_applied(*MIGRATION)


def test_a_migration_that_is_missing_is_a_reason(missing_migration: None) -> None:
    assert ask() == (503, ["migrations are not applied: 1"])


@pytest.mark.stack
def test_a_queue_without_a_consumer_is_a_reason(cast: Cast, settings: Any) -> None:
    settings.QUEUE_PREFIX = "never.declared"
    assert ask() == (503, [f"queue never.declared.persist.{number} is missing" for number in range(4)])


@pytest.mark.stack
def test_a_broker_that_refuses_is_a_reason_and_no_secret_is_told(cast: Cast, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    good, settings.BROKER_URL = settings.BROKER_URL, f"amqp://chat:hush@127.0.0.1:{port}//"
    assert ask() == (503, ["the broker does not answer"])
    settings.BROKER_URL = f"{settings.BROKER_URL};{good}"  # of two nodes one is enough
    assert ask() == (200, [])


@pytest.mark.stack
def test_a_broker_that_hangs_is_a_reason_in_time(cast: Cast, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.BROKER_URL = f"amqp://chat:hush@127.0.0.1:{silent.getsockname()[1]}//"
        began = time.monotonic()
        status, [reason] = ask()
    assert status == 503
    assert reason.startswith("the broker does not answer")
    assert time.monotonic() - began < PATIENCE_S + 2


@pytest.mark.stack
def test_a_database_that_hangs_is_a_reason_in_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connections.settings[DEFAULT_DB_ALIAS], "PORT", silent.getsockname()[1])
        began = time.monotonic()
        status, [reason] = ask()
    assert status == 503
    assert reason.startswith("the database does not answer")
    assert time.monotonic() - began < PATIENCE_S + 2


def test_whatever_hangs_is_asked_once_until_it_answers(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, clock: Callable[[float], None]
) -> None:
    asked, may_go_on = [], threading.Event()

    def hanging() -> list[str]:
        asked.append(1)
        may_go_on.wait(60)
        return []

    monkeypatch.setitem(readiness._needs, "the oracle", hanging)
    client = Client()
    reason = f"the oracle does not answer within {PATIENCE_S} s"
    for _time in range(2):
        assert ask(client) == (503, [reason])
        clock(readiness.KEPT_S)
    assert len(asked) == 1
    may_go_on.set()

    def is_ready() -> bool:
        clock(readiness.KEPT_S)
        return ask(client) == (200, [])

    wait_for(is_ready, what="the answer that took so long")


def test_what_breaks_is_a_reason_without_its_words(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[str]:
        raise ValueError("hush")

    monkeypatch.setitem(readiness._needs, "the oracle", broken)
    assert ask() == (503, ["the oracle can't be looked at: ValueError"])


def test_an_answer_is_kept_for_a_moment(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, clock: Callable[[float], None]
) -> None:
    reasons: list[str] = ["it sleeps"]
    monkeypatch.setitem(readiness._needs, "the oracle", lambda: list(reasons))
    client = Client()
    assert ask(client) == (503, ["it sleeps"])
    reasons.clear()
    assert ask(client) == (503, ["it sleeps"])
    clock(readiness.KEPT_S)
    assert ask(client) == (200, [])


def test_while_one_looks_the_others_get_the_last_answer(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, clock: Callable[[float], None]
) -> None:
    may_go_on, is_asked = threading.Event(), threading.Event()
    may_go_on.set()

    def slow() -> list[str]:
        is_asked.set()
        may_go_on.wait(60)
        return []

    monkeypatch.setitem(readiness._needs, "the oracle", slow)
    client = Client()
    assert ask(client) == (200, [])
    clock(readiness.KEPT_S)
    may_go_on.clear()
    is_asked.clear()
    first = threading.Thread(target=ask, args=(client,))
    first.start()
    assert is_asked.wait(10)
    began = time.perf_counter()
    assert ask(client) == (200, [])
    assert time.perf_counter() - began < 1
    may_go_on.set()
    first.join(10)


@pytest.mark.stack
def test_a_site_is_ready_with_its_worker_and_not_without() -> None:
    with Site.stack() as site, site.explained(), Visitor(site.url, "probe") as probe:
        wait_for(lambda: probe.get("/readyz").status == 200, what="ready")
        assert site.worker is not None
        site.worker.stop()
        wait_for(lambda: probe.get("/readyz").status == 503, what="not ready", timeout_s=20)
        found = json.loads(probe.get("/readyz").body)
        assert all(reason.endswith("has no consumer") for reason in found["reasons"]), found
        assert probe.get("/healthz").status == 200
        site.restart(site.worker)
        wait_for(lambda: probe.get("/readyz").status == 200, what="ready again", timeout_s=20)
