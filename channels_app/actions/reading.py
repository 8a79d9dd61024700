"""What somebody does with a channel for themselves alone: read, clear, mute, be notified."""

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from channels_app.actions.locking import locked
from channels_app.models import Channel, Membership
from channels_app.permissions import may_be_notified, may_clear, may_mark, may_mute
from chatsite.errors import NotAllowed, NotFound
from chatsite.limits import CHANGE, limited
from chatsite.live.bus import announce
from chatsite.live.events import memberships_changed, sidebar_changed
from chatsite.rights import require


@limited(CHANGE)
def clear_channel(actor: User, channel: Channel) -> None:
    """Hide everything said in `channel` so far from the actor alone; others still see all of it.

    Raises:
        NotAllowed: the actor's account has ended.
        NotFound: the actor never was in the channel.
    """
    require(may_clear, actor)
    with transaction.atomic():
        channel = locked(channel)
        membership = _own_membership(actor, channel)
        if membership.cleared_seq == channel.last_seq:
            return  # pressed twice: Undo still goes back to what was there before the first time
        membership.cleared_seq_before = membership.cleared_seq
        membership.cleared_seq = channel.last_seq
        membership.save(update_fields=["cleared_seq", "cleared_seq_before"])
        announce(memberships_changed(actor.pk))


@limited(CHANGE)
def undo_clear_channel(actor: User, channel: Channel) -> None:
    """Show the actor again what the last `clear_channel` hid.

    Raises:
        NotAllowed: the actor's account has ended.
        NotFound: the actor never was in the channel.
    """
    require(may_clear, actor)
    with transaction.atomic():
        membership = _own_membership(actor, locked(channel))
        membership.cleared_seq = membership.cleared_seq_before
        membership.save(update_fields=["cleared_seq"])
        announce(memberships_changed(actor.pk))


@limited(CHANGE)
def mark_read(
    actor: User, channel: Channel, *, seq: int, known: int = 0, marks: int | None = None
) -> Membership:
    """Take what was said in `channel` up to number `seq` for read by the actor. The pointer only rises.

    Returns the membership with where it stands then.

    Arguments:
        known: where the pointer stood when the caller last heard of it.
        marks: the `unread_marks` of that moment; None for who does not know. If the pointer was lowered
            since, or there are more marks, `mark_unread` was called from another device: it stays where that
            put it, and what was being read before must not undo that.

    Raises:
        NotAllowed: the actor is not in the channel.
    """
    require(may_mark, actor)
    membership = _subscription_of(actor, channel)
    seq = min(seq, channel.last_seq)
    if seq <= membership.read_up_to:
        return membership
    # One statement, with all conditions: other devices write at the same time, and none waits for a channel.
    is_as_known = Q(last_read_seq__gte=known) | Q(cleared_seq__gte=known)
    places = Membership.objects.filter(is_as_known, pk=membership.pk, last_read_seq__lt=seq)
    if marks is not None:
        places = places.filter(unread_marks=marks)
    if not places.update(last_read_seq=seq):
        return _subscription_of(actor, channel)
    announce(sidebar_changed(actor.pk))
    membership.last_read_seq = seq
    return membership


@limited(CHANGE)
def mark_unread(actor: User, channel: Channel, *, seq: int) -> None:
    """Take what was said in `channel` before number `seq` for read by the actor, and the rest for unread.

    Raises:
        NotAllowed: the actor is not in the channel.
        NotFound: the actor cleared that message.
    """
    require(may_mark, actor)
    membership = _subscription_of(actor, channel)
    if seq <= membership.cleared_seq:
        raise NotFound
    # Told also where the pointer stays: another device may be about to move it.
    places = Membership.objects.filter(pk=membership.pk)
    places.update(last_read_seq=seq - 1, unread_marks=F("unread_marks") + 1)
    announce(sidebar_changed(actor.pk))


@limited(CHANGE)
def mute_channel(actor: User, channel: Channel, *, is_muted: bool) -> None:
    """Keep `channel` quiet for the actor: it shows no number of unread messages. Or end that.

    Raises:
        NotAllowed: the actor is not in the channel.
    """
    require(may_mute, actor)
    _switch(_subscription_of(actor, channel), "is_muted", is_on=is_muted)


@limited(CHANGE)
def notify_of_channel(actor: User, channel: Channel, *, notifies: bool) -> None:
    """Have the actor's browsers show a notice of every message in `channel`, or end that.

    Raises:
        NotAllowed: the actor is not in the channel.
    """
    require(may_be_notified, actor)
    _switch(_subscription_of(actor, channel), "notifies", is_on=notifies)


def _own_membership(user: User, channel: Channel) -> Membership:
    membership = Membership.objects.select_for_update().filter(channel=channel, user=user).first()
    if membership is None:
        raise NotFound
    return membership


def _switch(membership: Membership, field: str, *, is_on: bool) -> None:
    """Set a switch that the member's sidebar shows; one that is set already is told to nobody."""
    if getattr(membership, field) != is_on:
        Membership.objects.filter(pk=membership.pk).update(**{field: is_on})
        announce(sidebar_changed(membership.user_id))


def _subscription_of(user: User, channel: Channel) -> Membership:
    membership = Membership.objects.filter(channel=channel, user=user, left_at=None).first()
    if membership is None:
        raise NotAllowed(_("You are not in this channel."), code="not_a_member")
    return membership
