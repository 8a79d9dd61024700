"""Who may do what with a channel."""

from dataclasses import dataclass

from accounts.actors import Actor
from accounts.models import SiteSettings, User
from accounts.permissions import is_active, is_site_admin, is_system
from channels_app.models import Channel, Invitation, Role
from chatsite.rights import rule


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place in a channel, taken or not."""

    channel: Channel
    user: User


@rule
def is_open(actor: Actor, channel: Channel) -> bool:
    return not channel.is_archived


@rule
def is_public(actor: Actor, channel: Channel) -> bool:
    return channel.is_public


@rule
def is_direct(actor: Actor, channel: Channel) -> bool:
    return channel.is_direct


is_not_direct = ~is_direct


@rule
def is_cut_off(actor: Actor, channel: Channel) -> bool:
    return channel.is_cut_off


@rule
def is_the_public_square(actor: Actor, channel: Channel) -> bool:
    return channel.is_public_square


@rule
def is_member(actor: Actor, channel: Channel) -> bool:
    return isinstance(actor, User) and channel.role_of(actor) is not None


@rule
def is_moderator(actor: Actor, channel: Channel) -> bool:
    return isinstance(actor, User) and channel.role_of(actor) in (Role.MODERATOR, Role.OWNER)


@rule
def is_owner(actor: Actor, channel: Channel) -> bool:
    return isinstance(actor, User) and channel.role_of(actor) == Role.OWNER


# A site admin looks after public channels. In others they are a person like any other.
looks_after_site = is_system | (is_site_admin & is_public)


@rule
def is_own_seat(actor: Actor, seat: Seat) -> bool:
    return actor == seat.user


@rule
def is_seat_in_public(actor: Actor, seat: Seat) -> bool:
    return seat.channel.is_public


@rule
def is_seat_in_direct(actor: Actor, seat: Seat) -> bool:
    return seat.channel.is_direct


@rule
def outranks(actor: Actor, seat: Seat) -> bool:
    """Owners come before everybody, moderators before plain members."""
    is_plain = seat.channel.role_of(seat.user) not in (Role.MODERATOR, Role.OWNER)
    is_above = is_owner | (is_moderator if is_plain else is_owner) | looks_after_site
    return is_above.test(actor, seat.channel)


@rule
def is_inviter(actor: Actor, invitation: Invitation) -> bool:
    return actor == invitation.inviter


@rule
def moderates_what_it_is_for(actor: Actor, invitation: Invitation) -> bool:
    return (is_moderator | looks_after_site).test(actor, invitation.channel)


@rule
def is_for_everyone(actor: Actor, site: SiteSettings) -> bool:
    return site.channel_creators == SiteSettings.Creators.EVERYONE


may_create_channel = is_active & (is_site_admin | is_for_everyone)
may_message = is_active
may_join = is_active & ~is_seat_in_direct & (is_system | (is_seat_in_public & (is_own_seat | is_site_admin)))
may_leave = is_active & ~is_seat_in_direct & is_own_seat
may_remove = is_active & ~is_seat_in_direct & ~is_own_seat & outranks
may_clear = is_active
may_mark = is_active
may_mute = is_active
may_be_notified = is_active
# A private channel is open to whom its moderators want, a public one to everybody anyway.
may_invite = is_active & is_not_direct & is_open & (is_moderator | (is_member & is_public))
may_withdraw = is_active & (is_inviter | moderates_what_it_is_for)
may_edit_topic = is_active & is_not_direct & (is_moderator | looks_after_site)
may_rename = is_active & is_not_direct & ~is_the_public_square & (is_owner | looks_after_site)
may_set_roles = is_active & is_not_direct & (is_owner | looks_after_site)
may_archive = is_active & is_not_direct & ~is_the_public_square & (is_owner | looks_after_site)
may_restore = is_active & is_not_direct & (is_owner | looks_after_site)
may_open_settings = may_edit_topic | may_rename | may_archive
