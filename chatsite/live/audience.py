"""Who listens here, and to what; kept by the hub's reader, in its thread alone."""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice

from chatsite.live.source import Place, Said, Viewer
from chatsite.live.stream import Stream


class Person:
    """A user with streams here."""

    __slots__ = ("reviewed_at", "streams", "viewer")

    def __init__(self, viewer: Viewer, now: float) -> None:
        self.viewer = viewer
        self.streams: set[Stream] = set()
        self.reviewed_at = now  # by the monotonic clock

    @property
    def wishes(self) -> set[str]:
        return {slug for stream in self.streams for slug in stream.wishes}


class Tally:
    """What changed in a channel that those who have it in their sidebar alone are yet to be told."""

    __slots__ = ("after", "gone", "new")

    def __init__(self, after: int) -> None:
        self.after = after
        self.new: list[Said] = []
        self.gone: list[Said] = []


class Channel:
    """A channel that somebody here listens to.

    `place` is what its streams were told last; `opens` get what changed, `members` numbers.
    """

    __slots__ = ("described_at", "members", "opens", "place", "tally", "told_at")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.opens: set[Stream] = set()
        self.members: set[Stream] = set()
        self.tally: Tally | None = None
        self.described_at = self.told_at = 0.0  # by the monotonic clock


class Audience:
    """People and channels by their ids: those who have streams here, and those that somebody listens to."""

    def __init__(self) -> None:
        self.people: dict[int, Person] = {}
        self.channels: dict[int, Channel] = {}  # what was read longest ago first

    def unknown_among(self, channel_ids: Iterable[int]) -> set[int]:
        """Those of the channels that nobody listens to yet: their places must be read first."""
        return {channel_id for channel_id in channel_ids if channel_id not in self.channels}

    def next_to_look_at(self, most: int) -> list[int]:
        """The channels whose turn it is to be looked at; it is that of all others first, from now on."""
        some = list(islice(self.channels, most))
        for channel_id in some:
            self.channels[channel_id] = self.channels.pop(channel_id)
        return some

    def has(self, stream: Stream) -> bool:
        person = self.people.get(stream.user_id)
        return person is not None and stream in person.streams

    def add(
        self, stream: Stream, viewer: Viewer, opened: Iterable[Place], places: Mapping[int, Place], now: float
    ) -> None:
        """Take in a stream of `viewer`'s.

        Arguments:
            opened: the channels that it shows.
            places: all those of `unknown_among` that are there.
            now: by the monotonic clock.
        """
        person = self.people.setdefault(viewer.user_id, Person(viewer, now))
        person.streams.add(stream)
        stream.user_id = viewer.user_id
        stream.speak(viewer.language)
        for channel in self._channels(person.viewer.joined, places):
            channel.members.add(stream)
        opened = list(opened)
        stream.opened = frozenset(place.channel_id for place in opened)
        for channel in self._channels(stream.opened, {place.channel_id: place for place in opened}):
            channel.opens.add(stream)

    def remove(self, stream: Stream) -> None:
        """Let a stream go; one that is gone already stays gone."""
        if not self.has(stream):
            return
        person = self.people[stream.user_id]
        person.streams.discard(stream)
        for channel_id in person.viewer.joined | stream.opened:
            self._let_go(channel_id, stream)
        if not person.streams:
            del self.people[stream.user_id]

    def renew(self, person: Person, viewer: Viewer, places: Mapping[int, Place]) -> None:
        """Take note of what `person` may hear now; `places` as of `add`."""
        lost = person.viewer.joined - viewer.joined
        won = viewer.joined - person.viewer.joined
        person.viewer = viewer
        for stream in person.streams:
            stream.speak(viewer.language)
            for channel_id in lost:
                self._let_go(channel_id, stream, keeps_open=channel_id in stream.opened)
            for channel in self._channels(won, places):
                channel.members.add(stream)

    def close(self, stream: Stream, channel_ids: Collection[int]) -> None:
        """Show nothing of these channels in `stream` any more."""
        stream.opened -= frozenset(channel_ids)
        joined = self.people[stream.user_id].viewer.joined
        for channel_id in channel_ids:
            channel = self.channels[channel_id]
            channel.opens.discard(stream)
            if channel_id not in joined:
                self._let_go(channel_id, stream)

    def _channels(self, channel_ids: Iterable[int], places: Mapping[int, Place]) -> Iterable[Channel]:
        for channel_id in channel_ids:
            if channel_id not in self.channels:
                if channel_id not in places:
                    continue  # archived between two questions
                self.channels[channel_id] = Channel(places[channel_id])
            yield self.channels[channel_id]

    def _let_go(self, channel_id: int, stream: Stream, *, keeps_open: bool = False) -> None:
        channel = self.channels.get(channel_id)
        if channel is None:
            return
        channel.members.discard(stream)
        if not keeps_open:
            channel.opens.discard(stream)
        if not channel.members and not channel.opens:
            del self.channels[channel_id]
