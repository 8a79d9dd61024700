"""The command pipeline: what waits, who stores it, how long it takes, and what is wrong."""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from kombu import Producer

from channels_app.models import Channel
from messaging.management.commands import pipeline
from messaging.models import Message, RejectedMessage, Worker
from messaging.pipeline.accept import accept
from messaging.pipeline.queues import dead_letter_queue, persist_queues
from tests.cast import Cast, say
from tests.conftest import database_url
from tests.site import CHECKOUT
from tests.waiting import wait_for


def look() -> tuple[dict[str, Any], int]:
    """What `pipeline --json` prints, and its exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command("pipeline", "--json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return json.loads(out.getvalue()), code


def lines() -> list[str]:
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("pipeline", stdout=out)
    return out.getvalue().splitlines()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def channel() -> Iterator[Any]:
    with current_app.connection_for_write() as broker:
        yield broker.default_channel


@pytest.fixture
def idle_queues(settings: Any, channel: Any) -> Iterator[list[str]]:
    """Queues of the test's own that no worker reads: their names."""
    settings.QUEUE_PREFIX = f"{settings.QUEUE_PREFIX}.idle"
    queues = [*persist_queues(), dead_letter_queue()]
    for queue in queues:
        queue(channel).declare()
    yield [queue.name for queue in queues]
    for queue in queues:
        channel.queue_delete(queue.name)
    channel.exchange_delete(queues[0].exchange.name)


def put(channel: Any, name: str) -> None:
    before = channel.queue_declare(name, passive=True).message_count
    Producer(channel).publish("a message", routing_key=name)
    wait_for(
        lambda: channel.queue_declare(name, passive=True).message_count == before + 1,
        what="the message in its queue",
    )


@pytest.mark.stack
def test_a_healthy_pipeline_shows_queues_workers_and_times(cast: Cast, settings: Any) -> None:
    say(cast.bob, cast.public, "hello")
    wait_for(Worker.objects.exists, what="the worker to sign in again, after the table was emptied")
    found, code = look()
    assert code == 0, found["wrong"]
    queues = found["broker"]["queues"]
    assert [queue["name"] for queue in queues] == [queue.name for queue in persist_queues()]
    assert all(queue["consumers"] == 1 and queue["waiting"] == 0 for queue in queues)
    [worker] = [worker for worker in found["database"]["workers"] if worker["is_fresh"]]
    assert worker["seen_s_ago"] < 5
    assert found["database"]["dwell_of"] == 1
    assert 0 <= found["database"]["dwell_p50_ms"] == found["database"]["dwell_p99_ms"] < 10_000
    wait_for(lambda: lines()[0].endswith("oldest -"), what="the worker to say that it holds nothing")
    shown = lines()
    assert shown[0].startswith(f"{queues[0]['name']}  waiting       0  consumers 1  oldest -")
    assert any(line.startswith(f"worker {worker['host']}:{worker['pid']}  seen ") for line in shown)
    assert any(line.startswith("dwell of the newest 1 stored: p50 ") for line in shown)


@pytest.mark.embedded
def test_without_a_broker_messages_are_stored_in_the_request(cast: Cast) -> None:
    say(cast.bob, cast.public, "hello")
    found, code = look()
    assert code == 0
    assert found["broker"]["is_used"] is False
    assert lines()[0] == "broker: none, messages are stored in the request"
    call_command("pipeline", "--wait-empty", stdout=io.StringIO())


def test_the_dwell_time_is_told_in_percentiles(cast: Cast) -> None:
    for number in range(4):
        say(cast.bob, cast.public, f"message {number}")
    for message, seconds in zip(Message.objects.order_by("pk"), (1, 2, 3, 40), strict=True):
        message.accepted_at = message.stored_at - timedelta(seconds=seconds)
        message.save(update_fields=["accepted_at"])
    database = look()[0]["database"]
    assert (database["dwell_of"], database["dwell_p50_ms"], database["dwell_p99_ms"]) == (4, 2000, 40000)


def test_rejected_messages_are_counted_open_and_in_all(cast: Cast) -> None:
    for digest, outcome in (("a", ""), ("b", "discarded"), ("c", "")):
        RejectedMessage.objects.create(
            digest=digest,
            outcome=outcome,
            envelope="{}",
            reason="no_such_channel",
            rejected_at=timezone.now(),
        )
    assert "rejected: 2 open, 3 in all" in lines()


