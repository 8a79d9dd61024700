"""Asking somebody into a channel, and their answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import is_active
from accounts.queries import user_by_username
from channels_app.actions.locking import lock_account, locked
from channels_app.actions.memberships import subscribe
from channels_app.models import Channel, Invitation, Membership
from channels_app.permissions import may_invite, may_withdraw
from chatsite.errors import Conflict, Invalid, NotFound
from chatsite.limits import ARRANGE, INVITATION, limited_together, spend
from chatsite.live.bus import announce
from chatsite.live.events import sidebar_changed
from chatsite.rights import require
from chatsite.text import isolated

OPEN_FOR = timedelta(days=14)


def invite(actor: User, channel: Channel, *, username: str) -> Invitation:
    """Ask the user of that name into `channel`; asked again, they have as long as from the beginning.

    Somebody who blocked the actor does not hear of it, and the actor not of that.

    Raises:
        Conflict: they are in it.
        Invalid: there is nobody of that name.
        NotAllowed: the actor may not invite there.
        TooMany: the actor invited too often.
    """
    require(may_invite, actor, channel)  # again below, with the roles of then
    spend(INVITATION, user=actor.pk)  # also for names that nobody has: they could be tried
    user = _somebody(username.strip().removeprefix("@"))
    with transaction.atomic():
        channel = locked(channel)
        require(may_invite, lock_account(actor), channel)  # it may have ended while this waited
        if Membership.objects.filter(channel=channel, user=user, left_at=None).exists():
            raise Conflict(
                _("%(name)s is in this channel already.") % {"name": isolated(user.display_name)},
                code="is_a_member",
                field="username",
            )
        now = timezone.now()
        invitation, _is_new = Invitation.objects.update_or_create(
            channel=channel,
            user=user,
            defaults={"inviter": actor, "invited_at": now, "expires_at": now + OPEN_FOR, "ended_at": None},
        )
        announce(sidebar_changed(user.pk))
    return invitation


@limited_together(ARRANGE)
def accept_invitation(actor: User, invitation_id: int) -> Channel:
    """Join the channel that the actor is invited to.

    Raises:
        NotFound: there is no such invitation of theirs, or it is not open any more.
    """
    with _answering(actor, invitation_id) as channel:
        subscribe(channel, actor)
    return channel


@limited_together(ARRANGE)
def decline_invitation(actor: User, invitation_id: int) -> None:
    """Have the invitation end.

    Raises:
        NotFound: as `accept_invitation`.
    """
    with _answering(actor, invitation_id):
        pass


@limited_together(ARRANGE)
def withdraw_invitation(actor: User, invitation_id: int) -> Channel:
    """Take an invitation back.

    Raises:
        NotAllowed: another moderator's, where the actor is none.
        NotFound: there is none that the actor can see, or it is not open any more.
    """
    visible = Channel.objects.visible_to(actor)
    seen = Invitation.objects.filter(pk=invitation_id, channel__in=visible)
    with transaction.atomic():
        channel = locked(_open(seen).channel)
        invitation = _open(seen)
        require(may_withdraw, actor, invitation)
        _end(invitation)
    return channel


@contextmanager
def _answering(actor: User, invitation_id: int) -> Iterator[Channel]:
    """Ends the actor's invitation, with its channel locked."""
    require(is_active, actor)
    mine = Invitation.objects.welcome().filter(pk=invitation_id, user=actor)
    with transaction.atomic():
        channel = locked(_open(mine).channel)
        _end(_open(mine))  # as it is now that nobody else can change it
        yield channel


def _open(invitations: QuerySet[Invitation]) -> Invitation:
    invitation = invitations.filter(pk__in=Invitation.objects.pending()).select_related("channel").first()
    if invitation is None:
        raise NotFound
    return invitation


def _end(invitation: Invitation) -> None:
    invitation.ended_at = timezone.now()
    invitation.save(update_fields=["ended_at"])
    announce(sidebar_changed(invitation.user_id))


def _somebody(username: str) -> User:
    try:
        user = user_by_username(username)
    except NotFound:
        user = None
    if user is None or not user.is_active:
        raise Invalid(_("There is nobody of that name."), code="nobody", field="username")
    return user
