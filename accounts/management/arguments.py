"""Turning what is typed after a command into accounts."""

from django.core.management.base import CommandError

from accounts.models import User
from accounts.queries import user_by_username
from chatsite.errors import NotFound


def the_user(username: str) -> User:
    """The account of that name; a CommandError when there is none."""
    try:
        return user_by_username(username)
    except NotFound:
        raise CommandError(f"There is no user {username}.") from None
