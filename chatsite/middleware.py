"""What happens around every view: is the process alive, the reader's time zone, refusals as answers."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from chatsite.errors import ChatError
from chatsite.responses import refusal

TIME_ZONE_COOKIE = "time_zone"


class Alive:
    """Answers /healthz: the process is alive. It stands first and asks nothing that may be away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)


class ReaderTimeZone:
    """Shows times in the zone that the browser named in a cookie; in the site's without one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            zone = zoneinfo.ZoneInfo(request.COOKIES[TIME_ZONE_COOKIE])
        except (KeyError, ValueError, OSError):
            # Without a cookie, or with one that names no zone (a path, a folder): the site's own zone.
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


class Refusals:
    """Answers a `ChatError` that a view let through, as a page or as JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal(request, error) if isinstance(error, ChatError) else None
