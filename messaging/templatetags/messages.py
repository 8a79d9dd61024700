"""A tag for what the messages of a page have alike."""

from functools import cache
from uuid import UUID

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

NO_NAME = "00000000-0000-0000-0000-000000000000"


@register.simple_tag
def message_tools(client_id: UUID | str) -> SafeString:
    """The buttons of a message, drawn once for each language: a page has them fifty times, all alike but
    for the name.
    """
    draw = _drawn if settings.DEBUG else _drawn_once  # whoever changes the template wants to see it
    drawn = draw(get_language()).replace(NO_NAME, str(client_id))
    return mark_safe(drawn)  # noqa: S308  # nosec B308 B703  # a name is no markup


def _drawn(language: str | None) -> str:
    return render_to_string("messaging/_message_tools.html", {"client_id": NO_NAME})


_drawn_once = cache(_drawn)
