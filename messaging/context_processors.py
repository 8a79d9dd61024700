"""What the frame around every page knows: the channels in the sidebar, and what scripts say."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from accounts.permissions import may_invite_to_site
from channels_app.queries import my_invitations
from messaging.queries.sidebar import sidebar_of

# By language: for each kind of number that it tells apart, as the Unicode CLDR names them, one of the kind.
KINDS_OF_NUMBER = {
    "ar": {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100},
    "zh-hans": {"other": 2},
}
MOST_KINDS = {"one": 1, "other": 2}  # where a language has no others, or they need no words of their own


def sidebar(request: HttpRequest) -> dict[str, Any]:
    """Where the viewer is and is asked to, and what they may do from there; read where it is shown."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    shown = SimpleLazyObject(lambda: sidebar_of(user))
    return {
        "sidebar": SimpleLazyObject(lambda: shown.entries),
        "may_create_channel": SimpleLazyObject(lambda: shown.may_create_channel),
        "may_invite_to_site": may_invite_to_site.test(user),
        "invitations": SimpleLazyObject(lambda: my_invitations(user)),
    }


def words(request: HttpRequest) -> dict[str, Any]:
    """`words`: the element with the sentences that scripts show, made once for each language."""
    return {"words": lambda: _words_in(get_language())}


@cache
def _words_in(language: str) -> str:
    kinds = KINDS_OF_NUMBER.get(language, MOST_KINDS)
    return render_to_string("messaging/_words.html", {"kinds_of_number": kinds.items()})
