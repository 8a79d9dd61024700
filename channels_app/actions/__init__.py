"""Every write to channels and memberships, one function per thing a person does.

Each that changes what others see locks the channel's row first (in SQLite: the database), so that counts are
exact and races queue up.
"""

from channels_app.actions.accounts import (
    empty_memberships,
    follow_account,
    lock_channels_of,
    refuse_to_leave_ownerless,
)
from channels_app.actions.channels import (
    archive_channel,
    create_channel,
    edit_channel,
    edit_topic,
    join_public,
    rename_channel,
    require_may_create,
    restore_channel,
    the_public_channel,
)
from channels_app.actions.direct import open_direct
from channels_app.actions.invitations import (
    accept_invitation,
    decline_invitation,
    invite,
    withdraw_invitation,
)
from channels_app.actions.memberships import join_channel, leave_channel, set_role
from channels_app.actions.newcomers import channel_to_invite_to, join_invited
from channels_app.actions.reading import (
    clear_channel,
    mark_read,
    mark_unread,
    mute_channel,
    notify_of_channel,
    undo_clear_channel,
)

__all__ = [
    "accept_invitation",
    "archive_channel",
    "channel_to_invite_to",
    "clear_channel",
    "create_channel",
    "decline_invitation",
    "edit_channel",
    "edit_topic",
    "empty_memberships",
    "follow_account",
    "invite",
    "join_channel",
    "join_invited",
    "join_public",
    "leave_channel",
    "lock_channels_of",
    "mark_read",
    "mark_unread",
    "mute_channel",
    "notify_of_channel",
    "open_direct",
    "refuse_to_leave_ownerless",
    "rename_channel",
    "require_may_create",
    "restore_channel",
    "set_role",
    "the_public_channel",
    "undo_clear_channel",
    "withdraw_invitation",
]
