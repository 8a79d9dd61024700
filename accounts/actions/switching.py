"""How an account ends or is opened again, whatever the reason: locks, and what goes with it in other apps."""

from collections.abc import Callable
from typing import TypeAlias

from django.utils.translation import gettext_lazy as _

from accounts.actions.locking import account_to_edit
from accounts.actions.sessions import end_all_sessions
from accounts.actors import Actor
from accounts.models import User
from chatsite.errors import Conflict
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed

Step: TypeAlias = Callable[[User], object]


_steps_for_switched_users: list[tuple[Step, Step]] = []


def on_user_switched(*, lock: Step, step: Step) -> None:
    """Have `step(user)` run in the transaction that ends an account, or opens one that had ended.

    Arguments:
        lock: called before the user is locked, to lock what other writes lock before a user.
    """
    _steps_for_switched_users.append((lock, step))


def lock_before_switching(user: User) -> None:
    """Lock what other writes lock before they lock a user; for an action that is about to `switch`."""
    for lock, _step in _steps_for_switched_users:
        lock(user)
    if user.is_superuser:
        _superusers()  # all in one order: two who end their accounts at once must wait for each other


def account_to_switch(actor: Actor, user: User) -> User:
    """The account as it is now, which the actor may edit, locked behind all that is locked before it.

    Raises:
        NotAllowed: the actor may not edit this account.
    """
    lock_before_switching(user)
    return account_to_edit(actor, user)


def switch(user: User, *, is_active: bool) -> None:
    """End the account of `user`, or open it again, with every step; once is as good as twice.

    The caller has locked the account, behind what `lock_before_switching` locks.

    Raises:
        Conflict: nobody else has all rights.
    """
    announce(sessions_changed(user.pk))
    if user.is_active == is_active:
        return
    if not is_active:
        if user.is_superuser:
            refuse_to_lose_all_rights(user)
        end_all_sessions(user)  # else they would go on when the account is opened again
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    for _lock, step in _steps_for_switched_users:
        step(user)


def refuse_to_lose_all_rights(user: User) -> None:
    """Raise Conflict when nobody but `user` has all rights; those who have them stay locked."""
    if _superusers() == [user.pk]:
        raise Conflict(
            _("This is the only account with all rights. Give them to somebody else first."),
            code="last_superuser",
        )


def _superusers() -> list[int]:
    """Who has all rights, locked."""
    superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    return list(superusers.select_for_update().values_list("pk", flat=True))