@pytest.mark.stack
def test_a_queue_without_a_consumer_is_wrong(cast: Cast, idle_queues: list[str], channel: Any) -> None:
    put(channel, idle_queues[1])
    found, code = look()
    assert code == 1
    assert f"queue {idle_queues[1]} has no consumer" in found["wrong"]
    assert [queue["waiting"] for queue in found["broker"]["queues"]] == [0, 1, 0, 0]
    assert f"wrong: queue {idle_queues[1]} has no consumer" in lines()


@pytest.mark.stack
def test_a_missing_queue_is_wrong(cast: Cast, settings: Any) -> None:
    settings.QUEUE_PREFIX = "never.declared"
    found, code = look()
    assert code == 1
    assert "queue never.declared.persist.0 is missing" in found["wrong"]


@pytest.mark.stack
def test_what_waits_is_no_older_than_the_newest_message_stored(
    cast: Cast, idle_queues: list[str], channel: Any, settings: Any
) -> None:
    message = say_in_the_request(cast, settings)
    message.accepted_at -= timedelta(seconds=30)
    message.save(update_fields=["accepted_at"])
    own = cast.public.pk % settings.PERSIST_QUEUES
    other = (own + 1) % settings.PERSIST_QUEUES
    put(channel, idle_queues[own])
    put(channel, idle_queues[other])
    queues = look()[0]["broker"]["queues"]
    assert 30 <= queues[own]["oldest_s_at_most"] < 60
    assert "oldest at most 3" in lines()[own]
    assert queues[other]["oldest_s_at_most"] is None
    assert "oldest unknown" in lines()[other]


def say_in_the_request(cast: Cast, settings: Any) -> Any:
    settings.PERSIST_DIRECT = True
    return say(cast.bob, cast.public, "stored at once")


@pytest.mark.stack
def test_queues_left_over_are_shown_and_wrong_while_nobody_empties_them(
    cast: Cast, idle_queues: list[str], channel: Any, settings: Any
) -> None:
    settings.PERSIST_QUEUES -= 2
    wrong = look()[0]["wrong"]
    assert not [words for words in wrong if idle_queues[2] in words or idle_queues[3] in words]
    put(channel, idle_queues[3])
    found, _code = look()
    assert [queue["is_leftover"] for queue in found["broker"]["queues"]] == [False, False, True, True]
    assert f"queue {idle_queues[3]} has no consumer" in found["wrong"]


@pytest.mark.stack
def test_messages_that_the_broker_gave_up_are_wrong(cast: Cast, idle_queues: list[str], channel: Any) -> None:
    assert not [words for words in look()[0]["wrong"] if "gave up" in words]
    put(channel, idle_queues[-1])
    assert "messages that the broker gave up: 1" in look()[0]["wrong"]


@pytest.mark.stack
def test_the_broker_away_is_wrong_and_the_database_is_told_all_the_same(cast: Cast, settings: Any) -> None:
    say(cast.bob, cast.public, "hello")
    settings.BROKER_URL = f"amqp://chat:hush@127.0.0.1:{closed_port()}//"
    found, code = look()
    assert code == 1
    [words] = found["wrong"]
    assert words.startswith("the broker can't be reached")
    assert "hush" not in words
    assert found["database"]["dwell_of"] == 1


@pytest.mark.stack
def test_the_database_away_is_wrong_and_the_queues_are_told_all_the_same(cast: Cast, settings: Any) -> None:
    port = closed_port()
    done = run_apart("pipeline", "--json", DATABASE_URL=f"mysql://chat:hush@127.0.0.1:{port}/chat")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    [words] = found["wrong"]
    assert words.startswith("the database can't be used")
    assert "hush" not in words
    assert all(queue["consumers"] == 1 for queue in found["broker"]["queues"])


@pytest.mark.stack
def test_it_ends_although_both_hang(cast: Cast) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = run_apart(
            "pipeline",
            DATABASE_URL=f"mysql://chat:hush@127.0.0.1:{port}/chat",
            BROKER_URL=f"amqp://chat:hush@127.0.0.1:{port}//",
        )
    assert done.returncode == 1
    assert [line.split(":")[1] for line in done.stdout.splitlines()] == [
        " the database can't be used",
        " the broker can't be reached",
    ]


