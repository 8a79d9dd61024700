"""The account as it is now, locked until the transaction ends."""

from accounts.actors import Actor
from accounts.models import User
from accounts.permissions import may_edit_user
from chatsite.rights import require


def account_to_edit(actor: Actor, user: User) -> User:
    """The account as it is now, locked, which the actor may edit.

    Raises:
        NotAllowed: the actor may not edit this account.
    """
    user = locked_account(user)
    require(may_edit_user, actor, user)  # as the row is now: it may have become an admin's
    return user


def locked_account(user: User) -> User:
    """The account as it is now, locked."""
    return User.objects.select_for_update().get(pk=user.pk)
