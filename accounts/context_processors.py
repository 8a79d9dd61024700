"""What every page knows of its reader's choices: theme and time zone."""

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from accounts.requests import THEME_COOKIE


def reader(request: HttpRequest) -> dict[str, Any]:
    """`theme` and `time_zone`, each "" when nothing was chosen; before the log-in the theme of last time."""
    someone: User | None = getattr(request, "reader", None)
    if someone is not None:
        return {"theme": someone.theme, "time_zone": someone.time_zone}
    remembered = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": remembered if remembered in User.Theme.values else "", "time_zone": ""}