@pytest.mark.stack
def test_waiting_until_empty_ends_when_the_worker_has_stored_everything(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SETTLE_S", 1.0)
    out = io.StringIO()
    call_command("pipeline", "--wait-empty", "30", stdout=out)
    assert out.getvalue() == "Nothing waits.\n"


@pytest.mark.stack
def test_waiting_until_empty_gives_up_in_time_and_says_why(
    cast: Cast, idle_queues: list[str], channel: Any, settings: Any
) -> None:
    # Nobody can hold anything of queues without a consumer: what is empty is so at once.
    call_command("pipeline", "--wait-empty", "30", stdout=io.StringIO())
    put(channel, idle_queues[0])
    with pytest.raises(CommandError, match="has no consumer") as refusal:
        call_command("pipeline", "--wait-empty", "0.1", stdout=io.StringIO())
    assert refusal.value.returncode == 1
    settings.BROKER_URL = f"amqp://chat:hush@127.0.0.1:{closed_port()}//"
    with pytest.raises(CommandError, match="the broker can't be reached"):
        call_command("pipeline", "--wait-empty", "0.1", stdout=io.StringIO())


@pytest.mark.stack
def test_the_oldest_message_is_known_while_a_worker_holds_it(cast: Cast, settings: Any) -> None:
    wait_for(Worker.objects.exists, what="the worker in the roster")
    partition = cast.public.pk % settings.PERSIST_QUEUES

    def oldest_s() -> float:
        return look()[0]["broker"]["queues"][partition]["oldest_s"] or 0.0

    began_at = time.monotonic()
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=cast.public.pk)
        for text in ("first", "second"):
            accept(cast.bob, cast.public, text=text, client_id=uuid.uuid4())
        first = wait_for(oldest_s, what="the worker to say what it holds")
        assert first <= time.monotonic() - began_at
        assert re.search(r"oldest [0-9.]+ s$", lines()[partition])
        wait_for(lambda: oldest_s() > first + 1, what="its age to grow")
        assert oldest_s() <= time.monotonic() - began_at
    wait_for(lambda: Message.objects.count() == 2, what="both to be stored")
    wait_for(lambda: lines()[partition].endswith("oldest -"), what="nothing in hand")


def nothing_shows() -> bool:
    return not any(queue["waiting"] for queue in look()[0]["broker"]["queues"])


@pytest.mark.stack
def test_what_a_worker_holds_that_gets_no_further_is_not_taken_for_stored(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SETTLE_S", 2.0)  # it says every second what it holds
    wait_for(Worker.objects.exists, what="the worker in the roster")
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=cast.public.pk)
        accepted = accept(cast.bob, cast.public, text="held", client_id=uuid.uuid4())
        wait_for(nothing_shows, what="the worker to hold it")

        with pytest.raises(CommandError, match="in the hands of workers: 1"):
            call_command("pipeline", "--wait-empty", "5", stdout=io.StringIO())

        assert any(", 1 in hand" in line for line in lines())
    call_command("pipeline", "--wait-empty", "30", stdout=io.StringIO())
    assert Message.objects.get().client_id == accepted.client_id


@pytest.mark.stack
@pytest.mark.long
def test_what_a_paused_worker_holds_is_not_taken_for_stored(cast: Cast, worker: int) -> None:
    wait_for(Worker.objects.exists, what="the worker in the roster")
    os.kill(worker, signal.SIGSTOP)
    try:
        accepted = accept(cast.bob, cast.public, text="held", client_id=uuid.uuid4())
        wait_for(nothing_shows, what="the worker to hold it")
        with pytest.raises(CommandError, match="messages may be with a silent worker"):
            call_command("pipeline", "--wait-empty", "10", stdout=io.StringIO())
        assert not Message.objects.exists()
    finally:
        os.kill(worker, signal.SIGCONT)
    call_command("pipeline", "--wait-empty", "30", stdout=io.StringIO())
    assert Message.objects.get().client_id == accepted.client_id


@pytest.mark.parametrize("option", ["--watch", "--wait-empty"])
@pytest.mark.parametrize("value", ["soon", "0", "-1", "inf", "nan"])
def test_what_is_no_time_is_refused(option: str, value: str) -> None:
    with pytest.raises(CommandError, match="a number of seconds"):
        call_command("pipeline", f"{option}={value}")


@pytest.mark.stack
def test_watching_looks_again_until_ctrl_c(cast: Cast) -> None:
    with subprocess.Popen(
        [sys.executable, "manage.py", "pipeline", "--watch", "0.1", "--json"],
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background hand down that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        looks = [json.loads(process.stdout.readline()) for _look in range(2)]
        process.send_signal(signal.SIGINT)
        _rest, complaints = process.communicate(timeout=30)
    assert [look["wrong"] for look in looks] == [[], []]
    assert (process.returncode, complaints) == (0, "")


def environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        "DATABASE_URL": database_url(),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def run_apart(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """manage.py in a process of its own, on the test's database and broker but for `more`."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
