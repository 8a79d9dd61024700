"""What the hub asks the database: who is logged in and may read what, and what changed in a channel."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from django.db import connection
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import User
from accounts.queries import sessions_alive, users_of_sessions, who_shows_presence
from channels_app.models import Channel, Invitation, Membership
from channels_app.queries import channels_by_slugs
from chatsite.languages import LANGUAGES
from chatsite.live.source import Batch, Place, Viewer
from messaging.models import Message

MOST_ROWS = 200  # in one batch; who is farther behind asks for the changes


class DatabaseSource:
    """A `chatsite.live.source.Source`, with the database connection of the thread that uses it."""

    def admit(self, session_keys: Collection[str]) -> Mapping[str, Viewer]:
        users = users_of_sessions(session_keys)
        viewers = _viewers({user.pk: user for user in users.values()}.values())
        return {key: viewers[user.pk] for key, user in users.items()}

    def alive(self, session_keys: Collection[str]) -> Collection[str]:
        return sessions_alive(session_keys)

    def viewers(self, user_ids: Collection[int]) -> Mapping[int, Viewer]:
        return _viewers(User.objects.filter(pk__in=user_ids, is_active=True))

    def opened(self, wishes: Mapping[int, Collection[str]]) -> Mapping[int, Sequence[Place]]:
        visible = channels_by_slugs(wishes)
        shown = {channel.pk: channel for channels in visible.values() for channel in channels}
        places = {pk: _place(channel) for pk, channel in shown.items()}
        return {
            user_id: [places[channel.pk] for channel in channels] for user_id, channels in visible.items()
        }

    def places(self, channel_ids: Collection[int]) -> Mapping[int, Place]:
        channels = Channel.objects.filter(pk__in=channel_ids)
        return {channel.pk: _place(channel) for channel in channels}

    def changes(self, place: Place) -> Batch:
        # The channel and its rows in one statement: the version is that of the rows, neither older nor newer.
        rows = list(
            Message.objects.filter(channel=place.channel_id, version__gt=place.version)
            .select_related("channel")
            .with_authors()
            .order_by("version")[: MOST_ROWS + 1]
        )
        if not rows:
            # Read after the rows: what came between is for the next batch, which begins at this version.
            now = self.places([place.channel_id])[place.channel_id]
            return Batch(replace(now, version=place.version, last_seq=place.last_seq))
        now = _place(rows[0].channel)
        if len(rows) > MOST_ROWS:
            return Batch(now, is_too_long=True)
        return Batch(
            now,
            rows,
            lowest_seq=min(row.seq for row in rows),
            new=[(row.seq, row.author_username) for row in rows if _is_new(row, place)],
            gone=[(row.seq, row.author_username) for row in rows if _is_gone(row, place)],
        )

    def render(self, rows: Sequence[Message], language: str) -> str:
        with translation.override(language):
            return "".join(render_to_string("messaging/_message.html", {"message": row}) for row in rows)

    def showing_presence(self, user_ids: Collection[int]) -> Collection[int]:
        return who_shows_presence(user_ids)

    def hang_up(self) -> None:
        connection.close()


def _viewers(users: Iterable[User]) -> dict[int, Viewer]:
    users = list(users)
    joined: dict[int, set[int]] = defaultdict(set)
    sidebars: dict[int, int] = defaultdict(int)
    cleared: dict[int, dict[int, int]] = defaultdict(dict)
    memberships = Membership.objects.filter(user__in=[user.pk for user in users])
    columns = ("user_id", "channel_id", "left_at", "channel__archived_at")
    marks = ("cleared_seq", "last_read_seq", "unread_marks", "is_muted", "notifies", "is_hidden")
    for user_id, channel_id, left_at, archived_at, cleared_seq, *others in memberships.values_list(
        *columns, *marks
    ):
        if left_at is None and archived_at is None:
            joined[user_id].add(channel_id)
            sidebars[user_id] ^= hash((channel_id, cleared_seq, *others))  # in whatever order they come
        if cleared_seq:
            cleared[user_id][channel_id] = cleared_seq
    invited = Invitation.objects.pending().welcome().filter(user__in=[user.pk for user in users])
    for user_id, invitation_id in invited.values_list("user_id", "pk"):
        sidebars[user_id] ^= hash(("invited", invitation_id))
    return {
        user.pk: Viewer(
            user.pk,
            user.username,
            user.display_name,
            mark=hashlib.blake2s(user.password.encode(), digest_size=8).digest(),
            joined=frozenset(joined[user.pk]),
            sidebar=sidebars[user.pk],
            cleared=cleared[user.pk],
            language=user.language if user.language in dict(LANGUAGES) else "",
        )
        for user in users
    }


def _place(channel: Channel) -> Place:
    return Place(
        channel.pk,
        channel.slug,
        channel.version,
        channel.last_seq,
        about=(channel.name, channel.topic),
        members=channel.members_version,
        listed_as=None if channel.is_archived else (channel.name, channel.slug),
    )


def _is_new(row: Message, before: Place) -> bool:
    return row.seq > before.last_seq and not row.is_deleted


def _is_gone(row: Message, before: Place) -> bool:
    """Deleted, and there before; one that came and went since was counted by nobody."""
    return row.is_deleted and row.seq <= before.last_seq
