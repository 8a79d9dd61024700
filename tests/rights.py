"""What the tables of rights are made of: what somebody gets, and all addresses and actions that there are."""

import inspect
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from chatsite.errors import ChatError

# + done, - refused, 0 not found, x not for this method, s not by this server; L: to be logged in first, A: to
# type the password again.
LETTERS = {403: "-", 409: "-", 422: "-", 404: "0", 405: "x", 503: "s"}


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def send(client: Client, method: str, address: str, fields: dict[str, Any]) -> Any:
    def filled(value: Any) -> Any:
        return value.replace("{new}", str(uuid.uuid4())) if isinstance(value, str) else value

    entry = {name: filled(value) for name, value in fields.items()}
    return client.post(address, entry) if method == "POST" else client.get(address, entry)


def answer_of(response: Any) -> str:
    where = response.get("Location", "")
    if response.status_code == 401 or where.startswith(("/accounts/login/?", "/admin/login/")):
        return "L"
    if where.startswith(("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/")):
        return "A"
    if response.status_code < 400:
        return "-" if has_refused(response) else "+"
    return LETTERS.get(response.status_code, str(response.status_code))


def has_refused(response: Any) -> bool:
    """Whether it is a form again, with what is wrong with it: not all have a status that says so."""
    shown = (getattr(response, "context", None) or {}).get("form")
    return response.wsgi_request.method == "POST" and bool(getattr(shown, "errors", None))


def outcome_of(act: Callable[[], object]) -> str:
    """What becomes of a call of an action, which is undone."""
    try:
        with undone():
            act()
    except ChatError as error:
        return LETTERS[error.status]
    return "+"


def routes() -> Iterator[str]:
    """Every address as it stands in the URL conf; a regular expression as `path` would have it."""

    def below(patterns: list[URLPattern | URLResolver], start: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from below(pattern.url_patterns, start + str(pattern.pattern))
            else:
                yield start + _plain(str(pattern.pattern))

    return below(get_resolver().url_patterns, "")


def actions_of(app: ModuleType) -> set[str]:
    """The names of its actions that ask who acts."""
    return {
        name
        for name in app.__all__
        if inspect.isfunction(action := inspect.unwrap(getattr(app, name)))
        and next(iter(inspect.signature(action).parameters), "") == "actor"
    }


def _plain(pattern: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", pattern).strip("^$")
