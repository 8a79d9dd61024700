"""The command doctor."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from kombu import Producer

from channels_app.models import Channel
from messaging.actions import discard_rejected
from messaging.models import RejectedMessage, Worker
from messaging.pipeline.queues import dead_letter_queue, persist_queues
from tests.cast import Cast
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


def findings() -> tuple[list[tuple[str, str]], int]:
    """What the doctor says, as (level, words), and its exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return [
        (finding["level"], f"{finding['what']} — {finding['advice']}")
        for finding in json.loads(out.getvalue())
    ], code


def saying(words: str) -> tuple[str, str]:
    """The one finding that has `words` in it."""
    [found] = [finding for finding in findings()[0] if words in finding[1]]
    return found


def test_a_table_of_limits_that_is_missing_is_wrong(cast: Cast, settings: Any) -> None:
    assert saying("limits are counted")[0] == "ok"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "nowhere"}}
    level, words = saying("there is no table nowhere")
    assert level == "wrong"
    assert "createcachetable" in words


def test_a_healthy_site_is_in_order(cast: Cast) -> None:
    out = io.StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) >= 8
    assert not [line for line in lines if line.startswith("wrong")]


def test_a_weak_secret_key_is_wrong(cast: Cast, settings: Any) -> None:
    settings.SECRET_KEY = "secret"
    level, _words = saying("SECRET_KEY is weak")
    assert level == "wrong"
    assert findings()[1] == 1


