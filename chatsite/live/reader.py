"""The hub's reader: the one thread that asks the database, and decides which stream is told what.

In each round it does what waits in the inbox, and what is due by itself. After any fault it starts over.
"""

import logging
import time
from collections.abc import Callable, Collection

from chatsite.live import frames
from chatsite.live.audience import Audience
from chatsite.live.bus import Hearing
from chatsite.live.changes import Changes
from chatsite.live.doorkeeper import Doorkeeper
from chatsite.live.inbox import Inbox, Work
from chatsite.live.parcels import Parcel, Parcels
from chatsite.live.presence import Presence
from chatsite.live.source import Source
from chatsite.live.typing import Typing

TICK_S = 0.2
IDLE_TICK_S = 5.0
FIRST_BUS_S = 2.0  # to wait for the bus before the first stream
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0

logger = logging.getLogger(__name__)


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
        self._parcels = Parcels(send)
        self._audience = Audience()
        self._presence = Presence(
            self._audience, source.showing_presence, self._parcels.tell, time.monotonic()
        )
        self._changes = Changes(source, self._audience, self._parcels)
        self._typing = Typing(source, self._audience, self._changes, self._parcels)
        self._doorkeeper = Doorkeeper(
            source,
            self._audience,
            self._presence,
            self._changes,
            self._parcels,
            most_per_user=most_per_user,
        )
        self._losses = hearing.losses
        self._was_sound = False
        self._pause_s = FIRST_PAUSE_S

    def run_once(self) -> None:
        """Do what waits; return after a tick at the latest, or after a pause for a database that is away."""
        work = self._inbox.take(self._tick_s())
        self._doorkeeper.queue(work.joins)
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
        self._changes.begin_round()
        for stream in work.leaves:
            self._audience.remove(stream)
        self._presence.take(work.presence, time.monotonic())
        if self._audience.people or self._doorkeeper.has_waiting:
            self._notice_losses()
            self._doorkeeper.review(work.users)
            self._doorkeeper.admit()
            self._changes.look()
            self._changes.tell_of(work.channels)
            self._tell_sidebars(work.sidebars)
            self._tell_rejected(work.rejected)
            self._typing.tell_who_types(work.typing)
            self._typing.tell_heard(work.heard)
            self._changes.tell_counts()
        self._presence.look(time.monotonic(), is_bus_sound=self._hearing.is_sound)
        self._parcels.hand_out()
        if not self._audience.people:
            self._source.hang_up()

    def _start_over(self) -> None:
        """Forget what may be half done: all is read again before anything else is told."""
        try:
            self._source.hang_up()
        except Exception:  # a connection that broke may not even be closed
            logger.exception("hub could not hang up")
        self._doorkeeper.send_away()
        self._parcels.hand_out()  # each parcel is whole, and what its place says is noted already
        self._doubt_all()

    def _tick_s(self) -> float:
        if self._doorkeeper.is_in_haste:
            return 0.0
        if not self._audience.people:
            return IDLE_TICK_S
        next_s = min(self._changes.look_at, self._doorkeeper.review_at) - time.monotonic()
        return min(max(next_s, 0.0), TICK_S)

    def _notice_losses(self) -> None:
        if self._doorkeeper.has_waiting:
            # Who joins is read after the bus is heard, so that nothing falls between the two.
            self._hearing.has_tried.wait(FIRST_BUS_S)
        losses, is_sound = self._hearing.losses, self._hearing.is_sound
        if (losses, is_sound) != (self._losses, self._was_sound):
            self._losses, self._was_sound = losses, is_sound
            self._doubt_all()

    def _doubt_all(self) -> None:
        self._doorkeeper.doubt_all(is_bus_sound=self._was_sound)
        self._changes.doubt_all(is_bus_sound=self._was_sound)

    def _tell_sidebars(self, user_ids: Collection[int]) -> None:
        for user_id in user_ids:
            if person := self._audience.people.get(user_id):
                self._parcels.tell(frames.sidebar(), person.streams)

    def _tell_rejected(self, names: Collection[tuple[int, str]]) -> None:
        for user_id, client_id in names:
            if person := self._audience.people.get(user_id):
                self._parcels.tell(frames.rejected(client_id), person.streams)
