"""The endpoint of streams, `GET /live/`: from the hub to a browser, as server-sent events.

An ASGI application beside Django, not a view: Django keeps a thread for each request that is open, as long as
any of its middleware is synchronous, and with it the thread's database connection.
"""

import json
import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language_from_request, gettext, override

from chatsite.live.hub import Hub, Refused
from chatsite.live.stream import Receive, Send, Stream
from messaging.forms import BrowserForm
from messaging.live import DatabaseSource

MOST_OPEN = 20  # channels in one stream

GUARDS = [(b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin")]
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    *GUARDS,
]
STATUSES = {
    "malformed": 400,
    "logged_out": 401,
    "wrong_method": 405,
    "too_many_streams": 429,
    "unavailable": 503,
}
RETRY_AFTER_S = {"too_many_streams": 30, "unavailable": 3}

Application: TypeAlias = Callable[[Any, Receive, Send], Awaitable[None]]


@login_not_required
def no_streams(request: HttpRequest) -> JsonResponse:
    """The answer of servers that can't stream (runserver, gthread): pages ask for changes by themselves."""
    words = gettext("This server has no streams.")
    answer = JsonResponse({"code": "no_streams", "message": words}, status=503)
    answer["Cache-Control"] = "no-store"
    return answer


class LiveStreams:
    """Wraps the ASGI application of all other pages, and serves the streams itself."""

    def __init__(self, pages: Application) -> None:
        self._pages = pages
        self._path = reverse("messaging:live")
        self._hub = Hub(
            DatabaseSource, most=settings.LIVE_STREAMS, most_per_user=settings.LIVE_STREAMS_PER_USER
        )

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path:
            await self._serve(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    def end(self) -> None:
        """End all streams: the server stops. Called in the event loop."""
        self._hub.end()

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        request = ASGIRequest(scope, BytesIO())
        language = get_language_from_request(request)
        try:
            stream = _stream_of(request, language, send)
            if scope["method"] != "GET":
                raise Refused("wrong_method")
            if not stream.session_key:
                raise Refused("logged_out")
            first = await self._hub.admit(stream)
        except Refused as refused:
            await _refuse(refused.code, language, send, has_body=scope["method"] != "HEAD")
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await stream.run(receive, first)
        finally:
            self._hub.leave(stream)


def _stream_of(request: ASGIRequest, language: str, send: Send) -> Stream:
    """The stream that is asked for.

    Raises:
        Refused: it is asked for at another host, or with too many fields; Django's pages refuse that, too.
    """
    try:
        request.get_host()
        fields = request.GET
    except SuspiciousOperation:
        raise Refused("malformed") from None
    wishes = tuple(dict.fromkeys(fields.getlist("open")))[-MOST_OPEN:]  # the newest tabs
    # A page says what it knows of each channel. A browser that comes back by itself repeats that, hours later
    # perhaps, and adds what it heard last.
    ids = (*fields.getlist("last")[-MOST_OPEN:], request.headers.get("Last-Event-ID", ""))
    known = dict(_known(last_id) for last_id in ids)
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not (session_key.isascii() and session_key.isalnum()):
        session_key = ""  # no key of ours, and nothing to ask a database for beside other people's
    browser = BrowserForm(fields)
    browser.is_valid()  # what makes no sense is as good as not said
    return Stream(
        send,
        session_key=session_key,
        wishes=wishes,
        language=language,
        known=known,
        is_idle=browser.is_idle,
        people=browser.people_shown,
    )


def _known(last_id: str) -> tuple[int, int]:
    """The channel and its version in the id of a `changes`; one that there is not in anything else."""
    channel_id, _colon, version = last_id.partition(":")
    if not re.fullmatch("[0-9]{1,18}", channel_id) or not re.fullmatch("[0-9]{1,18}", version):
        return 0, 0
    return int(channel_id), int(version)


async def _refuse(code: str, language: str, send: Send, *, has_body: bool) -> None:
    with override(language):
        message = {
            "malformed": gettext("That address does not work."),
            "logged_out": gettext("Please log in again."),
            "wrong_method": gettext("That does not work this way."),
            "too_many_streams": gettext("Too many windows are open."),
            "unavailable": gettext("This does not work at the moment. Please try again."),
        }[code]
    body = json.dumps({"code": code, "message": message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *GUARDS,
    ]
    if code in RETRY_AFTER_S:
        headers.append((b"retry-after", str(RETRY_AFTER_S[code]).encode()))
    if code == "wrong_method":
        headers.append((b"allow", b"GET"))
    await send({"type": "http.response.start", "status": STATUSES[code], "headers": headers})
    await send({"type": "http.response.body", "body": body if has_body else b""})
