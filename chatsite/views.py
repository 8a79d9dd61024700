"""What the site says when something broke."""

import sys
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from chatsite.database import is_away
from chatsite.errors import ChatError, NotAllowed, Unavailable
from chatsite.responses import page_of, refusal, unsent, wants_json


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form was sent without its token: the page was open too long, or it came from elsewhere."""
    if wants_json(request):
        return refusal(request, NotAllowed(_("Please log in again."), code="csrf_failed"))
    if request.path == reverse("account_login") and request.user.is_authenticated:
        return redirect("home")  # logged in from another tab meanwhile
    if text := request.POST.get("text"):
        return unsent(request, text, next_url=page_of(request), status=403)
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent is too much, or damaged."""
    if wants_json(request):
        return refusal(request, ChatError(_("What was sent is too large or damaged."), code="malformed"))
    return HttpResponse(render_to_string("400.html", {"site_name": settings.SITE_NAME}), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an exception nobody caught: 503 while the database is away, else 500.

    It stands on nothing that may be broken: no database, no session, no context processor. A text that could
    not be sent for the moment comes back with it, in the form that it came in: sent again it is the same
    message.
    """
    fault = sys.exc_info()[1]
    if isinstance(fault, OperationalError | InterfaceError):
        response = _away(request)
        # That it is away is logged once, shortly; Django would add a traceback for each request.
        response._has_been_logged = is_away(fault)  # type: ignore[attr-defined]  # Django's note to itself
        return response
    return HttpResponse(render_to_string("500.html", {"site_name": settings.SITE_NAME}), status=500)


def _away(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return refusal(request, Unavailable())
    context: dict[str, Any] = {"site_name": settings.SITE_NAME}
    context |= {"page": page_of(request), "address": request.get_full_path()}
    context["fields"] = fields = request.POST.dict()
    context["text"] = fields.pop("text", "")
    response = HttpResponse(render_to_string("503.html", context), status=503)
    response["Retry-After"] = str(Unavailable.retry_after_s)
    return response
