"""Every write to an account, one function per thing a person does."""

import hashlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actors import SYSTEM, Actor
from accounts.audit import Facts, record
from accounts.models import LARGE, SMALL, Act, Avatar, User
from accounts.names import clean_username, username_shape
from accounts.permissions import may_create_user, may_edit_user, may_give_rights, may_set_preferences
from accounts.pictures import MOST_BYTES, Cut, squares_of
from accounts.zones import clean_time_zone
from chatsite.errors import Conflict, Invalid
from chatsite.live.bus import announce
from chatsite.live.events import presence_switched, sessions_changed
from chatsite.rights import require
from chatsite.text import is_blank, one_line, refuse_invisible, refuse_unstorable

DISPLAY_NAME_LENGTH = 80  # characters

Step: TypeAlias = Callable[[User], object]

_steps_for_new_users: list[Step] = []
_steps_for_switched_users: list[tuple[Step, Step]] = []


def on_user_created(step: Step) -> None:
    """Have `step(user)` run in the transaction that makes an account; an app calls this in `ready()`."""
    _steps_for_new_users.append(step)


def on_user_switched(*, lock: Step, step: Step) -> None:
    """Have `step(user)` run in the transaction that ends an account, or opens one that had ended.

    Arguments:
        lock: called before the user is locked, to lock what other writes lock before a user.
    """
    _steps_for_switched_users.append((lock, step))


