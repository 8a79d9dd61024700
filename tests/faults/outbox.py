"""One person's messages to one channel, sent as the browser's outbox sends them, with a note of every answer.

One post is in flight at a time. What got no answer goes again under its own name; what was accepted stays in
the outbox until it is seen stored, and is posted again when that takes a minute. Unlike some people nobody
writes more with MOST_UNSETTLED messages in the outbox: in a long outage the load ends with these.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from messaging.names import new_client_id
from tests.faults.line import FAULTS, Line
from tests.visitor import Answer, Visitor

CATCH_UP_S = 2.0
LAST_CATCH_UP_S = 0.5  # once nothing more is written
ASK_AFTER_S = 5.0
POST_AGAIN_AFTER_S = 60.0  # accepted and not stored: lost, or the worker is away
MOST_UNSETTLED = 20
FRAGMENT, SCRIPT = "text/html", "application/json"


class State(Enum):
    WAITING = "to be posted"
    ACCEPTED = "accepted, not seen stored"
    SENT = "seen stored"
    NOT_SENT = "accepted, and set aside since"
    REFUSED = "refused"
    DELETED = "deleted"


@dataclass(slots=True)
class Sent:
    """One message, and what was heard of it; the times are seconds since the epoch."""

    client_id: UUID
    sender: str
    channel: str  # its slug
    text: str
    written_at: float
    state: State = State.WAITING
    acknowledged_at: float | None = None
    accepted_at: float = 0  # by the last post
    accepted_us: int = 0  # the same as the server says it
    repeats: int = 0  # of posts whose answer said that it was accepted
    answers: list[tuple[int, str]] = field(default_factory=list)  # status, and the code of a refusal

    @property
    def waited_s(self) -> float:
        """From writing it to its acknowledgement, 0 when there was none."""
        return self.acknowledged_at - self.written_at if self.acknowledged_at else 0

    @property
    def is_open(self) -> bool:
        """Whether its sender still waits to hear what becomes of it."""
        return self.state in (State.WAITING, State.ACCEPTED)


def say(visitor: Visitor, slug: str, text: str) -> Sent:
    """Have `visitor` post `text` in the channel `slug`, once and without an outbox."""
    sent = Sent(new_client_id(), visitor.username, slug, text, time.time())
    answer = visitor.post(f"/channels/{slug}/", text, sent.client_id)
    assert answer.status in (201, 202), answer
    sent.answers.append((answer.status, ""))
    sent.acknowledged_at = time.time()
    return sent


@dataclass(frozen=True, slots=True)
class Backoff:
    """The seconds between two tries: twice as many after each failure, and as many as the server asks for.

    Arguments:
        first_s: after the first failure.
        most_s: at most, whatever the server asks for.
    """

    first_s: float
    most_s: float

    def wait_s(self, failures: int, *, asked_s: float = 0) -> float:
        most = min(self.first_s * 2.0**failures, self.most_s)
        return max(most * random.uniform(0.75, 1), min(asked_s, self.most_s))

    def __str__(self) -> str:
        return f"{self.first_s:g} to {self.most_s:g} s"


HASTY = Backoff(first_s=0.2, most_s=2)
AS_A_BROWSER = Backoff(first_s=1, most_s=8)


@dataclass(slots=True)
class Page:
    """What somebody's open page of a channel knows; it is kept from one outbox to the next."""

    slug: str
    version: int
    ticket: str


def open_page(visitor: Visitor, slug: str) -> Page:
    answer = visitor.get(f"/channels/{slug}/")
    assert answer.status == 200, answer
    html = answer.body.decode()
    return Page(slug, int(_attribute(html, "version")), _attribute(html, "ticket"))


