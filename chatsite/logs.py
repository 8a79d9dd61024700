"""How log lines look: one line per record whatever is in it, for people or, as JSON, for machines.

What a call gives as `extra` is in its line. Django, Celery and gunicorn all log through `logging_settings`.
"""

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

FORMATS = ("line", "json")

_OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
# What ends a line, moves a terminal's cursor or turns the writing around: it would forge or hide lines.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PLAIN_WORD = re.compile(r"[^\s\"'={}\[\],]+")


def logging_settings(log_format: str, *, level: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes: every logger's lines on standard error, in `log_format`."""
    formatter = "chatsite.logs.JsonLine" if log_format == "json" else "chatsite.logs.PlainLine"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handler mails admins and repeats every 4xx; the root's one line is enough.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            # Every connect and every task would be a line; what we do with a message logs itself.
            "celery": {"level": "DEBUG" if level == "DEBUG" else "WARNING"},
            "gunicorn.error": {"handlers": [], "propagate": True},
            "gunicorn.access": {"handlers": [], "propagate": True},
        },
    }


class JsonLine(logging.Formatter):
    """A JSON object per record: at, level, logger, process, message, every `extra`, and the exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": _time_of(record),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        for name, value in _extras_of(record):
            line.setdefault(name, value)
        if trace := _trace_of(self, record):
            line["exception"] = trace
        # ASCII alone, so that neither a locale nor an odd line separator can break it.
        return json.dumps(line, ensure_ascii=True)


class PlainLine(logging.Formatter):
    """A line to read: time, level, logger, message, then every `extra` and the exception as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_time_of(record)} {record.levelname} {record.name}: {record.getMessage()}"
        fields = [f"{name}={_shown(value)}" for name, value in _extras_of(record)]
        if trace := _trace_of(self, record):
            fields.append(f"exception={_shown(trace)}")
        return _CONTROLS.sub(_escaped, " ".join([line, *fields]))


def _time_of(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _extras_of(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    for name, value in vars(record).items():
        if name not in _OF_EVERY_RECORD:
            yield name, _of_jsons_types(value)


def _of_jsons_types(value: object) -> Any:
    """`value` if JSON knows it, else its text: a request, an exception, a UUID."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_of_jsons_types(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _of_jsons_types(one) for name, one in value.items()}
    # A float may be NaN or infinite, which JSON has no word for.
    return value if isinstance(value, float) and abs(value) < float("inf") else str(value)


def _trace_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    trace = formatter.formatException(record.exc_info) if record.exc_info else ""
    return "\n".join(filter(None, [trace, record.stack_info]))


def _shown(value: object) -> str:
    if isinstance(value, str) and _PLAIN_WORD.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