def test_a_key_that_others_can_read_is_warned_of_wherever_it_lies(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.SECRET_KEY_FILE = tmp_path / "key of its own"
    settings.SECRET_KEY_FILE.write_text(settings.SECRET_KEY)
    settings.SECRET_KEY_FILE.chmod(0o640)
    assert saying(f"{settings.SECRET_KEY_FILE} can be read by other users")[0] == "warning"
    settings.SECRET_KEY_FILE.chmod(0o600)
    assert saying("SECRET_KEY")[0] == "ok"


def test_doubtful_settings_are_warned_of(cast: Cast, settings: Any) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*"]
    assert saying("DEBUG is on")[0] == "warning"
    assert saying("ALLOWED_HOSTS has *")[0] == "warning"
    assert saying("HTTPS is off")[0] == "warning"
    assert findings()[1] == 0


@pytest.mark.stack
def test_storing_past_the_broker_is_warned_of(cast: Cast, settings: Any) -> None:
    assert not any("PERSIST_DIRECT" in words for _level, words in findings()[0])
    settings.PERSIST_DIRECT = True
    assert saying("PERSIST_DIRECT is on")[0] == "warning"


@pytest.fixture
def lazy_commits() -> Iterator[None]:
    """The database says that a commit is done before it is on the disk."""

    def flush_at_commit(value: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = %s", [value])

    flush_at_commit(2)
    yield
    flush_at_commit(1)


@pytest.mark.stack
def test_a_database_that_commits_in_memory_is_warned_of(cast: Cast, lazy_commits: None) -> None:
    level, words = saying("innodb_flush_log_at_trx_commit")
    assert level == "warning"
    assert "not on the disk" in words


def test_rejected_messages_are_warned_of_until_they_are_decided(cast: Cast) -> None:
    rejected = RejectedMessage.objects.create(
        envelope="{}", reason="not_storable", rejected_at=timezone.now()
    )
    assert saying("rejected messages that nobody has decided: 1")[0] == "warning"
    discard_rejected(cast.alice, rejected)
    assert not any("rejected messages" in words for _level, words in findings()[0])


def test_a_folder_that_is_not_there_is_wrong(cast: Cast, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "gone"
    assert saying("can't be written")[0] == "wrong"


def test_static_files_that_are_not_collected_are_wrong(cast: Cast, settings: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "chat.css").write_text("body {}")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    assert saying("1 of 1 static files")[0] == "wrong"
    call_command("collectstatic", "--noinput", verbosity=0)
    assert saying("1 static files are collected")[0] == "ok"
    (source / "new.css").write_text("body {}")
    assert "new.css" in saying("1 of 2 static files")[1]


def test_a_missing_public_channel_is_wrong(database: None) -> None:
    Channel.objects.all().delete()
    assert saying("#public is missing")[0] == "wrong"
    call_command("create_channel", "public", stdout=io.StringIO())
    assert saying("#public is there")[0] == "ok"


@pytest.fixture
def missing_migration(database: None, transactional_db: None) -> Iterator[tuple[str, str]]:
    migration = ("messaging", "0001_initial")
    MigrationRecorder(connection).record_unapplied(*migration)
    yield migration
    MigrationRecorder(connection).record_applied(*migration)


def test_a_migration_that_is_not_applied_is_wrong(missing_migration: tuple[str, str]) -> None:
    level, words = saying(f"1 migrations are not applied ({'.'.join(missing_migration)}")
    assert level == "wrong"
    assert "manage.py migrate" in words


def test_a_check_that_breaks_stops_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_options: 1 / 0)
    found, code = findings()
    assert code == 1
    assert any("ZeroDivisionError" in words for _level, words in found)
    assert any("#public is there" in words for _level, words in found)


@pytest.mark.embedded
def test_without_a_broker_nothing_is_amiss(cast: Cast) -> None:
    assert saying("broker: none")[0] == "ok"


@pytest.mark.stack
def test_queues_and_their_workers_are_looked_at(cast: Cast, settings: Any) -> None:
    assert saying("broker: RabbitMQ")[0] == "ok"
    for queue in persist_queues():
        assert saying(f"queue {queue.name}:")[0] == "ok"
    settings.QUEUE_PREFIX = f"{settings.QUEUE_PREFIX}.doctor"
    name = persist_queues()[0].name
    assert saying(f"queue {name} is missing")[0] == "wrong"
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        try:
            persist_queues()[0](channel).declare()
            assert saying(f"queue {name} has no worker")[0] == "wrong"
            channel.queue_delete(name)
            channel.queue_declare(name, durable=True, auto_delete=False)
            assert saying(f"queue {name} was declared otherwise")[0] == "wrong"
        finally:
            channel.queue_delete(name)


@pytest.mark.stack
def test_workers_are_looked_for_in_the_roster(cast: Cast) -> None:
    wait_for(Worker.objects.exists, what="the worker in the roster")
    assert saying("workers: ")[0] == "ok"


@pytest.mark.stack
def test_no_worker_in_the_roster_is_warned_of(transactional_db: None, no_worker: None) -> None:
    assert saying("no worker is in the roster")[0] == "warning"


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests' own worker may be there: it is taken for one that was last seen too long ago.
    monkeypatch.setattr("messaging.pipeline.figures.FRESH_S", -1)


@pytest.fixture
def channel() -> Iterator[Any]:
    with current_app.connection_for_write() as broker:
        yield broker.default_channel


def put(channel: Any, name: str) -> None:
    Producer(channel).publish("a message", routing_key=name)
    wait_for(
        lambda: channel.queue_declare(name, passive=True).message_count == 1, what="the message in its queue"
    )


@pytest.mark.stack
def test_messages_in_a_queue_left_over_are_found(cast: Cast, settings: Any, channel: Any) -> None:
    settings.QUEUE_PREFIX = f"{settings.QUEUE_PREFIX}.left"
    *_kept, left, last = persist_queues()
    settings.PERSIST_QUEUES -= 2
    try:
        for queue in (left, last):
            queue(channel).declare()
        put(channel, left.name)
        level, words = saying(f"queue {left.name} is from before PERSIST_QUEUES became 2")
        assert level == "wrong"
        assert "messages waiting: 1 — restart the workers" in words
        assert not any(last.name in words for _level, words in findings()[0])
    finally:
        for queue in (left, last):
            channel.queue_delete(queue.name)
        channel.exchange_delete(left.exchange.name)


@pytest.mark.stack
def test_messages_that_the_broker_gave_up_are_wrong(cast: Cast, settings: Any, channel: Any) -> None:
    settings.QUEUE_PREFIX = f"{settings.QUEUE_PREFIX}.given.up"
    dead = dead_letter_queue()
    try:
        dead(channel).declare()
        assert not any("gave up" in words for _level, words in findings()[0])
        put(channel, dead.name)
        assert saying(f"queue {dead.name} holds 1 messages that the broker gave up")[0] == "wrong"
    finally:
        channel.queue_delete(dead.name)
        channel.exchange_delete(dead.exchange.name)


def run_apart(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """manage.py in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatsite.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_survives_a_database_and_a_broker_that_hang() -> None:
    with socket.create_server(("127.0.0.1", 0)) as database, socket.create_server(("127.0.0.1", 0)) as broker:
        began = time.monotonic()
        done = run_apart(
            "doctor",
            DATABASE_URL=f"mysql://chat:secret@127.0.0.1:{database.getsockname()[1]}/chat",
            BROKER_URL=f"amqp://chat:secret@127.0.0.1:{broker.getsockname()[1]}/",
        )
        took_s = time.monotonic() - began
    assert done.returncode == 1
    assert "wrong: the database does not answer" in done.stdout
    assert "wrong: the broker does not answer within 3 s" in done.stdout
    assert "secret" not in done.stdout
    assert done.stderr == ""
    assert took_s < 20


def test_a_command_without_its_database_says_so_in_a_line(tmp_path: Path) -> None:
    done = run_apart("subscribe", "bob", "public", DATABASE_URL=f"sqlite:///{tmp_path}/no/such/chat.sqlite3")
    assert done.returncode == 1
    assert "The database can't be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    ["create_channel", "create_user", "demo", "doctor", "pipeline", "post", "subscribe", "unsubscribe"],
)
def test_every_command_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command(command, "--help")
    assert end.value.code == 0
    assert "usage:" in capsys.readouterr().out
