"""What the audit log knows of logging in and out."""

from accounts.actors import SYSTEM
from accounts.audit import record
from accounts.models import Act, User


def note_log_in(user: User) -> None:
    """Write down that `user` logged in."""
    record(user, Act.LOGGED_IN, person=user)


def note_log_out(user: User) -> None:
    """Write down that `user` logged out."""
    record(user, Act.LOGGED_OUT, person=user)


def note_failed_log_in(username: str) -> None:
    """Write down that somebody tried to log in as `username`.

    A name that nobody has is not kept: it may be a password in the wrong field.
    """
    user = User.objects.filter(username=User.normalize_username(username)).first()
    record(SYSTEM, Act.LOG_IN_FAILED, person=user)
