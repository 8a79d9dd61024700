"""What changed in a channel since a page was last told: new, edited and deleted messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.queries import blocked_by
from channels_app.models import Channel
from channels_app.queries import membership_of
from messaging.models import Message
from messaging.queries.timeline import floor_of, newest_page

CHANGES_PAGE = 200  # messages
RESET_BEHIND = 500  # versions


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in a channel after a version that a client knows.

    Arguments:
        version: the version that the client knows once it has applied `messages`.
        has_more: there are further changes: ask again, after `version`.
        is_reset: the client was too far behind; `messages` are the newest page, to replace what it has.
        cleared_seq: messages up to this number are not for this viewer.
        read_up_to: messages up to this number are not unread; None for who is not in the channel.
        unread_marks: as of the membership, with `read_up_to`.
        may_post: they are in the channel, and it is open.
        blocked: the usernames of those whose messages are folded for this viewer.
    """

    messages: Sequence[Message]
    version: int
    has_more: bool
    is_reset: bool
    cleared_seq: int
    read_up_to: int | None
    unread_marks: int | None
    may_post: bool
    blocked: Sequence[str]


def changes_after(user: User, channel: Channel, version: int) -> Changes:
    """What changed in `channel` after `version`: new, edited and deleted messages alike.

    Arguments:
        channel: read before this call, so that its version is never newer than the rows.
    """
    membership = membership_of(user, channel)
    cleared_seq = floor_of(membership)
    is_member = membership is not None and membership.is_subscribed
    read_up_to = membership.read_up_to if membership is not None and is_member else None
    unread_marks = membership.unread_marks if membership is not None and is_member else None
    may_post = is_member and not channel.is_archived and not channel.is_cut_off
    blocked = [person.username for person in blocked_by(user)]
    if not 0 <= channel.version - version <= RESET_BEHIND:
        page = newest_page(channel, membership)
        newest = [item.message for item in page.items]
        return Changes(
            newest,
            channel.version,
            has_more=False,
            is_reset=True,
            cleared_seq=cleared_seq,
            read_up_to=read_up_to,
            unread_marks=unread_marks,
            may_post=may_post,
            blocked=blocked,
        )
    changed = (
        Message.objects.filter(channel=channel, version__gt=version, version__lte=channel.version)
        .with_authors()
        .order_by("version")
    )
    rows = list(changed[: CHANGES_PAGE + 1])
    has_more = len(rows) > CHANGES_PAGE
    rows = rows[:CHANGES_PAGE]
    return Changes(
        [row for row in rows if row.seq > cleared_seq],
        version=rows[-1].version if has_more else channel.version,
        has_more=has_more,
        is_reset=False,
        cleared_seq=cleared_seq,
        read_up_to=read_up_to,
        unread_marks=unread_marks,
        may_post=may_post,
        blocked=blocked,
    )
