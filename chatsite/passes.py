"""Letting somebody in on other grounds than their session, which is in the database."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from django.http import HttpRequest

View = TypeVar("View", bound=Callable[..., Any])


class Pass(Protocol):
    """What shows that a request comes from somebody who may make it."""

    @property
    def username(self) -> str: ...


class PassedRequest(HttpRequest):
    """One on which LoginRequired has noted the pass that it shows."""

    shown_pass: Pass | None


def lets_in_by(read: Callable[..., Pass | None]) -> Callable[[View], View]:
    """Let in whoever shows a pass, without a look at their session; it is `request.shown_pass` in the view.

    Arguments:
        read: gets the request and the parts of its address, and returns the pass, None when there is none
            that counts: then the session decides.
    """

    def mark(view: View) -> View:
        view.reads_pass = read  # type: ignore[attr-defined]  # a note on the function, as Django's own
        return view

    return mark


def pass_shown(request: HttpRequest, view: Callable[..., Any], arguments: dict[str, Any]) -> Pass | None:
    """The pass that `request` shows, when `view` lets in by one."""
    read = getattr(view, "reads_pass", None)
    shown: Pass | None = read(request, **arguments) if read else None
    return shown
