"""Every read of messages, scoped to what the person may see, by key and never by offset."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.queries import blocked_by
from channels_app.models import Channel, Membership
from channels_app.queries import channel_or_people, may_create, membership_of, my_memberships
from chatsite.errors import NotFound
from chatsite.rights import Predicate, require
from messaging.models import Message, MessageQuerySet, RejectedMessage, Removal, Report
from messaging.pipeline.envelope import channel_in, without_text

PAGE = 50  # messages
CHANGES_PAGE = 200  # messages
RESET_BEHIND = 500  # versions
GROUP_WITHIN = timedelta(minutes=5)
UNREAD_LOOKED_AT = 1_000  # newest numbers of a channel among which unread messages are counted
UNREAD_SHOWN = 999
COUNTED_AT_ONCE = 200  # channels; SQLite takes a union of at most 500

_FIRST_WINDOW = 4 * PAGE  # numbers
_WINDOW_GROWTH = 8
REASONS_FROM = 1_000  # newest rejected messages

# What was deleted since that version still counts: whoever applies the changes after it takes it off.
_COUNT_UNREAD = """
    SELECT %s, COUNT(*) FROM messaging_message
    WHERE channel_id = %s AND seq > %s AND seq <= %s
        AND (deleted_at IS NULL OR version > %s) AND author_id <> %s
"""


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


@dataclass(frozen=True, slots=True)
class Place:
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


def message_by_client_id(actor: Actor, client_id: UUID) -> Message:
    """The message of that name, with author and channel.

    Raises:
        NotFound: there is none, it is deleted, or the actor can't see its channel.
    """
    message = (
        Message.objects.shown()
        .select_related("channel")
        .filter(client_id=client_id, channel__in=Channel.objects.visible_to(actor))
        .first()
    )
    if message is None:
        raise NotFound
    return message


def message_to_change(actor: Actor, client_id: UUID, right: Predicate) -> Message:
    """The message of that name, for who wants to do with it what `right` is about.

    Raises:
        NotFound: as `message_by_client_id`.
        NotAllowed: the actor may not change it.
    """
    message = message_by_client_id(actor, client_id)
    require(right, actor, message)
    return message


def newest_page(channel: Channel, membership: Membership | None) -> TimelinePage:
    """The newest messages of a channel that the caller may see."""
    return page_before(channel, membership, channel.last_seq + 1)


def opening_page(user: User, channel: Channel, membership: Membership | None) -> TimelinePage:
    """What a channel opens with: the newest page, or one around the first unread message if that is older."""
    newest = with_new_line(newest_page(channel, membership), user, channel, membership)
    if membership is None or not newest.has_unread or newest.new_from is not None:
        return newest
    first = _first_unread(user, channel, membership)
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
    has_older = rows[0].seq - 1 > _floor(membership)
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
    if message.channel_id != channel.pk or message.seq <= _floor(membership):
        raise NotFound
    return _page_around(channel, membership, message.seq)


def changes_after(user: User, channel: Channel, version: int) -> Changes:
    """What changed in `channel` after `version`: new, edited and deleted messages alike.

    Arguments:
        channel: read before this call, so that its version is never newer than the rows.
    """
    membership = membership_of(user, channel)
    cleared_seq = _floor(membership)
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


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The channels in somebody's sidebar, in their order, and whether they may create more."""

    places: list[Place]
    may_create_channel: bool


def sidebar(user: User) -> Sidebar:
    """What stands in `user`'s sidebar, each channel with what is unread in it."""
    memberships = my_memberships(user)
    unread = count_unread(user, memberships)
    places = [
        Place(
            membership.channel,
            read_up_to=membership.read_up_to,
            unread_marks=membership.unread_marks,
            is_muted=membership.is_muted,
            is_notified=membership.is_notified,
            unread=unread.get(membership.channel_id, 0),
        )
        for membership in memberships
    ]
    return Sidebar(places, may_create(user, memberships))


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


def last_removal(person: User) -> Removal | None:
    """What was begun last to take away what `person` said; for who may ban them."""
    return Removal.objects.filter(person=person).order_by("pk").last()


def messages_in(messages: QuerySet[Message], channel_id: int) -> QuerySet[Message]:
    """Those of `messages` in one channel, newest first, in the order of the index that finds them."""
    return messages.filter(channel_id=channel_id).order_by("-seq")


def messages_seen_by(actor: Actor, messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those of `messages` that are of channels which `actor` may see.

    Looked up for each row that is read, not joined: see `MessageQuerySet.with_authors`.
    """
    return messages.filter(~Exists(Channel.objects.hidden_from(actor).filter(pk=OuterRef("channel"))))


def is_hidden_from(actor: Actor, message: Message) -> bool:
    """Whether `message` was said in a channel that is hidden from `actor`."""
    return Channel.objects.hidden_from(actor).filter(pk=message.channel_id).exists()


def reported_seen_by(actor: Actor, report: Report) -> Message | None:
    """The message that `report` is about as it is now, if `actor`, who may settle reports, may see it.

    Of a channel that is hidden from them they see it for as long as the report is open.
    """
    message = Message.objects.shown().select_related("channel").filter(pk=report.message_id).first()
    if message is None or report.is_open:
        return message
    return None if is_hidden_from(actor, message) else message


def rejected_seen_by(actor: Actor, rejected: RejectedMessage) -> RejectedMessage:
    """`rejected` as `actor` may see it: without what was said in a channel that is hidden from them."""
    envelope = json.loads(rejected.envelope)
    channel_id = channel_in(envelope)
    if channel_id and Channel.objects.hidden_from(actor).filter(pk=channel_id).exists():
        rejected.envelope, rejected.detail = json.dumps(without_text(envelope)), ""
    return rejected


def find_messages(actor: Actor, messages: QuerySet[Message], words: str) -> QuerySet[Message]:
    """Those of `messages` of that client_id, in `#channel` or by `@person`, newest first, by an index."""
    if client_id := _as_uuid(words):
        return messages.filter(client_id=client_id)
    channel, people = channel_or_people(actor, words)
    if channel is not None:
        return messages_in(messages, channel.pk)
    return messages.filter(author__in=people).order_by("-author_id", "-pk")


def find_rejected(rejected: QuerySet[RejectedMessage], words: str) -> QuerySet[RejectedMessage]:
    """Those of `rejected` with that client_id."""
    client_id = _as_uuid(words)
    return rejected.filter(client_id=client_id) if client_id else rejected.none()


def rejection_reasons() -> list[str]:
    """The reasons for which messages were rejected lately."""
    newest = RejectedMessage.objects.order_by("-pk").values_list("reason", flat=True)[:REASONS_FROM]
    return sorted(set(newest))


def _as_uuid(words: str) -> UUID | None:
    try:
        return UUID(words.strip())
    except ValueError:
        return None


def _floor(membership: Membership | None) -> int:
    """The number up to which messages are not for this person."""
    return membership.cleared_seq if membership else 0


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


def _first_unread(user: User, channel: Channel, membership: Membership) -> int | None:
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
    floor = _floor(membership)
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
    seq = max(seq, _floor(membership))
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
