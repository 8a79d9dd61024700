"""The second factor: what django-allauth does to it, written down, and how an admin takes it away."""

from collections.abc import Callable
from typing import TypeVar

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.actions.locking import locked_account
from accounts.actions.mails import Note, tell_by_mail
from accounts.actors import SYSTEM, Actor
from accounts.audit import record
from accounts.models import Act, User
from accounts.permissions import may_edit_log_in
from chatsite.rights import require

Result = TypeVar("Result")
Kind = Authenticator.Type

ADDED = {
    Kind.TOTP: Act.APP_ADDED,
    Kind.WEBAUTHN: Act.PASSKEY_ADDED,
    Kind.RECOVERY_CODES: Act.RECOVERY_CODES_MADE,
}
LAST_STEP = "last_step"  # of an app, in what allauth keeps of it: the half minute of the last code used
REMOVED = {Kind.TOTP: Act.APP_REMOVED, Kind.WEBAUTHN: Act.PASSKEY_REMOVED}


def change_two_factor(user: User, change: Callable[[], Result]) -> Result:
    """Have `change` add or remove second factors of `user`, and write down what it did.

    The account is locked meanwhile: MariaDB has no constraint that would keep somebody from two apps.
    """
    with transaction.atomic():
        locked_account(user)
        before = _factors(user)
        result = change()
        _write_down(user, before, _factors(user))
    return result


def take_away_two_factor(actor: Actor, user: User) -> None:
    """Have `user`, who lost what they log in with, log in with the password alone.

    Raises:
        NotAllowed: the actor may not do that to this account, or it is their own.
    """
    with transaction.atomic():
        user = locked_account(user)
        require(may_edit_log_in, actor, user)
        removed, _by_model = Authenticator.objects.filter(user=user).delete()
        if removed:
            record(actor, Act.TWO_FACTOR_TAKEN_AWAY, person=user)
            tell_by_mail(user, Note.TWO_FACTOR_OFF)


def takes_step(app: Authenticator, step: int) -> bool:
    """Whether no code of that half minute, or of a later one, was used yet; from now on one was.

    In the database and not in the cache, which lets everything pass while it is away.
    """
    with transaction.atomic():
        app = Authenticator.objects.select_for_update().get(pk=app.pk)
        is_new: bool = step > app.data.get(LAST_STEP, -1)
        if is_new:
            app.data[LAST_STEP] = step
            app.save(update_fields=["data"])
    return is_new


def note_code(user: User, authenticator: Authenticator) -> None:
    """Write down that `user` used a code, if it is one that is gone now."""
    if authenticator.type == Kind.RECOVERY_CODES:
        left = len(Authenticator.objects.get(pk=authenticator.pk).wrap().get_unused_codes())
        record(user, Act.RECOVERY_CODE_USED, person=user, after={"left": left})


def note_failed_factor(user: User) -> None:
    """Write down that somebody who knows the password of `user` showed a wrong second factor."""
    record(SYSTEM, Act.SECOND_FACTOR_FAILED, person=user)


def _factors(user: User) -> dict[int, Authenticator]:
    return {factor.pk: factor for factor in Authenticator.objects.filter(user=user).order_by("pk")}


def _write_down(user: User, before: dict[int, Authenticator], after: dict[int, Authenticator]) -> None:
    for key, factor in before.items():
        if key not in after and factor.type in REMOVED:
            record(user, REMOVED[factor.type], person=user, about=_name_of(factor))
    for key, factor in after.items():
        if key not in before:
            record(user, ADDED[factor.type], person=user, about=_name_of(factor))
    if bool(before) != bool(after):
        record(user, Act.TWO_FACTOR_ON if after else Act.TWO_FACTOR_OFF, person=user)
    if before and not after:
        tell_by_mail(user, Note.TWO_FACTOR_OFF)


def _name_of(factor: Authenticator) -> str:
    return str(factor.data.get("name", ""))
