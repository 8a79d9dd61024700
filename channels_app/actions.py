"""Every write to channels and memberships, one function per thing a person does.

Each that changes what others see locks the channel's row first (in SQLite: the database), so that counts are
exact and races queue up.
"""

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import SYSTEM, Actor
from accounts.models import User
from channels_app.models import TOPIC_LENGTH, Channel, Membership
from channels_app.names import PUBLIC_SLUG, clean_name, slug_of
from channels_app.permissions import (
    may_archive,
    may_be_notified,
    may_change_subscription_of,
    may_clear,
    may_create_channel,
    may_edit_channel,
    may_mark,
    may_mute,
    may_restore,
)
from chatsite.errors import Conflict, Invalid, NotAllowed, NotFound
from chatsite.live.bus import announce
from chatsite.live.events import channel_described, memberships_changed, sidebar_changed
from chatsite.rights import require
from chatsite.text import one_line, refuse_invisible, refuse_unstorable


def create_channel(actor: Actor, *, name: str, topic: str = "") -> Channel:
    """Create the channel `name`, or take the one that has that name; either way the actor is in it.

    Two people who create the same name at the same instant end in one channel. The topic of a channel that
    exists stays as it is; `is_new` of the one returned tells which happened.

    Raises:
        Invalid: the name or the topic breaks a rule.
        NotAllowed: the actor may not create channels.
    """
    require(may_create_channel, actor)
    name, topic = clean_name(name), clean_topic(topic)
    slug = slug_of(name)
    creator = actor if isinstance(actor, User) else None
    with transaction.atomic():
        channel = Channel.objects.filter(slug=slug).first()
        if channel is None:
            channel = _insert_channel(Channel(name=name, slug=slug, topic=topic, creator=creator))
        if creator is not None:
            join_channel(creator, channel)
    return channel


def join_channel(actor: Actor, channel: Channel, *, user: User | None = None) -> Membership:
    """Subscribe `user` (the actor when left out) to `channel`; joining twice is joining once.

    What was said before counts as read, and what the user cleared before stays cleared.

    Raises:
        NotAllowed: the actor may not subscribe that user.
    """
    user = _the_person(actor, user)
    require(may_change_subscription_of, actor, user)
    with transaction.atomic():
        channel = _locked(channel)
        now = timezone.now()
        membership = Membership.objects.select_for_update().filter(channel=channel, user=user).first()
        if membership is None:
            membership = Membership.objects.create(
                channel=channel, user=user, joined_at=now, last_read_seq=channel.last_seq
            )
        elif membership.is_subscribed:
            return membership
        else:
            membership.joined_at, membership.left_at, membership.removed_at = now, None, None
            membership.last_read_seq = channel.last_seq
            membership.save(update_fields=["joined_at", "left_at", "removed_at", "last_read_seq"])
        _count_change(channel, user, 1)
        announce(memberships_changed(user.pk), channel_described(channel.pk))
    return membership


def leave_channel(actor: Actor, channel: Channel, *, user: User | None = None) -> None:
    """Unsubscribe `user` (the actor when left out) from `channel`; leaving twice is leaving once.

    Who leaves is still heard with what they said before. Who is taken out by somebody else is not, from that
    moment on: what of theirs is accepted and not stored yet is rejected.

    Raises:
        NotAllowed: the actor may not unsubscribe that user.
    """
    user = _the_person(actor, user)
    require(may_change_subscription_of, actor, user)
    with transaction.atomic():
        channel = _locked(channel)
        membership = Membership.objects.select_for_update().filter(channel=channel, user=user).first()
        if membership is None:
            return
        if not membership.is_subscribed:
            _remove_who_left(membership, is_by_another=actor != user)
            return
        membership.left_at = timezone.now()
        membership.removed_at = None if actor == user else membership.left_at
        membership.save(update_fields=["left_at", "removed_at"])
        _count_change(channel, user, -1)
        announce(memberships_changed(user.pk), channel_described(channel.pk))


def clear_channel(actor: User, channel: Channel) -> None:
    """Hide everything said in `channel` so far from the actor alone; others still see all of it.

    Raises:
        NotAllowed: the actor's account has ended.
        NotFound: the actor never was in the channel.
    """
    require(may_clear, actor)
    with transaction.atomic():
        channel = _locked(channel)
        membership = _own_membership(actor, channel)
        if membership.cleared_seq == channel.last_seq:
            return  # pressed twice: Undo still goes back to what was there before the first time
        membership.cleared_seq_before = membership.cleared_seq
        membership.cleared_seq = channel.last_seq
        membership.save(update_fields=["cleared_seq", "cleared_seq_before"])
        announce(memberships_changed(actor.pk))


def undo_clear_channel(actor: User, channel: Channel) -> None:
    """Show the actor again what the last `clear_channel` hid.

    Raises:
        NotAllowed: the actor's account has ended.
        NotFound: the actor never was in the channel.
    """
    require(may_clear, actor)
    with transaction.atomic():
        membership = _own_membership(actor, _locked(channel))
        membership.cleared_seq = membership.cleared_seq_before
        membership.save(update_fields=["cleared_seq"])
        announce(memberships_changed(actor.pk))


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


