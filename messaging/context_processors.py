"""What the frame around every page knows: the channels in the sidebar, each with what is unread in it."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from messaging import queries


def sidebar(request: HttpRequest) -> dict[str, Any]:
    """`sidebar`: the viewer's channels, read only by a page that shows them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"sidebar": SimpleLazyObject(lambda: queries.sidebar(user))}