class Outbox:
    """What `visitor` says on `page`, every message added to `journal` when it is written.

    Arguments:
        texts: what is said, each text once.
        pace_s: the time between an acceptance and the next message.
        backoff: between tries.
        is_doubled: every post goes over two connections at the same moment.
    """

    def __init__(
        self,
        visitor: Visitor,
        page: Page,
        *,
        journal: list[Sent],
        texts: Iterator[str],
        pace_s: float,
        backoff: Backoff,
        is_doubled: bool = False,
    ) -> None:
        self._visitor = visitor
        self._page = page
        self._journal = journal
        self._texts = texts
        self._pace_s = pace_s
        self._backoff = backoff
        self._lines = [Line(visitor) for _copy in range(2 if is_doubled else 1)]
        self._questions = Line(visitor)
        self._unsettled: list[Sent] = []
        self._resends = 0  # of all that was accepted, in vain so far
        self._refused_until = 0.0  # when the newest message was written that these are for
        self._changed = asyncio.Event()  # there may be something to post, or to end
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Write no more; `run` returns once every message came to an end."""
        self._closing.set()
        self._changed.set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._post_in_order())
                both.create_task(self._watch())
        finally:
            for line in (*self._lines, self._questions):
                line.hang_up()

    # Posting

    async def _post_in_order(self) -> None:
        while not (self._closing.is_set() and not self._unsettled):
            self._changed.clear()
            waiting = next((sent for sent in self._unsettled if sent.state is State.WAITING), None)
            if waiting is not None:
                await self._post(waiting)
                if waiting.state is State.WAITING and self._resends > 1:
                    await asyncio.sleep(self._backoff.wait_s(self._resends - 2))
            elif self._closing.is_set() or len(self._unsettled) >= MOST_UNSETTLED:
                await self._changed.wait()
            else:
                await _either(self._closing, self._pace_s * random.uniform(0.5, 1.5))
                if not self._closing.is_set():
                    self._write()

    def _write(self) -> None:
        sent = Sent(new_client_id(), self._visitor.username, self._page.slug, next(self._texts), time.time())
        self._unsettled.append(sent)
        self._journal.append(sent)

    async def _post(self, sent: Sent) -> None:
        """Post `sent` until it has an answer that says what became of it."""
        failures = 0
        while sent.state is State.WAITING:
            retry_after_s = await self._post_once(sent)
            if retry_after_s is None:
                return
            await asyncio.sleep(self._backoff.wait_s(failures, asked_s=retry_after_s))
            failures += 1

    async def _post_once(self, sent: Sent) -> float | None:
        """Post once; returns the seconds after which to try again, None when the answer settles it."""
        fields = {
            "text": sent.text,
            "client_id": str(sent.client_id),
            "author": self._visitor.username,
            "ticket": self._page.ticket,
            **self._before(sent),
        }
        path = f"/channels/{self._page.slug}/messages/"
        copies = (line.ask("POST", path, fields, accept=SCRIPT) for line in self._lines)
        answers = [
            answer
            for answer in await asyncio.gather(*copies, return_exceptions=True)
            if not isinstance(answer, FAULTS)
        ]
        retry_after_s: float | None = 0.0
        for answer in sorted(answers, key=_worst_first):
            if isinstance(answer, BaseException):
                raise answer
            retry_after_s = self._take(sent, answer)
        return retry_after_s

    def _before(self, sent: Sent) -> dict[str, str]:
        """What a post says of the message before `sent`, when that one has not been seen stored yet."""
        place = self._unsettled.index(sent)
        if not place:
            return {}
        before = self._unsettled[place - 1]
        return {"previous": str(before.client_id), "previous_accepted_us": str(before.accepted_us)}

    def _take(self, sent: Sent, answer: Answer) -> float | None:
        code = "" if answer.status < 300 else _code(answer)
        sent.answers.append((answer.status, code))
        if answer.status in (201, 202):
            sent.accepted_at = time.time()
            sent.acknowledged_at = sent.acknowledged_at or sent.accepted_at
            if sent.written_at >= self._refused_until:
                self._resends = 0
            sent.accepted_us = max(sent.accepted_us, answer.json().get("accepted_us", 0))
            if answer.status == 201:
                self._settle(sent, State.SENT)
            elif sent.state is State.WAITING:
                sent.state = State.ACCEPTED
        elif answer.status >= 500 or answer.status == 429:
            return float(answer.headers.get("retry-after", 0))
        elif (answer.status, code) == (409, "resend_previous"):
            self._refused_until = max(self._refused_until, sent.written_at)
            self._resends += 1
            for earlier in self._unsettled:
                earlier.state = State.WAITING
        else:
            self._settle(sent, State.REFUSED)
        return None

    def _settle(self, sent: Sent, state: State) -> None:
        sent.state = state
        if state is State.SENT:  # whatever became of the answer, its sender can see it now
            sent.acknowledged_at = sent.acknowledged_at or time.time()
        if sent in self._unsettled:
            self._unsettled.remove(sent)
        self._changed.set()

    # Seeing

    async def _watch(self) -> None:
        while not (self._closing.is_set() and not self._unsettled):
            if self._closing.is_set():
                await asyncio.sleep(LAST_CATCH_UP_S)
            else:
                await _either(self._closing, CATCH_UP_S * random.uniform(0.8, 1.2))
            await self._catch_up()
            await self._ask_for_the_oldest()

    async def _catch_up(self) -> None:
        has_more = True
        while has_more:
            path = f"/channels/{self._page.slug}/changes/?after={self._page.version}"
            fragment = await self._question(path, accept=FRAGMENT)
            if fragment is None:
                return
            self._page.ticket = _attribute(fragment, "ticket") or self._page.ticket
            self._page.version = int(_attribute(fragment, "version"))
            has_more = _attribute(fragment, "more") == "true"
            shown = set(re.findall(r'data-client-id="([0-9a-f-]{36})"', fragment))
            for sent in [sent for sent in self._unsettled if str(sent.client_id) in shown]:
                self._settle(sent, State.SENT)

    async def _ask_for_the_oldest(self) -> None:
        """Ask what became of messages that stay "sending", from the oldest to the first that still does.

        That one and all behind it are posted again, when it does for long.
        """
        while self._unsettled:
            oldest = self._unsettled[0]
            if oldest.state is not State.ACCEPTED or time.time() < oldest.accepted_at + ASK_AFTER_S:
                return
            path = f"/messages/{oldest.client_id}/status/?accepted_us={oldest.accepted_us}"
            answer = await self._question(path, accept=SCRIPT)
            status = json.loads(answer)["status"] if answer else ""
            if status not in _STATES:
                if status and time.time() >= oldest.accepted_at + POST_AGAIN_AFTER_S * 2**oldest.repeats:
                    self._post_again()
                return
            self._settle(oldest, _STATES[status])

    def _post_again(self) -> None:
        repeats = self._unsettled[0].repeats + 1
        for sent in self._unsettled:
            if sent.state is State.ACCEPTED:
                sent.state, sent.repeats = State.WAITING, repeats
        self._changed.set()

    async def _question(self, path: str, *, accept: str) -> str | None:
        """The page or fragment at `path`; None when there is none for the moment."""
        try:
            answer = await self._questions.ask("GET", path, accept=accept)
        except FAULTS:
            return None
        if answer.status >= 500:
            return None
        assert answer.status == 200, f"GET {path} was answered with {answer.status}"
        return answer.body.decode()


_STATES = {"sent": State.SENT, "not_sent": State.NOT_SENT, "deleted": State.DELETED}


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Return when `event` is set or `seconds` have passed."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _worst_first(answer: Answer | BaseException) -> int:
    return -answer.status if isinstance(answer, Answer) else -1000


def _attribute(html: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', html)
    return found[1] if found else ""


def _code(answer: Answer) -> str:
    if not answer.headers.get("content-type", "").startswith(SCRIPT):
        return ""
    return str(answer.json().get("code", ""))
