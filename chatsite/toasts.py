"""Short notices that the next page shows, some of them with an Undo button."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest

from chatsite.errors import Words


@dataclass(frozen=True, slots=True)
class Toast:
    """A notice; `undo_url` takes a POST with undo=1 that takes back what the notice tells of."""

    text: str
    undo_url: str = ""


def toast(request: HttpRequest, text: Words, *, undo_url: str = "") -> None:
    """Show `text` on the next page that this person sees."""
    messages.success(request, str(text), extra_tags=undo_url)


def pending(request: HttpRequest) -> list[Toast]:
    """The notices not shown yet; asking takes them off the list."""
    return [Toast(notice.message, notice.extra_tags or "") for notice in messages.get_messages(request)]
