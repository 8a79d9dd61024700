"""Being in a channel: joining, leaving, being taken out, and what one may do there."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.models import Act, User
from channels_app.actions.locking import lock_account, locked, looking_after
from channels_app.actions.withdrawing import withdraw_invitations_of
from channels_app.models import Channel, Invitation, Membership, Role
from channels_app.permissions import (
    Seat,
    is_not_direct,
    may_invite,
    may_join,
    may_leave,
    may_remove,
    may_set_roles,
)
from chatsite.errors import Conflict, NotFound
from chatsite.limits import ARRANGE, limited_together
from chatsite.live.bus import announce
from chatsite.live.events import channel_described, memberships_changed, sidebar_changed
from chatsite.rights import require


@limited_together(ARRANGE)
def join_channel(actor: Actor, channel: Channel, *, user: User | None = None) -> Membership:
    """Subscribe `user` (the actor when left out) to `channel`; joining twice is joining once.

    What was said before counts as read, and what the user cleared before stays cleared.

    Raises:
        NotAllowed: the actor may not subscribe that user.
    """
    user = _the_person(actor, user)
    require(may_join, actor, Seat(channel, user))
    if actor == user:
        return subscribe(channel, user)
    with looking_after(actor, channel, is_not_direct, Act.MEMBER_ADDED, user=user) as channel:
        return subscribe(channel, user)


def subscribe(channel: Channel, user: User, *, role: Role = Role.MEMBER) -> Membership:
    """Have `user` in `channel`, for actions that asked for the right; who is in it stays as they are."""
    with transaction.atomic():
        channel = locked(channel)
        now = timezone.now()
        membership = Membership.objects.select_for_update().filter(channel=channel, user=user).first()
        if membership is not None and membership.is_subscribed:
            return membership
        account = lock_account(user)
        if membership is None:
            membership = Membership.objects.create(
                channel=channel, user=user, joined_at=now, last_read_seq=channel.last_seq, role=role
            )
        else:
            membership.joined_at, membership.left_at, membership.removed_at = now, None, None
            membership.last_read_seq, membership.role = channel.last_seq, role
            membership.save(update_fields=["joined_at", "left_at", "removed_at", "last_read_seq", "role"])
        Invitation.objects.filter(channel=channel, user=user, ended_at=None).update(ended_at=now)
        _count_change(channel, account, 1)
        announce(memberships_changed(user.pk), channel_described(channel.pk))
    return membership


@limited_together(ARRANGE)
def leave_channel(actor: Actor, channel: Channel, *, user: User | None = None) -> None:
    """Unsubscribe `user` (the actor when left out) from `channel`; leaving twice is leaving once.

    Who leaves is still heard with what they said before, and whom they invited may come. Who is taken out by
    somebody else is not, from that moment on: what of theirs is accepted and not stored yet is rejected, and
    their invitations are withdrawn.

    Raises:
        Conflict: it is private, and nobody else owns it.
        NotAllowed: it is direct, or the actor may not take that user out.
    """
    user = _the_person(actor, user)
    if actor == user:
        require(may_leave, actor, Seat(channel, user))
        with transaction.atomic():
            _end_membership(locked(channel), user, is_by_another=False)
        return
    require(may_remove, actor, Seat(channel, user))  # again below, with the roles of then
    with looking_after(actor, channel, is_not_direct, Act.MEMBER_REMOVED, user=user) as channel:
        require(may_remove, actor, Seat(channel, user))
        _end_membership(channel, user, is_by_another=True)


@limited_together(ARRANGE)
def set_role(actor: Actor, channel: Channel, *, user: User, role: Role) -> None:
    """Make a member of `channel` an owner, a moderator or a plain member. Handing over is two of these.

    Who may invite no more has their invitations withdrawn.

    Raises:
        Conflict: nobody would own a private channel any more.
        NotAllowed: the actor may not give roles there.
        NotFound: the user is not in it.
    """
    with looking_after(actor, channel, may_set_roles, Act.ROLE_SET, user=user) as channel:
        membership = _subscription(channel, user)
        if membership is None:
            raise NotFound
        if membership.role == role:
            return
        if membership.role == Role.OWNER:
            _refuse_to_leave_it_without_owner(channel, user)
        membership.role = role
        membership.save(update_fields=["role"])
        channel.note_role(user, membership)
        if not may_invite.test(user, channel):
            withdraw_invitations_of(user, channel)
        channel.members_version += 1  # the list says the roles
        channel.save(update_fields=["members_version"])
        announce(channel_described(channel.pk), sidebar_changed(user.pk))


def _end_membership(channel: Channel, user: User, *, is_by_another: bool) -> None:
    membership = Membership.objects.select_for_update().filter(channel=channel, user=user).first()
    if membership is None:
        return
    if is_by_another:
        withdraw_invitations_of(user, channel)
    if not membership.is_subscribed:
        _remove_who_left(membership, is_by_another=is_by_another)
        return
    if membership.role == Role.OWNER:
        _refuse_to_leave_it_without_owner(channel, user)
    membership.left_at = timezone.now()
    membership.removed_at = membership.left_at if is_by_another else None
    membership.role = Role.MEMBER
    membership.save(update_fields=["left_at", "removed_at", "role"])
    _count_change(channel, lock_account(user), -1)
    announce(memberships_changed(user.pk), channel_described(channel.pk))


def _count_change(channel: Channel, account: User, change: int) -> None:
    """Count who came or left; somebody whose account has ended is in no list, and not counted."""
    if account.is_active:
        channel.member_count += change
    channel.members_version += 1
    channel.save(update_fields=["member_count", "members_version"])


def _remove_who_left(membership: Membership, *, is_by_another: bool) -> None:
    """Leaving first saves nobody's messages that wait from being taken out."""
    if is_by_another and membership.removed_at is None:
        membership.removed_at = timezone.now()
        membership.save(update_fields=["removed_at"])


def _refuse_to_leave_it_without_owner(channel: Channel, owner: User) -> None:
    """Nobody but its owners can look after a private channel; an archived one needs nobody."""
    if not channel.is_private or channel.is_archived:
        return
    owners = Membership.objects.filter(channel=channel, role=Role.OWNER, left_at=None, user__is_active=True)
    if not owners.exclude(user=owner).exists():
        raise Conflict(
            _("Nobody else owns this channel. Make somebody else an owner first, or archive it."),
            code="last_owner",
        )


def _subscription(channel: Channel, user: User) -> Membership | None:
    subscribed = Membership.objects.select_for_update().filter(channel=channel, user=user, left_at=None)
    return subscribed.first()


def _the_person(actor: Actor, user: User | None) -> User:
    if user is not None:
        return user
    if isinstance(actor, User):
        return actor
    raise TypeError("SYSTEM acts for somebody: say for whom")
