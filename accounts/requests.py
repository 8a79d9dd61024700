"""Who is logged in, which is somebody in every view not marked otherwise; or who comes by an invitation."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from chatsite.passes import PassedRequest

THEME_COOKIE = "theme"  # what whoever was logged in last in this browser chose


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


class NotedRequest(PassedRequest):
    """One on which `accounts.middleware` has noted for whom the page is."""

    reader: User | None


def admin_of(request: HttpRequest) -> User:
    """Who uses the Django admin; nobody comes this far who is not logged in."""
    return request.user  # type: ignore[return-value]


def token_of(request: HttpRequest) -> str:
    """The token of the invitation whose address is asked for; "" at any other."""
    match = request.resolver_match
    return str(match.kwargs.get("token", "")) if match else ""
