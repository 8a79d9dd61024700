"""That it is who it seems to be, before something that can't be taken back."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chatsite.errors import Invalid
from chatsite.limits import PASSWORD, spend


def refuse_wrong_password(actor: User, typed: str) -> None:
    """Raise Invalid unless `typed` is the actor's password, or, where they have none, their username.

    Raises:
        Invalid: it is not.
        TooMany: it was typed too often; nobody looked whether it is right.
    """
    spend(PASSWORD, user=actor.pk)
    if actor.has_usable_password():
        if not actor.check_password(typed):
            raise Invalid(_("That is not your password."), code="password_wrong", field="password")
    elif User.normalize_username(typed) != actor.username:
        raise Invalid(_("That is not your username."), code="username_wrong", field="password")
