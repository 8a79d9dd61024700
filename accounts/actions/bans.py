"""Banning somebody from the site, and lifting that."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.locking import locked_account
from accounts.actions.switching import lock_before_switching, switch
from accounts.actors import Actor
from accounts.audit import record
from accounts.models import REASON_LENGTH, Act, Ban, User
from accounts.permissions import may_ban
from chatsite.errors import Conflict, Invalid
from chatsite.rights import require
from chatsite.text import one_line, refuse_unstorable


def ban_user(actor: Actor, user: User, *, reason: str) -> Ban:
    """End the account of `user` until the ban is lifted: sessions and streams end at once.

    What of theirs is accepted and not stored yet is rejected.

    Raises:
        Conflict: they are banned already.
        Invalid: the reason is too long.
        NotAllowed: the actor may not ban that user.
    """
    reason = _clean_reason(reason)
    require(may_ban, actor, user)
    with transaction.atomic():
        lock_before_switching(user)
        user = locked_account(user)
        require(may_ban, actor, user)  # as the row is now: it may have become an admin's
        if Ban.objects.filter(user=user, lifted_at=None).exists():
            raise Conflict(_("This person is banned already."), code="banned")
        ban, _is_new = Ban.objects.update_or_create(
            user=user,
            defaults={
                "reason": reason,
                "banned_at": timezone.now(),
                "banned_by": actor if isinstance(actor, User) else None,
                "was_active": user.is_active,
                "lifted_at": None,
            },
        )
        record(actor, Act.BANNED, person=user, after={"reason": reason})
        switch(user, is_active=False)
    return ban


def lift_ban(actor: Actor, user: User) -> None:
    """Let `user` in again, unless their account had ended before; lifting twice is lifting once.

    Raises:
        NotAllowed: the actor may not ban that user.
    """
    require(may_ban, actor, user)
    with transaction.atomic():
        lock_before_switching(user)
        user = locked_account(user)
        require(may_ban, actor, user)
        ban = Ban.objects.filter(user=user, lifted_at=None).first()
        if ban is None:
            return
        ban.lifted_at = timezone.now()
        ban.save(update_fields=["lifted_at"])
        record(actor, Act.BAN_LIFTED, person=user)
        if ban.was_active:
            switch(user, is_active=True)


def _clean_reason(reason: str) -> str:
    reason = one_line(reason)
    refuse_unstorable(reason, field="reason")
    if len(reason) > REASON_LENGTH:
        words = _("At most %(most)s characters.")
        raise Invalid(words % {"most": REASON_LENGTH}, code="too_long", field="reason")
    return reason
