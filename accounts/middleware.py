"""Has each page be in the language, the time zone and theme that its reader chose; notes when they came."""

import logging
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.actions import note_session
from accounts.models import User
from accounts.requests import THEME_COOKIE, NotedRequest

logger = logging.getLogger(__name__)

COOKIE_S = 365 * 24 * 60 * 60


class ReaderChoices:
    """Notes the reader on the request (`request.reader`, None for nobody) and does as they chose.

    Language and theme are copied into cookies: for the pages before the log-in, for streams, and for posts
    that are let in by a ticket, where nobody asks the database who that is.
    """

    def __init__(self, get_response: Callable[[NotedRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: NotedRequest) -> HttpResponse:
        request.reader = None
        response = self.get_response(request)
        _keep_choices(request, response)
        return response

    def process_view(
        self, request: NotedRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        # LoginRequired has asked by now who that is, unless they came in by a pass.
        if request.shown_pass is None and request.user.is_authenticated:
            request.reader = request.user
            translation.activate(_language_for(request, request.user))
            _go_by_time_zone_of(request.user)
        return None


class LastSeen:
    """Remembers where and when its reader was here last; no page is kept from anybody by it."""

    def __init__(self, get_response: Callable[[NotedRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: NotedRequest) -> HttpResponse:
        response = self.get_response(request)
        reader = request.reader
        session_key = request.session.session_key if reader is not None else None
        if reader is not None and session_key and reader.is_authenticated and request.user == reader:
            try:
                note_session(reader, session_key, user_agent=request.headers.get("User-Agent", ""))
            except DatabaseError as fault:
                logger.warning("not noted that somebody was here: %s", fault)
        return response


def _language_for(request: HttpRequest, reader: User) -> str:
    """What the reader chose, else as the browser says: not what the cookie says, which may be of another."""
    if reader.language in dict(settings.LANGUAGES):
        return reader.language
    asked = copy(request)
    asked.COOKIES = {}
    return translation.get_language_from_request(asked)


def _go_by_time_zone_of(reader: User) -> None:
    if reader.time_zone:
        # This machine may know fewer zones than the one that stored it: then as the browser says.
        with suppress(KeyError, ValueError, OSError):
            timezone.activate(zoneinfo.ZoneInfo(reader.time_zone))


def _keep_choices(request: NotedRequest, response: HttpResponse) -> None:
    reader = request.reader
    if reader is not None:
        _keep_cookie(request, response, settings.LANGUAGE_COOKIE_NAME, reader.language)
        _keep_cookie(request, response, THEME_COOKIE, reader.theme)
        response["X-Page-Theme"] = reader.theme or "system"  # for what has no server to ask


def _keep_cookie(request: HttpRequest, response: HttpResponse, name: str, chosen: str) -> None:
    if request.COOKIES.get(name, "") == chosen:
        return
    if chosen:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(name, chosen, max_age=COOKIE_S, secure=secure, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(name, samesite="Lax")
