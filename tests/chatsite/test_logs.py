"""Log lines: one per record whatever is in it, in both forms, from every kind of process."""

import json
import logging
import os
import re
import signal
import sys
import uuid
from typing import Any

import psutil
import pytest

from chatsite.logs import JsonLine, PlainLine
from tests.site import Part, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def record(message: str, *values: object, **extra: object) -> logging.LogRecord:
    logger = logging.getLogger("tests.of.logs")
    return logger.makeRecord(logger.name, logging.WARNING, __file__, 1, message, values, None, extra=extra)


def failed_record() -> logging.LogRecord:
    try:
        raise ValueError("bad\nnews")
    except ValueError:
        failed = record("it failed")
        failed.exc_info = sys.exc_info()
    return failed


def as_json(one: logging.LogRecord) -> dict[str, Any]:
    line = JsonLine().format(one)
    assert len(line.splitlines()) == 1
    fields: dict[str, Any] = json.loads(line)
    return fields


def as_line(one: logging.LogRecord) -> str:
    line = PlainLine().format(one)
    assert len(line.splitlines()) == 1
    return line


def test_a_record_is_a_json_object_with_its_time_in_utc() -> None:
    fields = as_json(record("%s is %s", "it", "here"))
    assert TIME.fullmatch(fields.pop("at"))
    assert fields == {
        "level": "WARNING",
        "logger": "tests.of.logs",
        "process": os.getpid(),
        "message": "it is here",
    }


def test_every_extra_is_in_the_json_object() -> None:
    client_id = uuid.uuid4()
    fields = as_json(
        record("stored", client_ids=[client_id], dwell_ms_most=12, share=0.5, odd=float("nan"), of={1: None})
    )
    assert fields["client_ids"] == [str(client_id)]
    assert (fields["dwell_ms_most"], fields["share"]) == (12, 0.5)
    assert fields["odd"] == "nan"
    assert fields["of"] == {"1": None}


def test_an_extra_takes_no_field_of_ours() -> None:
    assert as_json(record("as it was", level="forged", at="never"))["level"] == "WARNING"


def test_an_exception_is_a_field_of_its_record() -> None:
    trace = as_json(failed_record())["exception"]
    assert trace.startswith("Traceback")
    assert trace.endswith("ValueError: bad\nnews")


def test_a_plain_line_ends_with_every_extra() -> None:
    line = as_line(record("accepted", client_id="ab-12", channel_id=3, topic='two "words"', ids=["a", "b"]))
    assert TIME.match(line)
    assert line.endswith(
        "Z WARNING tests.of.logs: accepted"
        r' client_id=ab-12 channel_id=3 topic="two \"words\"" ids=["a", "b"]'
    )
    assert 'exception="Traceback' in as_line(failed_record())
    assert as_line(failed_record()).endswith(r'ValueError: bad\nnews"')


@pytest.mark.parametrize("breaker", ["\n", "\r", "\x1b[2K", "\x85", "\u2028", "\u202e", "\x00"])
def test_nothing_in_a_record_makes_a_second_line(breaker: str) -> None:
    forged = f"said{breaker}2026-01-01T00:00:00.000Z ERROR forged"
    for one in (record(forged), record("said", text=forged)):
        assert breaker not in as_line(one)
        assert as_json(one)


def lines_of(part: Part) -> list[dict[str, Any]]:
    """What a part of the site has logged; each line has to be JSON."""
    return [json.loads(line) for line in part.log.read_text().splitlines()]


def test_gunicorn_and_django_log_json_when_they_are_told_to() -> None:
    with Site.embedded(LOG_FORMAT="json", CHAT_WELCOME="") as site, site.explained():
        [server] = psutil.Process(site.web.pid).children()
        os.kill(server.pid, signal.SIGKILL)
        # What watches over the workers says so, in words of gunicorn's own.
        said = wait_for(lambda: lines_after_start(site), what="a line about the worker that was killed")
    assert said[0]["logger"] == "gunicorn.error"
    assert said[0]["level"] in ("WARNING", "ERROR")


def lines_after_start(site: Site) -> list[dict[str, Any]]:
    words = site.web.log.read_text().splitlines()
    return [json.loads(line) for line in words if "gunicorn.error" in line]


@pytest.mark.stack
def test_a_message_is_followed_from_accept_to_store() -> None:
    with Site.stack(LOG_FORMAT="json") as site, site.explained(), Visitor(site.url, "bob") as bob:
        bob.sign_up()
        client_id = str(bob.say("/channels/public/", "where is it?"))
        assert site.worker is not None
        worker = site.worker
        accepted = wait_for(
            lambda: [line for line in lines_of(site.web) if line.get("client_id") == client_id],
            what="the line of the web process",
        )
        stored = wait_for(
            lambda: [line for line in lines_of(worker) if client_id in line.get("client_ids", [])],
            what="the line of the worker",
        )
    assert accepted[0]["message"] == "accepted"
    assert accepted[0]["way"] == "queue"
    assert stored[0]["message"] == "stored"
    assert stored[0]["dwell_ms_most"] >= 0
