"""Turning what is typed after a command into channels."""

from django.core.management.base import CommandError

from accounts.actors import SYSTEM
from channels_app.models import Channel
from channels_app.queries import channel_by_slug
from chatsite.errors import NotFound


def the_channel(name: str) -> Channel:
    """The channel of that name, in any spelling, with or without `#`; a CommandError when there is none."""
    try:
        return channel_by_slug(SYSTEM, name)
    except NotFound:
        if name.startswith("#"):
            return the_channel(name[1:])
        raise CommandError(f"There is no channel {name}.") from None
