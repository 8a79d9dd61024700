"""What becomes of somebody's places in channels when their account ends, is opened again or is deleted."""

from django.db.models import Case, Exists, F, OuterRef, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import SYSTEM
from accounts.audit import record
from accounts.models import Act, User
from channels_app.actions.withdrawing import withdraw_invitations_of
from channels_app.models import Channel, ChannelQuerySet, Invitation, Kind, Membership, Role
from chatsite.errors import Conflict
from chatsite.live.bus import announce
from chatsite.live.events import channel_described, sidebar_changed
from chatsite.text import isolated

NAMED = 5  # channels, in a refusal


def lock_channels_of(user: User) -> None:
    """Lock the channels that `user` is in or asks others into, as every write does before it locks a user."""
    asked_into = Invitation.objects.filter(inviter=user, ended_at=None).values_list("channel_id", flat=True)
    in_order = Channel.objects.filter(pk__in={*_ids_of_channels(user), *asked_into}).order_by("pk")
    list(in_order.select_for_update().values_list("pk"))


def follow_account(user: User) -> None:
    """Count `user`, whose account ended or was opened again, in their channels or no more.

    Where nobody owns a private one any more, who looked after it longest does from now on. Whom they invited
    is invited no more. A step of all that ends an account or opens it again, with the channels locked.
    """
    ids = _ids_of_channels(user)
    Channel.objects.filter(pk__in=ids).update(
        member_count=F("member_count") + (1 if user.is_active else -1),
        members_version=F("members_version") + 1,
    )
    for channel in _ownerless(ids):
        _appoint_owner(channel)
    if not user.is_active:
        withdraw_invitations_of(user)
    announce(*map(channel_described, ids))


def refuse_to_leave_ownerless(user: User) -> None:
    """Refuse that `user` ends their own account while a private channel is theirs alone.

    Raises:
        Conflict: there is one, and it is open.
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER, left_at=None)
    ids = list(owned.values_list("channel_id", flat=True))
    names = [isolated(channel.name) for channel in _ownerless(ids, but_for=user)[:NAMED]]
    if names:
        words = _("Nobody else owns %(channels)s. Make somebody else an owner first, or archive it.")
        raise Conflict(words % {"channels": ", ".join(names)}, code="last_owner")


def empty_memberships(user: User) -> None:
    """Take `user`, whose account is deleted, out of all channels, and forget what they read and chose there.

    The people of a direct conversation are the same for ever. A step of what deletes an account.
    """
    now = timezone.now()
    theirs = Membership.objects.filter(user=user)
    theirs.filter(left_at=None).exclude(channel__kind=Kind.DIRECT).update(left_at=now, removed_at=now)
    theirs.update(
        role=Role.MEMBER,
        cleared_seq=0,
        cleared_seq_before=0,
        last_read_seq=0,
        unread_marks=0,
        is_muted=False,
        notifies=False,
    )
    Invitation.objects.filter(user=user, ended_at=None).update(ended_at=now)


def _ids_of_channels(user: User) -> list[int]:
    memberships = Membership.objects.filter(user=user, left_at=None)
    return list(memberships.values_list("channel_id", flat=True))


def _ownerless(ids: list[int], *, but_for: User | None = None) -> ChannelQuerySet:
    """Those of the channels that are private and open, and have no owner, or none but this user."""
    owners = Membership.objects.filter(
        channel=OuterRef("pk"), role=Role.OWNER, left_at=None, user__is_active=True
    )
    if but_for is not None:
        owners = owners.exclude(user=but_for)
    return Channel.objects.open().filter(pk__in=ids, kind=Kind.PRIVATE).exclude(Exists(owners)).order_by("pk")


def _appoint_owner(channel: Channel) -> None:
    """Make the moderator who is there longest an owner, or else the member; there may be nobody."""
    moderators_first = Case(When(role=Role.MODERATOR, then=0), default=1)
    members = Membership.objects.filter(channel=channel, left_at=None, user__is_active=True)
    heir = members.select_related("user").order_by(moderators_first, "joined_at", "pk").first()
    if heir is None:
        return
    before, heir.role = heir.role, Role.OWNER
    heir.save(update_fields=["role"])
    record(
        SYSTEM,
        Act.ROLE_SET,
        person=heir.user,
        about=channel.slug,
        before={"role": before},
        after={"role": heir.role},
    )
    announce(sidebar_changed(heir.user_id))
