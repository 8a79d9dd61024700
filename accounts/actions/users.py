"""Accounts: made, edited, ended, opened again; the password and the rights in the admin."""

from collections.abc import Iterable

from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.locking import account_to_edit
from accounts.actions.mails import Note, tell_by_mail
from accounts.actions.naming import clean_display_name, refuse_taken_username
from accounts.actions.switching import Step, account_to_switch, refuse_to_lose_all_rights, switch
from accounts.actors import Actor
from accounts.audit import Facts, record
from accounts.models import Act, Ban, User
from accounts.names import clean_username, username_shape
from accounts.permissions import (
    is_active,
    may_create_user,
    may_edit_log_in,
    may_give_rights,
)
from chatsite.errors import Conflict
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed
from chatsite.rights import require

_steps_for_new_users: list[Step] = []


def on_user_created(step: Step) -> None:
    """Have `step(user)` run in the transaction that makes an account; an app calls this in `ready()`."""
    _steps_for_new_users.append(step)


def create_user(
    actor: Actor,
    *,
    username: str,
    password: str | None = None,
    display_name: str = "",
    email: str = "",
    is_email_verified: bool = False,
    is_active: bool = True,
    is_staff: bool = False,
    is_superuser: bool = False,
    last_step: Step | None = None,
) -> User:
    """Make an account and run every step that other apps registered, or do neither.

    Arguments:
        actor: SYSTEM when somebody signs up.
        password: as typed; None makes an account that can't log in until it has one.
        display_name: what others see; the username as typed when it is empty.
        last_step: called with the account after all others, in the same transaction.
        is_email_verified: the actor knows that it is theirs.

    Raises:
        Invalid: the username or the display name breaks a rule.
        Conflict: the username is taken, or looks like one that is.
        NotAllowed: the actor may not make accounts, or not with these rights.
    """
    require(may_create_user, actor)
    if is_staff or is_superuser:
        require(may_give_rights, actor)
    user = User(
        username=clean_username(username),
        display_name=clean_display_name(display_name or username),
        email=User.objects.normalize_email(email),
        is_active=is_active,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    user.verified_email = user.email if is_email_verified else ""
    user.username_shape = username_shape(user.username)
    refuse_taken_username(user.username)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record(actor, Act.ACCOUNT_CREATED, person=user)
            for step in _steps_for_new_users:
                step(user)
            if last_step is not None:
                last_step(user)
    except IntegrityError:
        # Somebody took the name between the look and the insert; any other cause is a fault of ours.
        refuse_taken_username(user.username)
        raise
    return user


def edit_user(actor: Actor, user: User, *, display_name: str, email: str) -> User:
    """Say otherwise who `user` is; returns the account as it is now.

    An address that an admin gives somebody is taken for theirs: the admin could set their password, too.

    Raises:
        Invalid: the display name breaks a rule.
        NotAllowed: the actor may not edit this account, or it is their own and has another address.
    """
    display_name = clean_display_name(display_name)
    with transaction.atomic():
        user = account_to_edit(actor, user)
        before = _who(user)
        email = User.objects.normalize_email(email)
        changed = ["display_name", "email"]
        if user.email != email:
            require(may_edit_log_in, actor, user)
            tell_by_mail(user, Note.ADDRESS)
            user.verified_email = email
            changed.append("verified_email")
        user.display_name, user.email = display_name, email
        user.save(update_fields=changed)
        record(actor, Act.ACCOUNT_EDITED, person=user, before=before, after=_who(user))
        announce(sessions_changed(user.pk))
    return user


def set_password(actor: Actor, user: User, *, password: str | None) -> User:
    """Give `user` another password, or with None take it away; returns the account as it is now.

    Their sessions end.

    Raises:
        NotAllowed: the actor may not edit this account, or it is their own.
    """
    with transaction.atomic():
        user = account_to_edit(actor, user)
        require(may_edit_log_in, actor, user)
        _set_password(actor, user, password)
    return user


def choose_password(actor: User, *, password: str) -> User:
    """Have another password of one's own; returns the account as it is now. The actor's sessions end.

    The caller has seen the old one, or a link that stands for it.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    with transaction.atomic():
        user = account_to_edit(actor, actor)
        _set_password(user, user, password)
    return user


def make_reset_link(actor: Actor, user: User) -> tuple[str, str]:
    """Let `user` choose a new password without mail; returns the two parts of the link that it takes.

    It works once, for `PASSWORD_RESET_TIMEOUT` seconds, and until they log in. Nothing of it is stored.

    Raises:
        NotAllowed: the actor may not edit this account, it is their own, or it has ended.
    """
    with transaction.atomic():
        user = account_to_edit(actor, user)
        require(may_edit_log_in, actor, user)
        require(is_active, user)
        record(actor, Act.RESET_LINK_MADE, person=user)
    return user_pk_to_url_str(user), default_token_generator.make_token(user)


def deactivate_user(actor: Actor, user: User) -> User:
    """End the account of `user`; returns the account as it is now. Doing it twice is doing it once.

    Nobody can log in to it, and who is logged in is out at their next request.

    Raises:
        Conflict: nobody else has all rights.
        NotAllowed: the actor may not edit this account.
    """
    return _set_active(actor, user, is_active=False)


def reactivate_user(actor: Actor, user: User) -> User:
    """Open the account of `user` again; returns the account as it is now.

    Raises:
        Conflict: they are banned.
        NotAllowed: the actor may not edit this account.
    """
    return _set_active(actor, user, is_active=True)


def give_rights(
    actor: Actor,
    user: User,
    *,
    is_staff: bool,
    is_superuser: bool,
    groups: Iterable[Group],
    permissions: Iterable[Permission],
) -> User:
    """Let `user` do in the admin what is given, and nothing else; returns the account as it is now.

    Raises:
        Conflict: nobody else has all rights, and they are taken away.
        NotAllowed: the actor may not give rights.
    """
    require(may_give_rights, actor)
    with transaction.atomic():
        if not is_superuser:
            refuse_to_lose_all_rights(user)
        user = account_to_edit(actor, user)
        before = _rights(user)
        user.is_staff, user.is_superuser = is_staff, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])
        user.groups.set(groups)
        user.user_permissions.set(permissions)
        record(actor, Act.RIGHTS_GIVEN, person=user, before=before, after=_rights(user))
    return user


def _set_active(actor: Actor, user: User, *, is_active: bool) -> User:
    with transaction.atomic():
        user = account_to_switch(actor, user)
        if is_active and Ban.objects.filter(user=user, lifted_at=None).exists():
            words = _("This person is banned. Lift the ban instead.")
            raise Conflict(words, code="banned", field="is_active")
        if user.is_active != is_active:
            record(actor, Act.ACCOUNT_REACTIVATED if is_active else Act.ACCOUNT_DEACTIVATED, person=user)
        switch(user, is_active=is_active)
    return user


def _set_password(actor: Actor, user: User, password: str | None) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    record(actor, Act.PASSWORD_SET, person=user)
    tell_by_mail(user, Note.PASSWORD)
    announce(sessions_changed(user.pk))


def _who(user: User) -> Facts:
    return {"display_name": user.display_name, "email": user.email}


def _rights(user: User) -> Facts:
    return {
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "permissions": sorted(user.user_permissions.values_list("codename", flat=True)),
    }
