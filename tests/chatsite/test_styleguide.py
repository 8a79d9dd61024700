"""The style page: for staff alone, and every component is on it, in both schemes."""

import re
from collections import Counter

from django.test import Client

from tests.cast import Cast, signed_in

SHOWN = [
    "button button--danger",
    "field field--wrong",
    'class="toast"',
    "<dialog",
    "message message--grouped",
    "message message--focus",
    'data-state="sending"',
    'data-state="slow"',
    'data-state="refused"',
    'data-state="away"',
    "data-deleted",
    "message__edited",
    "place place--unread",
    "place__muted",
    'aria-current="page"',
    'class="separator"',
    'class="composer"',
    "composer--wrong",
    'class="timeline__new"',
    'class="empty"',
    "avatar",
]


def test_staff_see_every_component_in_both_schemes(cast: Cast) -> None:
    page = signed_in(cast.alice).get("/styleguide/").content.decode()

    light, dark = page.split("styleguide__scheme--dark", 1)
    assert [part for part in SHOWN if part not in light or part not in dark] == []
    ids = Counter(re.findall(r'\sid="([^"]+)"', page))
    assert [name for name, times in ids.items() if times > 1] == []


def test_for_others_there_is_no_such_page(cast: Cast, client: Client) -> None:
    assert signed_in(cast.bob).get("/styleguide/").status_code == 404
    assert client.get("/styleguide/").headers["Location"] == "/accounts/login/?next=/styleguide/"
