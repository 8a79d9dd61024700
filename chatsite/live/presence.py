"""Who is here (online, away, offline), for the streams that show it; kept by the hub's reader in its thread.

A user is online while a browser of theirs that is used has a stream, in any process, and away while they have
streams of unused browsers alone. Nothing is stored, and nothing is worked out or sent about people whom
nobody looks at: a hub asks the others about those that its streams show, and they answer about those alone.
"""

import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from chatsite.live import frames
from chatsite.live.audience import Audience
from chatsite.live.bus import announce
from chatsite.live.events import Event, from_numbers, here, who_is_here
from chatsite.live.stream import Stream

LOOK_EVERY_S = 0.2
KINDS = frozenset({"browser", "presence", "asked", "here"})

GRACE_S = 8.0  # until who left is offline: another page, and a server that restarts, take less
ANSWERED_WITHIN_S = 1.0  # before nobody but us knows of somebody
ASKED_EVERY_S = 20.0
ASKED_FOR_S = 45.0  # after which a hub that did not ask again shows nobody
HEARD_FOR_S = 50.0  # after which a hub that did not answer again is gone, with its streams
ANSWERS_EVERY_S = 0.4
SWITCHES_READ_EVERY_S = 30.0

ONLINE, AWAY, OFFLINE, UNSEEN = "online", "away", "offline", ""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Other:
    """What another hub said last. Times are by the monotonic clock.

    Arguments:
        asked: whom it shows to somebody.
    """

    asked: frozenset[int] = frozenset()
    asked_at: float = 0.0
    online: frozenset[int] = frozenset()
    away: frozenset[int] = frozenset()
    heard_at: float = 0.0


