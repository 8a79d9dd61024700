"""The messages of a channel, a page at a time: the newest, around one, before and after a number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from channels_app.models import Channel, Membership
from chatsite.errors import NotFound
from messaging.models import Message, MessageQuerySet
from messaging.queries.named import message_by_client_id
from messaging.queries.unread import first_unread

PAGE = 50  # messages
GROUP_WITHIN = timedelta(minutes=5)

_FIRST_WINDOW = 4 * PAGE  # numbers
_WINDOW_GROWTH = 8


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """A message where it stands: under the heading of the one before it, or with its own.

    Arguments:
        is_grouped: it shares the heading of the message before it.
        day: the date to announce before it, None when it is of the same day as the one before.
    """

    message: Message
    is_grouped: bool
    day: date | None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A run of messages, oldest first.

    Arguments:
        before: the seq to ask for older ones with, None at the beginning.
        after: the seq to ask for newer ones with, None at the end.
        new_from: the seq of the viewer's first unread message, when it is among these.
        has_unread: there are messages that the viewer has not read, here or on another page.
    """

    items: Sequence[TimelineItem]
    before: int | None
    after: int | None
    new_from: int | None = None
    has_unread: bool = False

    @property
    def is_latest(self) -> bool:
        return self.after is None


def newest_page(channel: Channel, membership: Membership | None) -> TimelinePage:
    """The newest messages of a channel that the caller may see."""
    return page_before(channel, membership, channel.last_seq + 1)


def opening_page(user: User, channel: Channel, membership: Membership | None) -> TimelinePage:
    """What a channel opens with: the newest page, or one around the first unread message if that is older."""
    newest = with_new_line(newest_page(channel, membership), user, channel, membership)
    if membership is None or not newest.has_unread or newest.new_from is not None:
        return newest
    first = first_unread(user, channel, membership)
    if first is None or newest.before is None or first >= newest.before:
        return replace(_new_from(newest, first), has_unread=first is not None)
    return replace(_new_from(_page_around(channel, membership, first), first), has_unread=True)


def with_new_line(
    page: TimelinePage, user: User, channel: Channel, membership: Membership | None
) -> TimelinePage:
    """`page` with its first unread message known, unless that may be on an earlier one."""
    if membership is None or not membership.is_subscribed or membership.read_up_to >= channel.last_seq:
        return page
    read_up_to = membership.read_up_to
    if page.before is not None and page.before > read_up_to + 1:
        return replace(page, has_unread=True)
    unread = (item.message for item in page.items if item.message.seq > read_up_to)
    first = next((message.seq for message in unread if message.author_id != user.pk), None)
    return replace(_new_from(page, first), has_unread=first is not None or not page.is_latest)


def page_before(channel: Channel, membership: Membership | None, seq: int) -> TimelinePage:
    """The messages right before number `seq`."""
    rows, has_older = _take_before(channel, membership, seq)
    is_latest = seq > channel.last_seq
    return TimelinePage(
        _as_items(rows), before=rows[0].seq if has_older else None, after=None if is_latest else seq - 1
    )


def page_after(channel: Channel, membership: Membership | None, seq: int) -> TimelinePage:
    """The messages right after number `seq`; the newest page when there are none."""
    rows, has_newer = _take_after(channel, membership, seq)
    if not rows:
        return newest_page(channel, membership)
    has_older = rows[0].seq - 1 > floor_of(membership)
    return TimelinePage(
        _as_items(rows),
        before=rows[0].seq if has_older else None,
        after=rows[-1].seq if has_newer else None,
    )


def page_around(
    actor: Actor, channel: Channel, membership: Membership | None, client_id: UUID
) -> TimelinePage:
    """The message of that name with as many before it as after it.

    Raises:
        NotFound: as `message_by_client_id`; or it is of another channel, or the caller cleared it.
    """
    message = message_by_client_id(actor, client_id)
    if message.channel_id != channel.pk or message.seq <= floor_of(membership):
        raise NotFound
    return _page_around(channel, membership, message.seq)


def floor_of(membership: Membership | None) -> int:
    """The number up to which messages are not for this person."""
    return membership.cleared_seq if membership else 0


def _page_around(channel: Channel, membership: Membership | None, seq: int) -> TimelinePage:
    """Message number `seq` with as many before it as after it."""
    older, has_older = _take_before(channel, membership, seq + 1, PAGE // 2)
    newer, has_newer = _take_after(channel, membership, seq, PAGE // 2)
    rows = [*older, *newer]
    return TimelinePage(
        _as_items(rows),
        before=rows[0].seq if has_older else None,
        after=rows[-1].seq if has_newer else None,
    )


def _take_before(
    channel: Channel, membership: Membership | None, seq: int, most: int = PAGE
) -> tuple[list[Message], bool]:
    """Up to `most` shown messages before number `seq`, oldest first, and whether there are more."""
    seq = min(seq, channel.last_seq + 1)
    floor = floor_of(membership)
    width = _FIRST_WINDOW
    while True:
        low = max(floor, seq - 1 - width)
        rows = list(_window(channel, low, seq).order_by("-seq")[: most + 1])
        if len(rows) > most or low == floor or low >= seq - 1:
            return rows[:most][::-1], len(rows) > most
        width *= _WINDOW_GROWTH


def _take_after(
    channel: Channel, membership: Membership | None, seq: int, most: int = PAGE
) -> tuple[list[Message], bool]:
    """Up to `most` shown messages after number `seq`, oldest first, and whether there are more."""
    seq = max(seq, floor_of(membership))
    width = _FIRST_WINDOW
    while True:
        high = min(seq + 1 + width, channel.last_seq + 1)
        rows = list(_window(channel, seq, high).order_by("seq")[: most + 1])
        if len(rows) > most or high >= channel.last_seq + 1:
            return rows[:most], len(rows) > most
        width *= _WINDOW_GROWTH


def _window(channel: Channel, low: int, high: int) -> MessageQuerySet:
    """The shown messages with numbers between `low` and `high`, both left out.

    With one bound alone MariaDB reads the channel from its end to the page (a `ref` on the channel in place
    of a `range`). Numbers are dense, so a narrow window holds a page unless much of it was deleted.
    """
    return Message.objects.shown().filter(channel=channel, seq__gt=low, seq__lt=high)


def _new_from(page: TimelinePage, seq: int | None) -> TimelinePage:
    """`page` with the line "New" above number `seq`; what follows the line has a heading of its own."""
    items = [replace(item, is_grouped=item.is_grouped and item.message.seq != seq) for item in page.items]
    return replace(page, items=items, new_from=seq)


def _as_items(messages: Iterable[Message]) -> list[TimelineItem]:
    items: list[TimelineItem] = []
    before: Message | None = None
    for message in messages:
        day = timezone.localdate(message.posted_at)
        is_new_day = before is None or timezone.localdate(before.posted_at) != day
        is_grouped = (
            before is not None
            and not is_new_day
            and before.author_id == message.author_id
            and message.posted_at - before.posted_at < GROUP_WITHIN
        )
        items.append(TimelineItem(message, is_grouped, day if is_new_day else None))
        before = message
    return items
