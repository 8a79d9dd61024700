"""What every page knows: the site's name, and the toasts to show."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from chatsite.toasts import pending


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site_name": settings.SITE_NAME}


def toasts(request: HttpRequest) -> dict[str, Any]:
    """None on the page that the service worker asks for: nobody looks at it, and the next would lack them."""
    if request.headers.get("X-Purpose") == "keep":
        return {"toasts": []}
    return {"toasts": SimpleLazyObject(lambda: pending(request))}