def create_user(
    actor: Actor,
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
        actor: SYSTEM when somebody signs up.
        password: as typed; None makes an account that can't log in until it has one.
        display_name: what others see; the username as typed when it is empty.

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
    user.username_shape = username_shape(user.username)
    refuse_taken_username(user.username)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record(actor, Act.ACCOUNT_CREATED, person=user)
            for step in _steps_for_new_users:
                step(user)
    except IntegrityError:
        # Somebody took the name between the look and the insert; any other cause is a fault of ours.
        refuse_taken_username(user.username)
        raise
    return user


def edit_user(actor: Actor, user: User, *, display_name: str, email: str) -> User:
    """Say otherwise who `user` is; returns the account as it is now.

    Raises:
        Invalid: the display name breaks a rule.
        NotAllowed: the actor may not edit this account.
    """
    display_name = clean_display_name(display_name)
    with transaction.atomic():
        user = _to_edit(actor, user)
        before = _who(user)
        user.display_name, user.email = display_name, User.objects.normalize_email(email)
        user.save(update_fields=["display_name", "email"])
        record(actor, Act.ACCOUNT_EDITED, person=user, before=before, after=_who(user))
        announce(sessions_changed(user.pk))
    return user


def set_password(actor: Actor, user: User, *, password: str | None) -> User:
    """Give `user` another password, or with None take it away; returns the account as it is now.

    Their sessions end.

    Raises:
        NotAllowed: the actor may not edit this account.
    """
    with transaction.atomic():
        user = _to_edit(actor, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        record(actor, Act.PASSWORD_SET, person=user)
        announce(sessions_changed(user.pk))
    return user


def set_display_name(actor: User, *, display_name: str) -> None:
    """Be called otherwise, everywhere and at once.

    Raises:
        Invalid: the name breaks a rule.
        NotAllowed: the actor's account has ended.
    """
    display_name = clean_display_name(display_name)
    if _choose(actor, display_name=display_name):
        announce(sessions_changed(actor.pk))  # the hubs know the name, for who types


def set_email(actor: User, *, email: str, password: str) -> None:
    """Have mail go to another address, or with "" to none.

    Arguments:
        password: the actor's, as typed: by the address somebody else could get a new one.

    Raises:
        Invalid: the password is another.
        NotAllowed: the actor's account has ended.
    """
    if not actor.check_password(password):
        raise Invalid(_("That is not your password."), code="password_wrong", field="password")
    email = User.objects.normalize_email(email)
    with transaction.atomic():
        before = _locked(actor).email
        _choose(actor, email=email)
        record(actor, Act.ACCOUNT_EDITED, person=actor, before={"email": before}, after={"email": email})


def set_avatar(
    actor: User, *, picture: "UploadedFile[Any]", x: float | None, y: float | None, side: float | None
) -> None:
    """Be shown by a picture.

    Arguments:
        x, y, side: the square of it that is shown, as in `accounts.pictures.Cut`; None: the middle.

    Raises:
        Invalid: it is too large, or no picture.
        NotAllowed: the actor's account has ended.
    """
    require(may_set_preferences, actor, actor)
    if (picture.size or 0) > MOST_BYTES:
        raise Invalid(
            _("That file is too large: a picture has at most %(most)s MB.") % {"most": MOST_BYTES >> 20},
            code="picture_too_large",
            field="picture",
        )
    cut = Cut() if x is None or y is None or side is None else Cut(x, y, side)
    squares = squares_of(BytesIO(picture.read()), cut)
    digest = hashlib.blake2s(squares[SMALL] + squares[LARGE], digest_size=16).hexdigest()
    with transaction.atomic():
        user = _locked(actor)
        Avatar.objects.update_or_create(
            user=user, defaults={"digest": digest, "small": squares[SMALL], "large": squares[LARGE]}
        )
        user.avatar_digest = digest
        user.save(update_fields=["avatar_digest"])


def remove_avatar(actor: Actor, user: User) -> None:
    """Have `user` be shown by initials again. Doing it twice is doing it once.

    Raises:
        NotAllowed: the actor may not edit this account.
    """
    with transaction.atomic():
        user = _to_edit(actor, user)
        had_one = bool(user.avatar_digest)
        Avatar.objects.filter(user=user).delete()
        user.avatar_digest = ""
        user.save(update_fields=["avatar_digest"])
        if actor != user:
            before, after = {"picture": had_one}, {"picture": False}
            record(actor, Act.ACCOUNT_EDITED, person=user, before=before, after=after)


def set_appearance(actor: User, *, theme: str, language: str, time_zone: str) -> None:
    """Choose how pages look to the actor.

    Arguments:
        theme: a `User.Theme`.
        language: one that the site speaks; "" as the browser says.
        time_zone: as typed; "" as the browser says.

    Raises:
        Invalid: there is no such theme, language or zone.
        NotAllowed: the actor's account has ended.
    """
    if theme not in User.Theme.values:
        raise Invalid(_("There is no such theme."), code="theme_unknown", field="theme")
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid(_("The site does not speak that language."), code="language_unknown", field="language")
    if _choose(actor, theme=theme, language=language, time_zone=clean_time_zone(time_zone)):
        announce(sessions_changed(actor.pk))  # streams bring messages in the reader's language


def set_enter(actor: User, *, enter_sends: bool | None) -> None:
    """Choose what Enter does while the actor writes.

    Arguments:
        enter_sends: it sends, it breaks the line, or None: it sends but on a touch screen.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    _choose(actor, enter_sends=enter_sends)


def set_presence(actor: User, *, shows_presence: bool) -> None:
    """Choose whether others see if the actor is here.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    if _choose(actor, shows_presence=shows_presence):
        announce(presence_switched(actor.pk))


def deactivate_user(actor: Actor, user: User) -> User:
    """End the account of `user`; returns the account as it is now. Doing it twice is doing it once.

    Nobody can log in to it, and who is logged in is out at their next request.

    Raises:
        NotAllowed: the actor may not edit this account.
    """
    return _set_active(actor, user, is_active=False)


def reactivate_user(actor: Actor, user: User) -> User:
    """Open the account of `user` again; returns the account as it is now.

    Raises:
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
        NotAllowed: the actor may not give rights.
    """
    require(may_give_rights, actor)
    with transaction.atomic():
        user = _locked(user)
        before = _rights(user)
        user.is_staff, user.is_superuser = is_staff, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])
        user.groups.set(groups)
        user.user_permissions.set(permissions)
        record(actor, Act.RIGHTS_GIVEN, person=user, before=before, after=_rights(user))
    return user


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
    refuse_invisible(name, field="display_name")
    if len(name) > DISPLAY_NAME_LENGTH:
        raise Invalid(
            _("A display name has at most %(most)s characters.") % {"most": DISPLAY_NAME_LENGTH},
            code="display_name_too_long",
            field="display_name",
        )
    return name


def _choose(actor: User, **chosen: Any) -> bool:
    """Write what the actor chose for themselves; whether it was something else before."""
    require(may_set_preferences, actor, actor)
    return bool(User.objects.filter(pk=actor.pk).exclude(**chosen).update(**chosen))


def _set_active(actor: Actor, user: User, *, is_active: bool) -> User:
    with transaction.atomic():
        for lock, _step in _steps_for_switched_users:
            lock(user)
        user = _to_edit(actor, user)
        if user.is_active != is_active:
            record(actor, Act.ACCOUNT_REACTIVATED if is_active else Act.ACCOUNT_DEACTIVATED, person=user)
            user.is_active = is_active
            user.save(update_fields=["is_active"])
            for _lock, step in _steps_for_switched_users:
                step(user)
        announce(sessions_changed(user.pk))
    return user


def _who(user: User) -> Facts:
    return {"display_name": user.display_name, "email": user.email}


def _rights(user: User) -> Facts:
    return {
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "permissions": sorted(user.user_permissions.values_list("codename", flat=True)),
    }


def _to_edit(actor: Actor, user: User) -> User:
    user = _locked(user)
    require(may_edit_user, actor, user)  # as the row is now: it may have become an admin's
    return user


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)