class Presence:
    """Arguments:
    audience: who has streams here.
    showing: asks the database which of these users let others see whether they are here.
    tell: sends a frame to streams.
    now: by the monotonic clock.
    """

    def __init__(
        self,
        audience: Audience,
        showing: Callable[[Collection[int]], Collection[int]],
        tell: Callable[[bytes, Iterable[Stream]], None],
        now: float,
    ) -> None:
        self._audience = audience
        self._showing = showing
        self._tell = tell
        self._began_at = now
        self._hub_id = secrets.randbits(48)
        self._others: dict[int, Other] = {}
        self._watching: set[Stream] = set()
        self._shown: set[int] = set()  # by the streams that watch
        self._is_shown_stale = False
        self._was_bus_sound = False
        self._states: dict[int, str] = {}  # of whom they show, as they were told
        self._shown_since: dict[int, float] = {}
        self._seen: dict[int, tuple[float, str]] = {}  # when somebody last had a stream here, and how
        self._switched_on: frozenset[int] = frozenset()
        self._look_at = self._read_switches_at = self._ask_at = self._answer_at = 0.0
        self._answered = (frozenset[int](), frozenset[int]())
        self._is_asked_anew = False

    def watch(self, stream: Stream) -> None:
        """Tell a stream that began, or shows other people now, of those that it shows."""
        self._is_shown_stale = True
        if not stream.people:
            self._watching.discard(stream)
            return
        self._watching.add(stream)
        known = {user_id: self._states[user_id] for user_id in stream.people & self._states.keys()}
        if known:
            self._tell(frames.presence(known), [stream])

    def take(self, events: Iterable[Event], now: float) -> None:
        """Take note of what the bus brought."""
        for event in events:
            try:
                self._take(event, now)
            except (KeyError, TypeError, ValueError) as fault:
                # Of another release, say. A hint that is not understood is as good as lost.
                logger.warning("no event", extra={"topic": event.topic, "fault": repr(fault)})

    def look(self, now: float, *, is_bus_sound: bool) -> None:
        """Find out who came, left, began to rest or came back, and tell whoever shows them."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        self._notice_who_watches()
        if not self._watching and not self._others:
            self._forget()
            return
        self._judge_others(now, is_bus_sound=is_bus_sound)
        asked = {user_id for other in self._others.values() for user_id in other.asked}
        here_now = self._who_is_here(asked | self._shown, now)
        self._answer({user_id: here_now[user_id] for user_id in asked & here_now.keys()}, now)
        self._notice_who_is_shown(now)
        self._tell_changes(here_now, now)

    def _take(self, event: Event, now: float) -> None:
        _subject, number = event.is_about
        if event.kind == "browser":
            self._take_browser(number, event)
        elif event.kind == "presence":
            if number in self._shown_since:
                self._read_switches_at = 0.0
        elif number != self._hub_id:
            self._take_other(self._others.setdefault(number, Other()), event, now)

    def _take_browser(self, user_id: int, event: Event) -> None:
        person = self._audience.people.get(user_id)
        people = from_numbers(event.body["people"])
        for stream in person.streams if person else ():
            if stream.device == event.body["device"]:
                stream.is_idle = bool(event.body["idle"])
                if people or stream.people:
                    stream.people = people
                    self.watch(stream)  # also when it says the same again: it may not know that it was heard

    def _take_other(self, other: Other, event: Event, now: float) -> None:
        if event.kind == "asked":
            other.asked, other.asked_at = from_numbers(event.body["people"]), now
            self._answer_at = 0.0
            self._is_asked_anew = True  # by one that may be new, and not have heard
        else:
            other.online, other.away = (from_numbers(event.body[name]) for name in (ONLINE, AWAY))
            other.heard_at = now

    def _notice_who_watches(self) -> None:
        watching = {stream for stream in self._watching if self._audience.has(stream)}
        if self._is_shown_stale or watching != self._watching:
            self._shown = {user_id for stream in watching for user_id in stream.people}
        self._watching, self._is_shown_stale = watching, False

    def _judge_others(self, now: float, *, is_bus_sound: bool) -> None:
        """Forget the hubs that say nothing any more; while the bus is not sound that means nothing."""
        if is_bus_sound and not self._was_bus_sound:
            self._ask_at = 0.0
            for other in self._others.values():
                other.asked_at = other.heard_at = now
        self._was_bus_sound = is_bus_sound
        if is_bus_sound:
            self._forget_silent(now)

    def _forget_silent(self, now: float) -> None:
        for hub_id, other in list(self._others.items()):
            if now - other.asked_at > ASKED_FOR_S:
                other.asked = frozenset()
            if now - other.heard_at > HEARD_FOR_S:
                other.online = other.away = frozenset()
            if not (other.asked or other.online or other.away):
                del self._others[hub_id]

    def _who_is_here(self, user_ids: Collection[int], now: float) -> dict[int, str]:
        """Those with streams in this process, and those who had one a moment ago."""
        found: dict[int, str] = {}
        for user_id in self._seen.keys() - user_ids:
            del self._seen[user_id]
        for user_id in user_ids:
            if person := self._audience.people.get(user_id):
                is_used = any(not stream.is_idle for stream in person.streams)
                self._seen[user_id] = now, ONLINE if is_used else AWAY
            if user_id in self._seen:
                seen_at, state = self._seen[user_id]
                if now - seen_at <= GRACE_S:
                    found[user_id] = state
                else:
                    del self._seen[user_id]
        return found

    def _answer(self, states: Mapping[int, str], now: float) -> None:
        """Tell the other hubs of those whom they asked for."""
        if now < self._answer_at:
            return
        online = frozenset(user_id for user_id, state in states.items() if state == ONLINE)
        answer = online, frozenset(states) - online
        if answer != self._answered or (self._is_asked_anew and states):
            self._answered, self._answer_at = answer, now + ANSWERS_EVERY_S
            announce(here(self._hub_id, online=answer[0], away=answer[1]))
        self._is_asked_anew = False

    def _notice_who_is_shown(self, now: float) -> None:
        """Ask the other hubs about those who are shown, and the database whether they may be."""
        shown = self._shown
        new = shown - self._shown_since.keys()
        if shown and (new or now >= self._ask_at):
            self._ask_at = now + ASKED_EVERY_S
            announce(who_is_here(self._hub_id, shown))
        if shown and now >= self._read_switches_at:
            self._switched_on = frozenset(self._showing(shown))
            self._read_switches_at = now + SWITCHES_READ_EVERY_S
        elif new:
            self._switched_on |= frozenset(self._showing(new))
        for user_id in self._shown_since.keys() - shown:
            self._states.pop(user_id, None)
            del self._shown_since[user_id]
        self._shown_since |= dict.fromkeys(new, now)

    def _tell_changes(self, here_now: Mapping[int, str], now: float) -> None:
        states = {user_id: self._state_of(user_id, here_now, now) for user_id in self._shown}
        changed = {
            user_id: state
            for user_id, state in states.items()
            if state is not None and state != self._states.get(user_id)
        }
        self._states |= changed
        for stream in self._watching if changed else ():
            if mine := {user_id: changed[user_id] for user_id in stream.people & changed.keys()}:
                self._tell(frames.presence(mine), [stream])

    def _state_of(self, user_id: int, here_now: Mapping[int, str], now: float) -> str | None:
        """None while it is not known."""
        if user_id not in self._switched_on:
            return UNSEEN
        others = self._others.values()
        if here_now.get(user_id) == ONLINE or any(user_id in other.online for other in others):
            return ONLINE
        if user_id in here_now or any(user_id in other.away for other in others):
            return AWAY
        is_new = now - self._shown_since[user_id] < ANSWERED_WITHIN_S or now - self._began_at < GRACE_S
        return None if is_new else OFFLINE

    def _forget(self) -> None:
        self._switched_on = frozenset()
        self._read_switches_at = 0.0
        self._states.clear()
        self._shown_since.clear()
        self._seen.clear()