def mute_channel(actor: User, channel: Channel, *, is_muted: bool) -> None:
    """Keep `channel` quiet for the actor: it shows no number of unread messages. Or end that.

    Raises:
        NotAllowed: the actor is not in the channel.
    """
    require(may_mute, actor)
    _switch(_subscription_of(actor, channel), "is_muted", is_on=is_muted)


def notify_of_channel(actor: User, channel: Channel, *, notifies: bool) -> None:
    """Have the actor's browsers show a notice of every message in `channel`, or end that.

    Raises:
        NotAllowed: the actor is not in the channel.
    """
    require(may_be_notified, actor)
    _switch(_subscription_of(actor, channel), "notifies", is_on=notifies)


def edit_topic(actor: Actor, channel: Channel, *, topic: str) -> None:
    """Give `channel` another topic.

    Raises:
        Invalid: the topic is too long.
        NotAllowed: the actor may not edit channels.
    """
    require(may_edit_channel, actor, channel)
    topic = clean_topic(topic)
    with transaction.atomic():
        channel = _locked(channel)
        channel.topic = topic
        channel.save(update_fields=["topic"])
        announce(channel_described(channel.pk))


def archive_channel(actor: Actor, channel: Channel) -> None:
    """Close `channel`: it can be read, nobody can write in it, and it is not browsed any more.

    Raises:
        Conflict: it is `public`, which everybody lands in.
        NotAllowed: the actor may not archive it.
    """
    if channel.is_public_square:
        raise Conflict(_("The public channel can't be archived."), code="public_is_never_archived")
    require(may_archive, actor, channel)
    with transaction.atomic():
        channel = _locked(channel)
        if not channel.is_archived:
            channel.archived_at = timezone.now()
            channel.save(update_fields=["archived_at"])
            announce(channel_described(channel.pk))


def restore_channel(actor: Actor, channel: Channel) -> None:
    """Open an archived `channel` again; one that is open stays as it is.

    Raises:
        NotAllowed: the actor may not restore it.
    """
    require(may_restore, actor)
    with transaction.atomic():
        channel = _locked(channel)
        channel.archived_at = None
        channel.save(update_fields=["archived_at"])
        announce(channel_described(channel.pk))


def join_public(user: User) -> None:
    """Subscribe a new user to `public`: a step of `accounts.actions.create_user`."""
    join_channel(SYSTEM, the_public_channel(), user=user)


def lock_channels_of(user: User) -> None:
    """Lock the channels that `user` is in, as every write does before it locks a user."""
    in_order = Channel.objects.filter(pk__in=_ids_of_channels(user)).order_by("pk")
    list(in_order.select_for_update().values_list("pk"))


def count_member(user: User) -> None:
    """Count `user`, whose account ended or was opened again, in their channels or no more.

    A step of `accounts.actions.deactivate_user` and `reactivate_user`.
    """
    ids = _ids_of_channels(user)
    Channel.objects.filter(pk__in=ids).update(
        member_count=F("member_count") + (1 if user.is_active else -1),
        members_version=F("members_version") + 1,
    )
    announce(*map(channel_described, ids))


def the_public_channel() -> Channel:
    """The channel `public`, made when it is missing, so that it always exists."""
    channel = Channel.objects.filter(slug=PUBLIC_SLUG).first()
    return channel or create_channel(SYSTEM, name=PUBLIC_SLUG)


def clean_topic(typed: str) -> str:
    """`typed` as it is stored: one line, trimmed.

    Raises:
        Invalid: it is too long or can't be stored.
    """
    refuse_unstorable(typed, field="topic")
    topic = one_line(typed)
    refuse_invisible(topic, field="topic")
    if len(topic) > TOPIC_LENGTH:
        raise Invalid(
            _("A topic has at most %(most)s characters.") % {"most": TOPIC_LENGTH},
            code="topic_too_long",
            field="topic",
        )
    return topic


def _insert_channel(channel: Channel) -> Channel:
    """Insert `channel`, or return the one that somebody else inserted in the same instant."""
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
    except IntegrityError:
        return Channel.objects.get(slug=channel.slug)
    channel.is_new = True
    return channel


def _locked(channel: Channel) -> Channel:
    return Channel.objects.select_for_update().get(pk=channel.pk)


def _count_change(channel: Channel, user: User, change: int) -> None:
    """Count who came or left; somebody whose account has ended is in no list, and not counted."""
    if User.objects.select_for_update().values_list("is_active", flat=True).get(pk=user.pk):
        channel.member_count += change
    channel.members_version += 1
    channel.save(update_fields=["member_count", "members_version"])


def _ids_of_channels(user: User) -> list[int]:
    memberships = Membership.objects.filter(user=user, left_at=None)
    return list(memberships.values_list("channel_id", flat=True))


def _remove_who_left(membership: Membership, *, is_by_another: bool) -> None:
    """Leaving first saves nobody's messages that wait from being taken out."""
    if is_by_another and membership.removed_at is None:
        membership.removed_at = timezone.now()
        membership.save(update_fields=["removed_at"])


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


def _the_person(actor: Actor, user: User | None) -> User:
    if user is not None:
        return user
    if isinstance(actor, User):
        return actor
    raise TypeError("SYSTEM acts for somebody: say for whom")
