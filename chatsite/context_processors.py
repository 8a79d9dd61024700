"""What every page knows: the site's name, by what service people log in, and the toasts to show."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from chatsite.toasts import pending


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site_name": settings.SITE_NAME, "oidc_name": settings.OIDC_NAME}


def toasts(request: HttpRequest) -> dict[str, Any]:
    """None on a page that is fetched ahead or to be kept: perhaps nobody sees it, and the next lacks them."""
    is_shown = "HX-Preloaded" not in request.headers
    return {"toasts": SimpleLazyObject(lambda: pending(request) if is_shown else [])}
