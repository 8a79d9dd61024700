"""What happens around every view: who may come in, in which time zone, and refusals turned into answers."""

import zoneinfo
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from chatsite.database import need_database
from chatsite.errors import ChatError, OtherPerson, WrongMethod
from chatsite.origin import acting_from
from chatsite.passes import PassedRequest, pass_shown
from chatsite.responses import page_of, refusal, unsent, wants_json

TIME_ZONE_COOKIE = "time_zone"
GUARDS = {
    "X-Content-Type-Options": "nosniff",  # it is what it says it is
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # no page of another site has any of it in it
}
# What this site never asks a browser for, whatever somebody smuggles into a page.
NO_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)


class Alive:
    """Answers /healthz: the process is alive. It stands first and asks nothing that may be away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)


class Guarded:
    """What every answer says, of whatever kind, also those that others cut short: it stands first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in GUARDS.items():
            response.headers.setdefault(name, value)
        if _is_html(response):
            response["Permissions-Policy"] = NO_PERMISSIONS
        return response


class PagePolicy(CSPMiddleware):
    """The content security policy, on pages alone: a browser runs nothing in other answers (nosniff)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not _is_html(response):
            return response
        guarded: HttpResponseBase = super().process_response(request, response)
        return guarded


class Private:
    """Keeps pages out of every cache: the back button after log-out must not show what was said.

    It says for whom a page is, so that the service worker forgets what it kept of anybody else.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["HX-Request"])
        if "immutable" in response["Cache-Control"]:
            del response["Vary"]  # a browser keeps it whatever becomes of its cookies
        is_page = response.status_code == HTTPStatus.OK and _is_html(response)
        # To look at `user` asks the database, which posts with a ticket go without.
        if is_page and hasattr(request, "user") and request.user.is_authenticated:
            response["X-Page-For"] = str(request.user.pk)
        return response


class Preloads:
    """Names in the `Link` header what a page is drawn with, so that it can be asked for before it is read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if preloads := getattr(request, "preloads", None):
            response["Link"] = ", ".join(preloads)
        return response


class LoginRequired(LoginRequiredMiddleware):
    """Sends who is not logged in to log in, and back to a page; never loses a text on the way.

    Who shows a pass comes in without a look at the session: see `chatsite.passes`. The others are told at
    once when the database is known to be away.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        shown = pass_shown(request, view, kwargs)
        request.shown_pass = shown  # type: ignore[attr-defined]  # a note on the request, as Django's `user`
        if shown is not None:
            return None
        need_database()
        return super().process_view(request, view, args, kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        if wants_json(request) or "HX-Request" in request.headers:
            return JsonResponse(
                {"code": "logged_out", "message": gettext("Please log in again.")}, status=401
            )
        page = page_of(request)
        if text := request.POST.get("text"):
            return unsent(request, text, next_url=page, status=401)
        return redirect_to_login(page)


class Origin:
    """Knows from which address what a request does is done, should anybody want to write it down."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_from(partial(self._address_of, request), is_visit=True):
            return self.get_response(request)

    @staticmethod
    def _address_of(request: HttpRequest) -> str:
        try:
            address: str = get_adapter(request).get_client_ip(request)
        except (PermissionDenied, ImproperlyConfigured):
            return ""  # a socket has none, and a proxy may have said too little
        return address


class SamePerson:
    """Refuses a form from a page that was made for somebody else, who logged out in another tab meanwhile.

    The page names its user in the field `author`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: PassedRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        expected, actual = request.POST.get("author", ""), self._username_of(request)
        if not expected or not actual or expected == actual:
            return None
        text = request.POST.get("text")
        if text and not wants_json(request):
            return unsent(request, text, next_url=page_of(request), status=OtherPerson.status)
        return refusal(request, OtherPerson())

    @staticmethod
    def _username_of(request: PassedRequest) -> str:
        """The name of who comes, "" when nobody is logged in."""
        shown = request.shown_pass
        return shown.username if shown else request.user.username


class ReaderTimeZone:
    """Shows times in the zone that the browser named in a cookie; in the site's without one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(self._zone_of(request)):
            return self.get_response(request)

    @staticmethod
    def _zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
        name = request.COOKIES.get(TIME_ZONE_COOKIE)
        try:
            return zoneinfo.ZoneInfo(name) if name else None
        except (KeyError, ValueError, OSError):
            return None  # it names no zone (a path, a folder): the site's own


class Refusals:
    """Answers a `ChatError` that a view let through, and a wrong method, as a page or as JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            told = refusal(request, WrongMethod())
            told["Allow"] = response["Allow"]
            return told
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal(request, error) if isinstance(error, ChatError) else None


def _is_html(response: HttpResponseBase) -> bool:
    return response.get("Content-Type", "").startswith("text/html")
