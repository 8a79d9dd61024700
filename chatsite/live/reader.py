"""The hub's reader: the one thread that asks the database, and decides which stream is told what.

A hint makes it look. It reads what changed after the version that it knows, which is also what puts changes
in order, fills gaps and drops what came twice; and it looks by itself, in case a hint was lost.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, islice, takewhile
from typing import TypeAlias, TypeVar

from chatsite.live import frames
from chatsite.live.audience import Audience, Channel, Person, Tally
from chatsite.live.bus import Hearing, announce
from chatsite.live.events import typing_heard
from chatsite.live.inbox import Inbox, Join, Work
from chatsite.live.presence import Presence
from chatsite.live.source import Batch, Place, Source, Viewer
from chatsite.live.stream import Stream

TICK_S = 0.2
IDLE_TICK_S = 5.0
LOOK_EVERY_S = 10.0  # at the version of each channel
REVIEW_EVERY_S = 30.0  # of everybody's session, account and memberships
OFTEN_S = 0.5  # both, while what is announced may not be heard: with a tick and what it takes below a second
BREATH = 2  # times as long as a look or a review took, until the next one
CHUNK = 500  # people, sessions or channels in a question
# What is said meanwhile waits for these: some two milliseconds.
LOOKED_AT_ONCE = 100  # channels
REVIEWED_AT_ONCE = 100  # people, while nothing is lost
MEMBERSHIPS_AT_ONCE = 500  # of theirs, or one person's
JOINED_AT_ONCE = 250  # streams
MOST_MISSED = 500  # versions
MISSED_FOR_S = 0.2  # to read and render what was missed, for those who join together
COUNTS_EVERY_S = 0.3  # to who has a channel in the sidebar alone
MEMBERS_EVERY_S = 5.0  # how many there are, to who has a channel open: each of them asks
FIRST_BUS_S = 2.0  # to wait for the bus before the first stream
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0

Item = TypeVar("Item")
Missed: TypeAlias = tuple[int, int, str]  # a channel, the version that was known, a language

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame for some streams; `is_last` ends them with it."""

    frame: bytes
    streams: Sequence[Stream]
    is_last: bool = False


