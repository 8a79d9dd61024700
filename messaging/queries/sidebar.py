"""What stands in somebody's sidebar."""

from dataclasses import dataclass

from accounts.models import User
from channels_app.models import Channel
from channels_app.queries import may_create, my_memberships
from messaging.queries.unread import UNREAD_SHOWN, count_unread


@dataclass(frozen=True, slots=True)
class SidebarEntry:
    """A channel in somebody's sidebar.

    Arguments:
        read_up_to: messages up to this number are not unread.
        unread_marks: as of the membership.
        is_notified: each new message is worth a notice.
        unread: how many messages of others, as of `channel.version`, wait to be read. Exact up to
            UNREAD_SHOWN; a greater number only says that there are more.
    """

    channel: Channel
    read_up_to: int
    unread_marks: int
    is_muted: bool
    is_notified: bool
    unread: int

    @property
    def unread_shown(self) -> str:
        return f"{UNREAD_SHOWN}+" if self.unread > UNREAD_SHOWN else str(self.unread)


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The channels in somebody's sidebar, in their order, and whether they may create more."""

    entries: list[SidebarEntry]
    may_create_channel: bool


def sidebar_of(user: User) -> Sidebar:
    """What stands in `user`'s sidebar, each channel with what is unread in it."""
    memberships = my_memberships(user)
    unread = count_unread(user, memberships)
    entries = [
        SidebarEntry(
            membership.channel,
            read_up_to=membership.read_up_to,
            unread_marks=membership.unread_marks,
            is_muted=membership.is_muted,
            is_notified=membership.is_notified,
            unread=unread.get(membership.channel_id, 0),
        )
        for membership in memberships
    ]
    return Sidebar(entries, may_create(user, memberships))
