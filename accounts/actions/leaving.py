"""Leaving the site: somebody ends their own account, until an admin opens it again or for good."""

import secrets
from collections.abc import Iterable
from enum import Enum

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CASCADE, ForeignObjectRel, Q

from accounts.actions.confirming import refuse_wrong_password
from accounts.actions.exports import remove_export
from accounts.actions.switching import Step, account_to_switch, switch
from accounts.actions.users import deactivate_user
from accounts.audit import record
from accounts.models import DELETED_SIGN, Act, Avatar, Block, User, UserSession
from accounts.names import reserved_shape
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed

KEPT = {"id", "is_active", "date_joined"}  # columns of an account that was deleted


class Way(Enum):
    """What somebody who leaves wants to become of their account."""

    DEACTIVATE = "deactivate"
    DELETE = "delete"
    DELETE_ALL = "delete_all"  # with what they said


_checks_before_leaving: list[Step] = []


_steps_for_unwanted_messages: list[Step] = []


_steps_for_deleted_users: list[Step] = []


def before_leaving(check: Step) -> None:
    """Have `check(user)` run before somebody ends their own account; it raises what stands against that."""
    _checks_before_leaving.append(check)


def on_messages_unwanted(step: Step) -> None:
    """Have `step(user)` run in the transaction that deletes an account whose owner wants nothing to stay."""
    _steps_for_unwanted_messages.append(step)


def on_user_deleted(step: Step) -> None:
    """Have `step(user)` run in the transaction that deletes an account, behind the steps of one that ends."""
    _steps_for_deleted_users.append(step)


def leave_site(actor: User, *, way: str, password: str) -> None:
    """End the actor's own account.

    Deactivated, it stays as it is, and an admin can open it again. Deleted, the row stays, as what they said
    and did points to it, and nothing of them is in it. Their username is nobody's ever after: who took it
    would be taken for them.

    Arguments:
        way: a `Way`.
        password: as `refuse_wrong_password` wants it.

    Raises:
        Conflict: nobody else has all rights, or something of theirs has to be handed over first.
        Invalid: the password is another.
        NotAllowed: the actor's account has ended.
        TooMany: it was typed too often; nobody looked whether it is right.
    """
    refuse_wrong_password(actor, password)
    with transaction.atomic():
        user = account_to_switch(actor, actor)
        for check in _checks_before_leaving:
            check(user)
        if Way(way) is Way.DEACTIVATE:
            deactivate_user(actor, user)
        else:
            steps = _steps_for_unwanted_messages if Way(way) is Way.DELETE_ALL else []
            _delete(user, [*_steps_for_deleted_users, *steps])


def _delete(user: User, steps: Iterable[Step]) -> None:
    switch(user, is_active=False)
    for step in steps:
        step(user)
    _empty(user)
    record(user, Act.ACCOUNT_DELETED, person=user)
    announce(sessions_changed(user.pk))


def _empty(user: User) -> None:
    """Leave nothing in the row, and no row that stands for this person alone."""
    Avatar.objects.filter(user=user).delete()
    Block.objects.filter(Q(blocker=user) | Q(blocked=user)).delete()
    remove_export(user)
    sessions = UserSession.objects.filter(user=user).values_list("session", flat=True)
    Session.objects.filter(pk__in=list(sessions)).delete()
    for relation in User._meta.get_fields(include_hidden=True):
        # What would go with the row: rights, and what other libraries keep of somebody.
        if isinstance(relation, ForeignObjectRel) and relation.on_delete is CASCADE:
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()
    shape = user.username_shape
    for field in User._meta.concrete_fields:
        if field.name not in KEPT:
            setattr(user, field.name, field.get_default())
    user.username = f"{DELETED_SIGN}{secrets.token_hex(8)}"
    user.username_shape = reserved_shape(shape)
    user.set_unusable_password()
    user.save()
