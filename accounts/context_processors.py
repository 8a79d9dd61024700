"""What every page knows of its reader's choices, theme and time zone, and of those of the site's admins."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.queries import site_settings
from accounts.requests import THEME_COOKIE


def reader(request: HttpRequest) -> dict[str, Any]:
    """`theme` and `time_zone`, each "" when nothing was chosen; before the log-in the theme of last time."""
    someone: User | None = getattr(request, "reader", None)
    if someone is not None:
        return {"theme": someone.theme, "time_zone": someone.time_zone}
    remembered = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": remembered if remembered in User.Theme.values else "", "time_zone": ""}


def site(request: HttpRequest) -> dict[str, Any]:
    """`site_settings`, read where it is shown."""
    return {"site_settings": SimpleLazyObject(site_settings)}
