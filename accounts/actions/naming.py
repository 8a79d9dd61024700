"""What a name that somebody types must be like, and whether it is free."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import reserved_shape, username_shape
from chatsite.errors import Conflict, Invalid
from chatsite.text import is_blank, one_line, refuse_invisible, refuse_unstorable

DISPLAY_NAME_LENGTH = 80  # characters


def refuse_taken_username(username: str) -> None:
    """Raise Conflict when `username`, normalized, is or was taken, or looks like one that is or was."""
    shape = username_shape(username)
    alike = User.objects.filter(username_shape__in=[shape, reserved_shape(shape)]).first()
    if alike is None:
        return
    if alike.username == username or alike.is_deleted:
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
    refuse_invisible(name, field="display_name")
    if len(name) > DISPLAY_NAME_LENGTH:
        raise Invalid(
            _("A display name has at most %(most)s characters.") % {"most": DISPLAY_NAME_LENGTH},
            code="display_name_too_long",
            field="display_name",
        )
    return name
