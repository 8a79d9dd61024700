"""Answers of more than one view: refusals, in the form the caller asked for, and what browsers may keep."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from chatsite.errors import ChatError, NotFound, NotNow

# Addresses below a channel or a message that are no pages: nobody should land there after logging in.
FRAGMENTS_AND_BUTTONS = frozenset(
    {"messages", "changes", "sidebar", "join", "unsubscribe", "clear", "read", "unread", "mute", "status"}
)


def kept_offline(page: HttpResponse) -> HttpResponse:
    """`page`, which the reader's browser may show again while the server can't be reached."""
    page["X-Page-Kept"] = "1"
    return page


def leaves_nothing_behind(log_out: Callable[..., Any]) -> Callable[..., Any]:
    """Has the browser forget what it holds of this site's answers, pages that Back would bring included.

    Not its storage: there, what others wrote waits for them, and the names of messages taken back, which the
    server has still to be told. The page's scripts erase what is this person's. On plain HTTP browsers refuse
    it with an error.
    """

    @wraps(log_out)
    def leave(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = log_out(request, *args, **kwargs)
        if request.method == "POST" and request.is_secure():
            response["Clear-Site-Data"] = '"cache"'
        return response

    return leave


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program that asked for JSON, not a person looking at a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def page_of(request: HttpRequest) -> str:
    """The address of the page that the request came from or belongs to, to come back to."""
    match = request.resolver_match
    if match is None or (request.method in ("GET", "HEAD") and match.url_name not in FRAGMENTS_AND_BUTTONS):
        return request.get_full_path()
    if "slug" in match.kwargs:
        return reverse("messaging:channel", args=[match.kwargs["slug"]])
    if "client_id" in match.kwargs:
        return reverse("messaging:permalink", kwargs=match.kwargs)
    return request.path if request.method in ("GET", "HEAD") else reverse("home")


def unsent(request: HttpRequest, text: str, *, next_url: str, status: int) -> HttpResponse:
    """A page that keeps `text`, which could not be sent by somebody who is not logged in."""
    context = {"text": text, "next_url": next_url, "status": status}
    return render(request, "logged_out.html", context, status=status)


def refusal(request: HttpRequest, error: ChatError) -> HttpResponse:
    """The answer to `error`: its status, with its code and message."""
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"code": error.code, "message": str(error.message)}, status=error.status)
    else:
        template = "404.html" if isinstance(error, NotFound) else "refused.html"
        context = {"message": error.message, "status": error.status}
        response = render(request, template, context, status=error.status)
    if isinstance(error, NotNow):
        response["Retry-After"] = str(error.retry_after_s)
    return response
