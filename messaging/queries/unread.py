"""Which messages somebody has not read, counted and found by the index, however long the history is."""

from collections.abc import Iterable, Sequence

from django.db import connection

from accounts.models import User
from channels_app.models import Channel, Membership
from messaging.models import Message

UNREAD_LOOKED_AT = 1_000  # newest numbers of a channel among which unread messages are counted
UNREAD_SHOWN = 999
COUNTED_AT_ONCE = 200  # channels; SQLite takes a union of at most 500

# What was deleted since that version still counts: whoever applies the changes after it takes it off.
_COUNT_UNREAD = """
    SELECT %s, COUNT(*) FROM messaging_message
    WHERE channel_id = %s AND seq > %s AND seq <= %s
        AND (deleted_at IS NULL OR version > %s) AND author_id <> %s
"""


def count_unread(user: User, memberships: Iterable[Membership]) -> dict[int, int]:
    """How many messages are unread in each channel, by its id; those with none and muted ones are left out.

    Counted as of the version in `membership.channel`. More than UNREAD_SHOWN, without counting further, where
    more numbers were not read than are looked at.
    """
    behind = [
        membership
        for membership in memberships
        if not membership.is_muted and membership.read_up_to < membership.channel.last_seq
    ]
    counts: dict[int, int] = {}
    for start in range(0, len(behind), COUNTED_AT_ONCE):
        counts |= _count_in_windows(user, behind[start : start + COUNTED_AT_ONCE])
    for membership in behind:
        if counts[membership.channel_id] and _is_far_behind(membership):
            counts[membership.channel_id] = UNREAD_SHOWN + 1
    return {channel_id: count for channel_id, count in counts.items() if count}


def first_unread(user: User, channel: Channel, membership: Membership) -> int | None:
    """The number of the first message that the member has not read.

    Looked for right after what they have read, then among the newest: only where a thousand own or deleted
    messages stand in a row none may be found.
    """
    newest = channel.last_seq - UNREAD_LOOKED_AT
    for low in sorted({membership.read_up_to, max(membership.read_up_to, newest)}):
        window = Message.objects.filter(
            channel=channel, seq__gt=low, seq__lte=low + UNREAD_LOOKED_AT, deleted_at=None
        )
        first = window.exclude(author=user).order_by("seq").values_list("seq", flat=True).first()
        if first is not None:
            return first
    return None


def _count_in_windows(user: User, memberships: Sequence[Membership]) -> dict[int, int]:
    """How many of the newest UNREAD_LOOKED_AT numbers of each channel are unread, by the channel's id.

    One range of the index after the other, in one statement: with all of them in one condition MariaDB may
    read the whole table instead.
    """
    values: list[int] = []
    for membership in memberships:
        channel = membership.channel
        low = max(membership.read_up_to, channel.last_seq - UNREAD_LOOKED_AT)
        values += (channel.pk, channel.pk, low, channel.last_seq, channel.version, user.pk)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([_COUNT_UNREAD] * len(memberships)), values)
        return dict(cursor.fetchall())


def _is_far_behind(membership: Membership) -> bool:
    return membership.channel.last_seq - membership.read_up_to > UNREAD_LOOKED_AT
