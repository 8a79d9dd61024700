"""What changed in the channels that somebody here listens to, read and told; kept by the hub's reader.

A hint makes it look. It reads what changed after the version that it knows, which is also what puts changes
in order, fills gaps and drops what came twice; and it looks by itself, in case a hint was lost.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from chatsite.live import frames
from chatsite.live.audience import Audience, Channel, Tally
from chatsite.live.parcels import Parcels
from chatsite.live.source import Batch, Place, Source, Viewer
from chatsite.live.stream import Stream

LOOK_EVERY_S = 10.0  # at the version of each channel
OFTEN_S = 0.5  # while what is announced may not be heard: with a tick and what it takes below a second
BREATH = 2  # times as long as a look took, until the next one
LOOKED_AT_ONCE = 100  # channels: what is said meanwhile waits for these, some two milliseconds
MOST_MISSED = 500  # versions
MISSED_FOR_S = 0.2  # to read and render what was missed, for those who join together
COUNTS_EVERY_S = 0.3  # to who has a channel in the sidebar alone
MEMBERS_EVERY_S = 5.0  # how many there are, to who has a channel open: each of them asks

Missed: TypeAlias = tuple[int, int, str]  # a channel, the version that was known, a language

logger = logging.getLogger(__name__)


class Changes:
    """Arguments:
    source: asked in the reader's thread; whatever it raises comes out of these methods.
    audience: who has streams here.
    parcels: what is to be told.
    """

    def __init__(self, source: Source, audience: Audience, parcels: Parcels) -> None:
        self._source = source
        self._audience = audience
        self._parcels = parcels
        self._is_bus_sound = False
        self._tallied: set[int] = set()  # channels
        self._said: set[tuple[int, str]] = set()
        self._unlooked = 0  # channels at which to look in haste: what was said of them may be lost
        self._looked_at = self._look_took_s = 0.0  # by the monotonic clock

    def begin_round(self) -> None:
        """Forget who said something in the round before."""
        self._said.clear()

    def doubt_all(self, *, is_bus_sound: bool) -> None:
        """Have every channel looked at soon: what was said of it may be lost."""
        self._is_bus_sound = is_bus_sound
        self._unlooked = len(self._audience.channels)

    def has_said(self, channel_id: int, username: str) -> bool:
        """Whether somebody said something new in a channel, in this round."""
        return (channel_id, username) in self._said

    def look(self) -> None:
        """Compare versions, in case a hint was lost; of those channels that wait for it longest."""
        now = time.monotonic()
        if now < self.look_at:
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
    def look_at(self) -> float:
        """When to look at the next ones, so that the turn of each comes once in an interval."""
        share = LOOKED_AT_ONCE / max(LOOKED_AT_ONCE, len(self._audience.channels))
        interval_s = LOOK_EVERY_S if self._is_bus_sound else OFTEN_S
        pause_s = 0.0 if self._unlooked else share * interval_s
        return self._looked_at + max(BREATH * self._look_took_s, pause_s)

    def tell_of(self, hinted: Mapping[int, float]) -> None:
        """Tell what changed in the channels that there were hints of.

        Arguments:
            hinted: by a channel's id, the highest version that was heard of.
        """
        for channel_id, version in hinted.items():
            channel = self._audience.channels.get(channel_id)
            if channel is not None and version > channel.place.version:
                self._catch_up(channel)

    def tell_counts(self, *, is_now: bool = False) -> None:
        """Tell numbers to who sees nothing else of a channel, not more often than they can be read."""
        now = time.monotonic()
        for channel_id in list(self._tallied):
            channel = self._audience.channels.get(channel_id)
            if channel is not None and channel.tally is not None:
                if not is_now and now - channel.told_at < COUNTS_EVERY_S:
                    continue
                tally, channel.tally, channel.told_at = channel.tally, None, now
                frame = frames.count(channel.place, tally.after, tally.new, tally.gone)
                self._parcels.tell(frame, channel.members - channel.opens)
            self._tallied.discard(channel_id)

    def missed_by(self, stream: Stream, viewer: Viewer) -> list[Missed]:
        """What it shows and knows an earlier version of; what it is too far behind in, it asks for."""
        missed: list[Missed] = []
        for channel_id, version in stream.known.items():
            if channel_id in stream.opened and not viewer.cleared.get(channel_id):
                place = self._audience.channels[channel_id].place
                if 0 < place.version - version <= MOST_MISSED:
                    missed.append((channel_id, version, stream.language))
        return missed

    def frames_missed(self, missed: Iterable[Missed]) -> dict[Missed, bytes]:
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
                told[one] = self._frame_of(before, batch, language)
        return told

    def _catch_up(self, channel: Channel) -> None:
        """Read what changed in a channel, and tell its streams."""
        batch = self._source.changes(channel.place)
        before, channel.place = channel.place, batch.place
        if batch.place.listed_as != before.listed_as:
            self._parcels.tell(frames.sidebar(), channel.members)
        self._tell_description(channel, before)
        if batch.is_too_long:
            self._parcels.tell(frames.hint(batch.place), channel.opens)
            self._parcels.tell(frames.sidebar(), channel.members)
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
        self._parcels.tell(frames.hint(before), channel.opens)  # under the address that its pages know

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
                frames_in[language] = self._frame_of(before, batch, language)
            frame = frames_in[language]
            self._parcels.tell(frame + counts if is_member else frame, streams)
        if len(channel.members - channel.opens):
            if channel.tally is None:
                channel.tally = Tally(before.version)
                self._tallied.add(before.channel_id)
            channel.tally.new += batch.new
            channel.tally.gone += batch.gone

    def _frame_of(self, before: Place, batch: Batch, language: str) -> bytes:
        """What changed, in a language; without one, only that something did."""
        if not language:
            return frames.hint(batch.place)
        try:
            return frames.changes(before, batch, self._source.render(batch.rows, language))
        except Exception:
            # One that can't be shown must not keep all others from being heard; the page asks for it.
            logger.exception("could not render", extra={"channel_id": before.channel_id})
            return frames.hint(batch.place)