class Reader:
    """Arguments:
    send: called with what is to be sent, in order, once per round.
    most_per_user: streams.
    """

    def __init__(
        self,
        source: Source,
        hearing: Hearing,
        inbox: Inbox,
        send: Callable[[list[Parcel]], None],
        *,
        most_per_user: int,
    ) -> None:
        self._source = source
        self._hearing = hearing
        self._inbox = inbox
        self._send = send
        self._most_per_user = most_per_user
        self._audience = Audience()
        self._presence = Presence(self._audience, source.showing_presence, self._tell, time.monotonic())
        self._parcels: list[Parcel] = []
        self._doubtful: dict[int, bool] = {}  # users; whether their sidebar shows something else now
        self._tallied: set[int] = set()  # channels
        self._said: set[tuple[int, str]] = set()  # in this round: channels, and who said something new there
        self._losses = hearing.losses
        self._was_sound = False
        self._is_all_in_doubt = False
        self._unlooked = 0  # channels at which to look in haste: what was said of them may be lost
        self._looked_at = self._look_took_s = self._review_at = 0.0  # by the monotonic clock
        self._pause_s = FIRST_PAUSE_S
        self._waiting: list[Join] = []

    def run_once(self) -> None:
        """Do what waits; return after a tick at the latest, or after a pause for a database that is away."""
        work = self._inbox.take(self._tick_s())
        self._waiting += work.joins
        try:
            self._do(work)
        except Exception as fault:  # the database is away, or something is wrong with us
            logger.warning("hub starts over", exc_info=fault)
            self._start_over()
            time.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        else:
            self._pause_s = FIRST_PAUSE_S

    def _do(self, work: Work) -> None:
        self._said.clear()
        for stream in work.leaves:
            self._audience.remove(stream)
        self._presence.take(work.presence, time.monotonic())
        if self._audience.people or self._waiting:
            self._notice_losses()
            self._review(work.users)
            self._admit()
            self._look()
            self._tell_of(work.channels)
            self._tell_sidebars(work.sidebars)
            self._tell_rejected(work.rejected)
            self._tell_who_types(work.typing)
            self._tell_heard(work.heard)
            self._tell_counts()
        self._presence.look(time.monotonic(), is_bus_sound=self._hearing.is_sound)
        self._hand_out()
        if not self._audience.people:
            self._source.hang_up()

    def _start_over(self) -> None:
        """Forget what may be half done: all is read again before anything else is told."""
        try:
            self._source.hang_up()
        except Exception:  # a connection that broke may not even be closed
            logger.exception("hub could not hang up")
        for join in self._waiting:
            join.refuse("unavailable")
        self._waiting.clear()
        self._hand_out()  # each parcel is whole, and what its place says is noted already
        self._doubt_all()

    def _tick_s(self) -> float:
        if self._doubtful or self._waiting:
            return 0.0
        if not self._audience.people:
            return IDLE_TICK_S
        next_s = min(self._look_at, self._review_at) - time.monotonic()
        return min(max(next_s, 0.0), TICK_S)

    def _hand_out(self) -> None:
        if self._parcels:
            parcels, self._parcels = self._parcels, []
            self._send(parcels)

    def _tell(self, frame: bytes, streams: Iterable[Stream]) -> None:
        if listeners := list(streams):
            self._parcels.append(Parcel(frame, listeners))

    # Who may listen

    def _notice_losses(self) -> None:
        if self._waiting:
            # Who joins is read after the bus is heard, so that nothing falls between the two.
            self._hearing.has_tried.wait(FIRST_BUS_S)
        losses, is_sound = self._hearing.losses, self._hearing.is_sound
        if (losses, is_sound) != (self._losses, self._was_sound):
            self._losses, self._was_sound = losses, is_sound
            self._doubt_all()

    def _doubt_all(self) -> None:
        self._is_all_in_doubt = True
        self._unlooked = len(self._audience.channels)

    def _review(self, hinted: dict[int, bool]) -> None:
        """Read again who may hear what, of those in doubt and those whose turn it is."""
        now = time.monotonic()
        for user_id, is_told in hinted.items():
            self._doubt(user_id, is_told=is_told)
        people = [person for user_id in self._doubtful if (person := self._audience.people.get(user_id))]
        due, has_more = self._due(now)
        for some in chunks(people + due):
            self._review_people(some, now)
        if self._is_all_in_doubt or now >= self._review_at:
            breath_s = BREATH * (time.monotonic() - now)
            self._review_at = time.monotonic() + (breath_s if has_more else max(TICK_S, breath_s))
        self._is_all_in_doubt = False
        self._doubtful.clear()

    def _doubt(self, user_id: int, *, is_told: bool = False) -> None:
        self._doubtful[user_id] = self._doubtful.get(user_id, False) or is_told

    def _due(self, now: float) -> tuple[list[Person], bool]:
        """Those whose turn it is, besides who is in doubt; and whether it is that of others, too."""
        if self._is_all_in_doubt:
            interval_s = 0.0
        elif now < self._review_at:
            return [], False
        else:
            interval_s = REVIEW_EVERY_S if self._was_sound else OFTEN_S
        due = [
            person
            for user_id, person in self._audience.people.items()
            if now - person.reviewed_at >= interval_s and user_id not in self._doubtful
        ]
        if self._is_all_in_doubt or not self._was_sound:
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
                self._tell(frames.sidebar(), person.streams)

    def _tell_cleared(self, person: Person, viewer: Viewer) -> None:
        """Have pages ask again that show messages which are not for their reader any more, or are again."""
        for stream in person.streams:
            for channel_id in stream.opened:
                if viewer.cleared.get(channel_id) != person.viewer.cleared.get(channel_id):
                    self._tell(frames.hint(self._audience.channels[channel_id].place), [stream])

    def _end(self, streams: Collection[Stream]) -> None:
        for stream in streams:
            self._audience.remove(stream)
        if streams:
            self._parcels.append(Parcel(frames.bye(), list(streams), is_last=True))

    def _admit(self) -> None:
        joins = [join for join in self._waiting[:JOINED_AT_ONCE] if not join.stream.is_over]
        if joins:
            self._tell_counts(is_now=True)  # who comes now knows all of that already
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
                    let_in[join] = self._missed_by(join.stream, viewer)
            told = self._changes_missed(chain(*let_in.values()))
            for join, missed in let_in.items():
                changes = b"".join(told.get(one, b"") for one in missed)
                username = self._audience.people[join.stream.user_id].viewer.username
                join.accept(changes + frames.ready(username))
        del self._waiting[:JOINED_AT_ONCE]

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

    def _missed_by(self, stream: Stream, viewer: Viewer) -> list[Missed]:
        """What it shows and knows an earlier version of; what it is too far behind in, it asks for."""
        missed: list[Missed] = []
        for channel_id, version in stream.known.items():
            if channel_id in stream.opened and not viewer.cleared.get(channel_id):
                place = self._audience.channels[channel_id].place
                if 0 < place.version - version <= MOST_MISSED:
                    missed.append((channel_id, version, stream.language))
        return missed

    def _changes_missed(self, missed: Iterable[Missed]) -> dict[Missed, bytes]:
        """What is told to who missed that; read and rendered once for all who did.

        When a server was restarted everybody comes back at once, and would ask for the same. What most of
        them missed comes first: who knows something else than all others may not keep them waiting, and asks.
        """
        told: dict[Missed, bytes] = {}
        until = time.monotonic() + MISSED_FOR_S
        for one, _count in Counter(missed).most_common():
            if time.monotonic() >= until:
                break
            channel_id, version, language = one
            before = replace(self._audience.channels[channel_id].place, version=version)
            batch = self._source.changes(before)
            if batch.rows:
                told[one] = self._changes(before, batch, language)
        return told

    def _opened(self, wishes: dict[int, set[str]]) -> dict[int, Sequence[Place]]:
        asked = {user_id: slugs for user_id, slugs in wishes.items() if slugs}
        return dict(self._source.opened(asked)) if asked else {}

    def _places(self, channel_ids: Iterable[int]) -> dict[int, Place]:
        """The places of those that nobody listens to yet."""
        places: dict[int, Place] = {}
        for some in chunks(self._audience.unknown_among(channel_ids)):
            places.update(self._source.places(some))
        return places

    # What changed

    def _look(self) -> None:
        """Compare versions, in case a hint was lost; of those channels that wait for it longest."""
        now = time.monotonic()
        if now < self._look_at:
            return
        some = self._audience.next_to_look_at(LOOKED_AT_ONCE)
        for channel_id, place in self._source.places(some).items():
            channel = self._audience.channels[channel_id]
            if place != channel.place:
                self._catch_up(channel)
        self._unlooked = max(0, self._unlooked - len(some))
        self._looked_at = time.monotonic()
        self._look_took_s = self._looked_at - now

    @property
    def _look_at(self) -> float:
        """When to look at the next ones, so that the turn of each comes once in an interval."""
        share = LOOKED_AT_ONCE / max(LOOKED_AT_ONCE, len(self._audience.channels))
        interval_s = LOOK_EVERY_S if self._was_sound else OFTEN_S
        pause_s = 0.0 if self._unlooked else share * interval_s
        return self._looked_at + max(BREATH * self._look_took_s, pause_s)

    def _tell_of(self, hinted: dict[int, float]) -> None:
        for channel_id, version in hinted.items():
            channel = self._audience.channels.get(channel_id)
            if channel is not None and version > channel.place.version:
                self._catch_up(channel)

    def _catch_up(self, channel: Channel) -> None:
        """Read what changed in a channel, and tell its streams."""
        batch = self._source.changes(channel.place)
        before, channel.place = channel.place, batch.place
        if batch.place.listed_as != before.listed_as:
            self._tell(frames.sidebar(), channel.members)
        self._tell_description(channel, before)
        if batch.is_too_long:
            self._tell(frames.hint(batch.place), channel.opens)
            self._tell(frames.sidebar(), channel.members)
            channel.tally = None
        elif batch.place.version != before.version:
            self._tell_messages(channel, before, batch)

    def _tell_description(self, channel: Channel, before: Place) -> None:
        """Have pages ask how the channel is described, if that is another; not each time while many join."""
        place, now = channel.place, time.monotonic()
        is_another = (place.about, place.listed_as) != (before.about, before.listed_as)
        if not is_another and place.members == before.members:
            return
        if not is_another and now - channel.described_at < MEMBERS_EVERY_S:
            channel.place = replace(place, members=before.members)  # the next look finds it
            return
        channel.described_at = now
        self._tell(frames.hint(before), channel.opens)  # under the address that its pages know

    def _tell_messages(self, channel: Channel, before: Place, batch: Batch) -> None:
        self._said |= {(batch.place.channel_id, author) for _seq, author in batch.new}
        counts = frames.count(batch.place, before.version, batch.new, batch.gone)
        frames_in: dict[str, bytes] = {}  # by language
        groups: dict[tuple[str, bool], list[Stream]] = defaultdict(list)
        for stream in channel.opens:
            viewer = self._audience.people[stream.user_id].viewer
            has_cleared = viewer.cleared.get(batch.place.channel_id, 0) >= batch.lowest_seq
            language = "" if has_cleared else stream.language
            groups[language, stream in channel.members].append(stream)
        for (language, is_member), streams in groups.items():
            if language not in frames_in:
                frames_in[language] = self._changes(before, batch, language)
            frame = frames_in[language]
            self._tell(frame + counts if is_member else frame, streams)
        if len(channel.members - channel.opens):
            if channel.tally is None:
                channel.tally = Tally(before.version)
                self._tallied.add(before.channel_id)
            channel.tally.new += batch.new
            channel.tally.gone += batch.gone

    def _changes(self, before: Place, batch: Batch, language: str) -> bytes:
        """What changed, in a language; without one, only that something did."""
        if not language:
            return frames.hint(batch.place)
        try:
            return frames.changes(before, batch, self._source.render(batch.rows, language))
        except Exception:
            # One that can't be shown must not keep all others from being heard; the page asks for it.
            logger.exception("could not render", extra={"channel_id": before.channel_id})
            return frames.hint(batch.place)

    def _tell_counts(self, *, is_now: bool = False) -> None:
        """Tell numbers to who sees nothing else of a channel, not more often than they can be read."""
        now = time.monotonic()
        for channel_id in list(self._tallied):
            channel = self._audience.channels.get(channel_id)
            if channel is not None and channel.tally is not None:
                if not is_now and now - channel.told_at < COUNTS_EVERY_S:
                    continue
                tally, channel.tally, channel.told_at = channel.tally, None, now
                frame = frames.count(channel.place, tally.after, tally.new, tally.gone)
                self._tell(frame, channel.members - channel.opens)
            self._tallied.discard(channel_id)

    def _tell_sidebars(self, user_ids: Collection[int]) -> None:
        for user_id in user_ids:
            if person := self._audience.people.get(user_id):
                self._tell(frames.sidebar(), person.streams)

    def _tell_rejected(self, names: Collection[tuple[int, str]]) -> None:
        for user_id, client_id in names:
            if person := self._audience.people.get(user_id):
                self._tell(frames.rejected(client_id), person.streams)

    def _tell_who_types(self, typing: Collection[tuple[int, int]]) -> None:
        heard = [
            (channel, user_id)
            for channel_id, user_id in typing
            if (channel := self._audience.channels.get(channel_id)) is not None and channel.opens
        ]
        unknown = {user_id for _channel, user_id in heard} - self._audience.people.keys()
        viewers = dict(self._source.viewers(unknown)) if unknown else {}
        for channel, user_id in heard:
            if person := self._audience.people.get(user_id):
                viewers[user_id] = person.viewer
            viewer = viewers.get(user_id)
            # A ticket outlives the right to write there by some minutes.
            if viewer is None or channel.place.channel_id not in viewer.joined:
                continue
            # Who has said it meanwhile does not write it any more, whichever was heard first.
            if (channel.place.channel_id, viewer.username) not in self._said:
                others = [stream for stream in channel.opens if stream.user_id != user_id]
                self._tell(frames.typing(channel.place, viewer.username, viewer.name), others)
                if others:
                    announce(typing_heard(channel.place.channel_id, user_id))

    def _tell_heard(self, heard: Collection[tuple[int, int]]) -> None:
        """Have who writes go on telling so; who hears nothing of this tells it seldom."""
        for channel_id, user_id in heard:
            channel = self._audience.channels.get(channel_id)
            if channel is not None:
                mine = [stream for stream in channel.opens if stream.user_id == user_id]
                self._tell(frames.heard(channel.place), mine)


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """`items` in lists that fit into a question to the database."""
    rest = iter(list(items))
    while some := list(islice(rest, CHUNK)):
        yield some
