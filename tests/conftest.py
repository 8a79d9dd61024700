"""Fixtures of the whole suite: the database, the worker when there is a broker, and the cast."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from hypothesis import HealthCheck

from chatsite import limits
from chatsite.breaker import Breaker
from messaging.pipeline.queues import all_queues, persist_queues, tasks_queue
from tests.cast import Cast, gather
from tests.site import CHECKOUT, line_of_procfile
from tests.waiting import wait_for

# The same examples in every run; `--hypothesis-profile wide` looks further.
hypothesis.settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile(
    "wide", hypothesis.settings.get_profile("same"), derandomize=False, max_examples=5_000
)
hypothesis.settings.load_profile("same")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other way to run, and let a worker see the database of each test."""
    other = "embedded" if settings.BROKER_URL else "stack"
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(other)])
    items[:] = [item for item in items if not item.get_closest_marker(other)]
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"cast", "database"} and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(transaction=bool(settings.BROKER_URL)))


@pytest.fixture(autouse=True)
def nothing_is_known_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process that has met no fault yet, and in which nobody did anything."""
    monkeypatch.setattr("chatsite.database._breaker", Breaker("the database"))
    monkeypatch.setattr("messaging.pipeline.publish._breaker", Breaker("the broker"))
    monkeypatch.setattr("chatsite.counters._breaker", Breaker("the table of limits"))
    limits.here.clear()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> None:
    """The database without anybody in it, and a running worker where there is a broker."""
    if settings.BROKER_URL:
        request.getfixturevalue("worker")


@pytest.fixture
def cast(database: None) -> Cast:
    """The people and channels of `tests.cast`."""
    return gather()


@pytest.fixture
def sends_mail(settings: Any, database: None) -> None:
    """The site has a mail server, and this process sends by itself what is to be read by `tests.mailbox`."""
    settings.SENDS_MAIL = True
    settings.BROKER_URL = ""
    cache.clear()  # what was asked for before counts no more


@pytest.fixture(scope="session")
def worker(django_db_setup: None) -> Iterator[int]:
    """A real Celery worker on the test's own database and queues; its process id."""
    with process_of_procfile("worker") as process:
        try:
            wait_for(every_queue_has_a_consumer, what="a consumer on every queue", timeout_s=60)
            yield process.pid
        finally:
            process.terminate()
            process.wait(timeout=30)
            remove_queues()


@pytest.fixture
def task_worker(tmp_path: Path) -> Iterator[Path]:
    """A real worker of background tasks where there is a broker; else the thread of this process is one.

    What such a worker mails is a file each in the folder.
    """
    if not settings.BROKER_URL:
        yield tmp_path
        return
    with process_of_procfile("tasks", EMAIL_URL=f"filemail:///{tmp_path}") as process:
        try:
            wait_for(somebody_reads_tasks, what="a consumer of background tasks", timeout_s=60)
            yield tmp_path
        finally:
            process.terminate()
            process.wait(timeout=30)


def somebody_reads_tasks() -> bool:
    with current_app.connection_for_read() as broker:
        channel: Any = broker.default_channel
        try:
            state = channel.queue_declare(tasks_queue().name, passive=True)
        except broker.channel_errors:
            return False  # not declared yet
        return bool(state.consumer_count)


def process_of_procfile(name: str, **variables: str) -> "subprocess.Popen[bytes]":
    """A process of deploy/Procfile on the test's own database and queues."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        "VENV": str(CHECKOUT / ".venv"),
        "DATABASE_URL": database_url(),
        "QUEUE_PREFIX": settings.QUEUE_PREFIX,
        **variables,
    }
    command = ["bash", "-c", line_of_procfile(name)]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment, start_new_session=True)


def remove_queues() -> None:
    """Leave nothing on the broker: what a test left behind must not reach the next run."""
    with current_app.connection_for_write() as broker:
        for queue in all_queues():
            queue(broker.default_channel).delete()


def database_url() -> str:
    """The URL of the database that this test process uses."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    return f"mysql://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"


def every_queue_has_a_consumer() -> bool:
    with current_app.connection_for_read() as broker:
        channel: Any = broker.default_channel
        try:
            return all(
                channel.queue_declare(queue.name, passive=True).consumer_count > 0
                for queue in persist_queues()
            )
        except broker.channel_errors:
            return False  # not declared yet
