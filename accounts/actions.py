"""Every write to an account, one function per thing a person does."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import clean_username, username_shape
from chatsite.errors import Conflict, Invalid
from chatsite.text import is_blank, one_line, refuse_unstorable

DISPLAY_NAME_LENGTH = 80  # characters

_steps_for_new_users: list[Callable[[User], object]] = []


def on_user_created(step: Callable[[User], object]) -> None:
    """Have `step(user)` run in the transaction that makes an account; an app calls this in `ready()`."""
    _steps_for_new_users.append(step)


def create_user(
    *,
    username: str,
    password: str | None = None,
    display_name: str = "",
    email: str = "",
    is_active: bool = True,
    is_staff: bool = False,
    is_superuser: bool = False,
) -> User:
    """Make an account and run every step that other apps registered, or do neither.

    Arguments:
        password: as typed; None makes an account that can't log in until it has one.
        display_name: what others see; the username as typed when it is empty.

    Raises:
        Invalid: the username or the display name breaks a rule.
        Conflict: the username is taken, or looks like one that is.
    """
    user = User(
        username=clean_username(username),
        display_name=clean_display_name(display_name or username),
        email=User.objects.normalize_email(email),
        is_active=is_active,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    user.username_shape = username_shape(user.username)
    refuse_taken_username(user.username)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            for step in _steps_for_new_users:
                step(user)
    except IntegrityError:
        # Somebody took the name between the look and the insert; any other cause is a fault of ours.
        refuse_taken_username(user.username)
        raise
    return user


def refuse_taken_username(username: str) -> None:
    """Raise Conflict when `username`, normalized, is taken or looks like one that is."""
    alike = User.objects.filter(username_shape=username_shape(username)).first()
    if alike is None:
        return
    if alike.username == username:
        raise Conflict(_("That username is taken."), code="username_taken", field="username")
    raise Conflict(
        _("That username looks like one that is taken."), code="username_looks_taken", field="username"
    )


def clean_display_name(typed: str) -> str:
    """`typed` as it is stored: one line, trimmed.

    Raises:
        Invalid: it is too long, or nothing of it would show.
    """
    refuse_unstorable(typed, field="display_name")
    name = one_line(typed)
    if is_blank(name):
        raise Invalid(_("A display name needs letters."), code="display_name_empty", field="display_name")
    if len(name) > DISPLAY_NAME_LENGTH:
        raise Invalid(
            _("A display name has at most %(most)s characters.") % {"most": DISPLAY_NAME_LENGTH},
            code="display_name_too_long",
            field="display_name",
        )
    return name
