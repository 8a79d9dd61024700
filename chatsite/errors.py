"""The errors of the business layer, each with a stable code.

Business code raises them; `chatsite.middleware` and `chatsite.forms` turn them into an answer, so no view
words a refusal itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Words: TypeAlias = "str | StrPromise"  # for a person to read, in their language


class ChatError(Exception):
    """A refusal that a person can understand.

    Arguments:
        message: what to tell the person; the class's own message when left out.
        code: the stable name for programs; the class's own code when left out.
        field: the form field that caused it, "" when it was none in particular.
    """

    status = 400
    code = "error"
    message: Words = _("That did not work.")

    def __init__(self, message: Words = "", *, code: str = "", field: str = "") -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.field = field
        super().__init__(self.code)


class Invalid(ChatError):
    """What was sent breaks a rule: too long, empty, not storable."""

    status = 422
    code = "invalid"


class NotAllowed(ChatError):
    """The person can see the thing but may not do this with it."""

    status = 403
    code = "not_allowed"
    message = _("You may not do that.")


class NotFound(ChatError):
    """There is no such thing, or not for this person: the two answers are the same."""

    status = 404
    code = "not_found"
    message = _("There is nothing here.")


class WrongMethod(ChatError):
    """The address takes a button press, and got a look; or the other way round."""

    status = 405
    code = "wrong_method"
    message = _("This address only answers to a button. Go back and press it.")


class Conflict(ChatError):
    """Something else already stands in its place."""

    status = 409
    code = "conflict"


class OtherPerson(Conflict):
    """The page was made for somebody who is not the one logged in now."""

    code = "other_author"
    message = _("Somebody else is logged in in this browser now. Log in again to do this.")


class NotNow(ChatError):
    """The same request may be sent again, `retry_after_s` seconds later."""

    retry_after_s = 2


class Unavailable(NotNow):
    """A part is away for the moment."""

    status = 503
    code = "unavailable"
    message = _("This can't be done right now. Please try again in a moment.")


class TooMany(NotNow):
    """The person did that too often in a short time.

    Arguments:
        wait_s: seconds until it may be done again.
    """

    status = 429
    code = "too_many"

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = max(1, math.ceil(wait_s))
        super().__init__(_too_often(self.retry_after_s))


def _too_often(wait_s: int) -> str:
    """Words that say when to try again, as roughly as a person would."""
    if wait_s > 2 * 60 * 60:
        hours = math.ceil(wait_s / 3_600)
        return ngettext(
            "That was too often in a short time. Try again in %(n)s hour.",
            "That was too often in a short time. Try again in %(n)s hours.",
            hours,
        ) % {"n": hours}
    if wait_s > 2 * 60:
        minutes = math.ceil(wait_s / 60)
        return ngettext(
            "That was too often in a short time. Try again in %(n)s minute.",
            "That was too often in a short time. Try again in %(n)s minutes.",
            minutes,
        ) % {"n": minutes}
    return ngettext(
        "That was too often in a short time. Try again in %(n)s second.",
        "That was too often in a short time. Try again in %(n)s seconds.",
        wait_s,
    ) % {"n": wait_s}
