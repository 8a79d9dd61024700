"""Who may listen: streams are let in, and read again is whether those that are in still may.

Kept by the hub's reader, in its thread alone.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, islice, takewhile
from typing import TypeVar

from chatsite.live import frames
from chatsite.live.audience import Audience, Person
from chatsite.live.changes import BREATH, OFTEN_S, Changes, Missed
from chatsite.live.inbox import Join
from chatsite.live.parcels import Parcels
from chatsite.live.presence import Presence
from chatsite.live.source import Place, Source, Viewer
from chatsite.live.stream import Stream

REVIEW_EVERY_S = 30.0  # of everybody's session, account and memberships
REVIEW_PAUSE_S = 0.2
CHUNK = 500  # people, sessions or channels in a question
# What is said meanwhile waits for these: some two milliseconds.
REVIEWED_AT_ONCE = 100  # people, while nothing is lost
MEMBERSHIPS_AT_ONCE = 500  # of theirs, or one person's
JOINED_AT_ONCE = 250  # streams

Item = TypeVar("Item")


class Doorkeeper:
    """Arguments:
    source: asked in the reader's thread; whatever it raises comes out of these methods.
    audience: who has streams here.
    changes: knows what those missed who come back.
    parcels: what is to be told.
    most_per_user: streams.
    """

    def __init__(
        self,
        source: Source,
        audience: Audience,
        presence: Presence,
        changes: Changes,
        parcels: Parcels,
        *,
        most_per_user: int,
    ) -> None:
        self._source = source
        self._audience = audience
        self._presence = presence
        self._changes = changes
        self._parcels = parcels
        self._most_per_user = most_per_user
        self._waiting: list[Join] = []
        self._doubtful: dict[int, bool] = {}  # users; whether their sidebar shows something else now
        self._is_all_in_doubt = False
        self._is_bus_sound = False
        self.review_at = 0.0  # by the monotonic clock: when it is somebody's turn again

    @property
    def has_waiting(self) -> bool:
        """Whether streams wait to be let in."""
        return bool(self._waiting)

    @property
    def is_in_haste(self) -> bool:
        """Whether there is something to do that is not to wait for a tick."""
        return bool(self._doubtful or self._waiting)

    def queue(self, joins: Iterable[Join]) -> None:
        """Have these streams wait until they are let in or refused."""
        self._waiting += joins

    def send_away(self) -> None:
        """Refuse all who wait."""
        for join in self._waiting:
            join.refuse("unavailable")
        self._waiting.clear()

    def doubt_all(self, *, is_bus_sound: bool) -> None:
        """Have everybody read again at once: what was announced of them may be lost."""
        self._is_bus_sound = is_bus_sound
        self._is_all_in_doubt = True

    def review(self, hinted: Mapping[int, bool]) -> None:
        """Read again who may hear what, of those in doubt and those whose turn it is.

        Arguments:
            hinted: by their ids the users that there were hints of, and whether their sidebar shows
                something else now.
        """
        now = time.monotonic()
        for user_id, is_told in hinted.items():
            self._doubt(user_id, is_told=is_told)
        people = [person for user_id in self._doubtful if (person := self._audience.people.get(user_id))]
        due, has_more = self._due(now)
        for some in _chunks(people + due):
            self._review_people(some, now)
        if self._is_all_in_doubt or now >= self.review_at:
            breath_s = BREATH * (time.monotonic() - now)
            self.review_at = time.monotonic() + (breath_s if has_more else max(REVIEW_PAUSE_S, breath_s))
        self._is_all_in_doubt = False
        self._doubtful.clear()

    def admit(self) -> None:
        """Let in or refuse those who wait, JOINED_AT_ONCE at a time."""
        joins = [join for join in self._waiting[:JOINED_AT_ONCE] if not join.stream.is_over]
        if joins:
            self._changes.tell_counts(is_now=True)  # who comes now knows all of that already
            self._welcome(self._let_in_of(joins))
        del self._waiting[:JOINED_AT_ONCE]

    def _let_in_of(self, joins: Sequence[Join]) -> dict[Join, list[Missed]]:
        """Those of `joins` that are let in, each with what it missed; the others are refused."""
        viewers = self._source.admit({join.stream.session_key for join in joins})
        wishes: dict[int, set[str]] = defaultdict(set)
        for join in joins:
            if viewer := viewers.get(join.stream.session_key):
                wishes[viewer.user_id].update(join.stream.wishes)
        opened = self._opened(wishes)
        joined = {channel_id for viewer in viewers.values() for channel_id in viewer.joined}
        places = self._places(joined)
        let_in: dict[Join, list[Missed]] = {}
        for join in joins:
            viewer = viewers.get(join.stream.session_key)
            if viewer is None:
                join.refuse("logged_out")
            elif self._let_in(join, viewer, opened, places):
                let_in[join] = self._changes.missed_by(join.stream, viewer)
        return let_in

    def _welcome(self, let_in: Mapping[Join, Sequence[Missed]]) -> None:
        """Give each its first words: what it missed, and that it is heard from now on."""
        told = self._changes.frames_missed(chain(*let_in.values()))
        for join, missed in let_in.items():
            changes = b"".join(told.get(one, b"") for one in missed)
            username = self._audience.people[join.stream.user_id].viewer.username
            join.accept(changes + frames.ready(username))

    def _doubt(self, user_id: int, *, is_told: bool = False) -> None:
        self._doubtful[user_id] = self._doubtful.get(user_id, False) or is_told

    def _due(self, now: float) -> tuple[list[Person], bool]:
        """Those whose turn it is, besides who is in doubt; and whether it is that of others, too."""
        if self._is_all_in_doubt:
            interval_s = 0.0
        elif now < self.review_at:
            return [], False
        else:
            interval_s = REVIEW_EVERY_S if self._is_bus_sound else OFTEN_S
        due = [
            person
            for user_id, person in self._audience.people.items()
            if now - person.reviewed_at >= interval_s and user_id not in self._doubtful
        ]
        if self._is_all_in_doubt or not self._is_bus_sound:
            return due, False
        sizes = accumulate(len(person.viewer.joined) for person in due)
        fitting = sum(1 for _size in takewhile(lambda size: size <= MEMBERSHIPS_AT_ONCE, sizes))
        some = due[: min(max(fitting, 1), REVIEWED_AT_ONCE)]
        return some, len(some) < len(due)

    def _review_people(self, people: Sequence[Person], now: float) -> None:
        keys = {stream.session_key for person in people for stream in person.streams}
        alive = set(self._source.alive(keys))
        viewers = self._source.viewers([person.viewer.user_id for person in people])
        opened = self._opened({person.viewer.user_id: person.wishes for person in people})
        joined = {channel_id for viewer in viewers.values() for channel_id in viewer.joined}
        places = self._places(joined)
        for person in people:
            viewer = viewers.get(person.viewer.user_id)
            person.reviewed_at = now
            if viewer is None or viewer.mark != person.viewer.mark:
                self._end(list(person.streams))
                continue
            self._end([stream for stream in person.streams if stream.session_key not in alive])
            may_open = {place.channel_id for place in opened.get(viewer.user_id, ())}
            for stream in person.streams:
                self._audience.close(stream, stream.opened - may_open)
            self._tell_cleared(person, viewer)
            shows_else = (viewer.joined, viewer.sidebar) != (person.viewer.joined, person.viewer.sidebar)
            is_told = shows_else or self._doubtful.get(viewer.user_id, False)
            self._audience.renew(person, viewer, places)
            if is_told:
                self._parcels.tell(frames.sidebar(), person.streams)

    def _tell_cleared(self, person: Person, viewer: Viewer) -> None:
        """Have pages ask again that show messages which are not for their reader any more, or are again."""
        for stream in person.streams:
            for channel_id in stream.opened:
                if viewer.cleared.get(channel_id) != person.viewer.cleared.get(channel_id):
                    self._parcels.tell(frames.hint(self._audience.channels[channel_id].place), [stream])

    def _end(self, streams: Collection[Stream]) -> None:
        for stream in streams:
            self._audience.remove(stream)
        self._parcels.end(streams)

    def _let_in(
        self,
        join: Join,
        viewer: Viewer,
        opened: dict[int, Sequence[Place]],
        places: dict[int, Place],
    ) -> bool:
        known = self._audience.people.get(viewer.user_id)
        if known is not None and len(known.streams) >= self._most_per_user:
            join.refuse("too_many_streams")
            return False
        if known is not None and known.viewer != viewer:
            self._doubt(viewer.user_id)  # the other streams do not know yet
        mine = [place for place in opened.get(viewer.user_id, ()) if place.slug in join.stream.wishes]
        self._audience.add(join.stream, viewer, mine, places, time.monotonic())
        self._presence.watch(join.stream)
        return True

    def _opened(self, wishes: dict[int, set[str]]) -> dict[int, Sequence[Place]]:
        asked = {user_id: slugs for user_id, slugs in wishes.items() if slugs}
        return dict(self._source.opened(asked)) if asked else {}

    def _places(self, channel_ids: Iterable[int]) -> dict[int, Place]:
        """The places of those that nobody listens to yet."""
        places: dict[int, Place] = {}
        for some in _chunks(self._audience.unknown_among(channel_ids)):
            places.update(self._source.places(some))
        return places


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """`items` in lists that fit into a question to the database."""
    rest = iter(list(items))
    while some := list(islice(rest, CHUNK)):
        yield some
