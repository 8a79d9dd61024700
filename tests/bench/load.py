"""Many people posting at once, each on a kept connection, as lean as Python allows: it shares the cores."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote_plus, urlencode, urlsplit
from uuid import UUID

from messaging.names import new_client_id
from tests.bench.figures import percentile

TEXTS = (
    "Morning! The new build is up.",
    "and the notes are in #design",
    "On it. I will look at https://example.org/builds/1482?tab=tests before lunch and write down what I see.",
    "Two things:\n- the export is slow again\n- nobody told the branch in Lisbon",
    "👍",
    "That is the third time this week, so let us find out why instead of starting it again. I think it is "
    "the nightly job: it holds the lock for as long as the report takes, and that is longer every day.",
)
ANSWER_TIMEOUT_S = 60
NO_ANSWER = 0  # in the place of a status
_QUOTED_TEXTS = [quote_plus(text).encode() for text in TEXTS]


class Talk(Protocol):
    """What one writer says to a server, and how its answers are told.

    Arguments:
        opening: what is said first, if anything is.
    """

    opening: bytes

    def post(self, client_id: UUID, turn: int) -> bytes:
        """The next post, named `client_id`, with the text whose turn it is."""
        ...

    def heard(self, piece: bytes) -> int:
        """The status of the answer to what was said last, once it is all there; 0 before."""
        ...


class Place(Protocol):
    """Where one person writes.

    Arguments:
        origin: as in http://127.0.0.1:8000.
    """

    @property
    def origin(self) -> str: ...

    def talk(self) -> Talk: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one person writes: the address, and what each of their posts says alike.

    Arguments:
        origin: of the site, as in http://127.0.0.1:8000.
        headers: with the person's cookies.
        fields: those of the form beside text and client_id.
    """

    origin: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]

    def talk(self) -> Talk:
        return _OverHttp(self)


@dataclass(slots=True)
class Load:
    """What came of a load: the names accepted, per desk in the order sent, and the time of each answer."""

    accepted: list[list[UUID]]
    sent_at: dict[UUID, float] = field(default_factory=dict)  # by the clock of time.perf_counter
    refused: Counter[int] = field(default_factory=Counter)  # by status
    answers_s: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        return sum(len(names) for names in self.accepted)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def percentile_ms(self, percent: int) -> float:
        return percentile(self.answers_s, percent) * 1000


def post_together(
    desks: Sequence[Place], *, posts: int, most_s: float, per_second: float | None = None
) -> Load:
    """Have somebody post at each of `desks`, all at once.

    Arguments:
        posts: how many together; it ends earlier after `most_s` seconds.
        per_second: all together, evenly; None: the next as soon as the last one is answered.
    """
    return asyncio.run(_post_together(desks, posts, most_s, per_second))


async def _post_together(desks: Sequence[Place], posts: int, most_s: float, per_second: float | None) -> Load:
    load = Load(accepted=[[] for _desk in desks])
    turns = iter(range(posts))
    interval_s = len(desks) / per_second if per_second else 0.0
    writers = [
        _Writer(desk, load, names, turns, interval_s)
        for desk, names in zip(desks, load.accepted, strict=True)
    ]
    for writer in writers:
        await writer.connect()
    began = time.perf_counter()
    for number, writer in enumerate(writers):
        writer.begin(began + interval_s * number / len(writers), began + most_s)
    answered, unanswered = await asyncio.wait(
        [writer.done for writer in writers], timeout=most_s + ANSWER_TIMEOUT_S
    )
    for done in answered:
        done.result()
    for done in unanswered:
        done.cancel()
    load.refused += Counter({NO_ANSWER: len(unanswered)})
    load.seconds = time.perf_counter() - began
    for writer in writers:
        writer.hang_up()
    return load


class _Writer(asyncio.Protocol):
    """One person, posting again and again on one connection."""

    def __init__(
        self, desk: Place, load: Load, names: list[UUID], turns: Iterator[int], interval_s: float
    ) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._names = names
        self._turns = turns
        self._interval_s = interval_s
        self._url = urlsplit(desk.origin)
        self._talk = desk.talk()
        self._is_let_in = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._client_id = new_client_id()
        self._asked = self._due = self._deadline = 0.0

    async def connect(self) -> None:
        assert self._url.hostname
        assert self._url.port
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self._url.hostname, self._url.port)
        if self._talk.opening:
            await self._is_let_in.wait()

    def begin(self, due: float, deadline: float) -> None:
        self._due, self._deadline = due, deadline
        self._wait()

    def hang_up(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._talk.opening)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the site hung up"))

    def data_received(self, data: bytes) -> None:
        status = self._talk.heard(data)
        if not status:
            return
        if status == 101:
            self._is_let_in.set()
            return
        now = time.perf_counter()
        self._load.answers_s.append(now - self._asked)
        if status in (201, 202):
            self._names.append(self._client_id)
        else:
            self._load.refused[status] += 1
        self._due += self._interval_s
        self._wait()

    def _wait(self) -> None:
        delay_s = self._due - time.perf_counter() if self._interval_s else 0.0
        if delay_s > 0:
            asyncio.get_running_loop().call_later(delay_s, self._post)
        else:
            self._post()

    def _post(self) -> None:
        turn = next(self._turns, None)
        self._asked = time.perf_counter()
        if turn is None or self._asked > self._deadline or self._transport is None:
            self.done.set_result(None)
            return
        self._client_id = new_client_id()
        self._load.sent_at[self._client_id] = self._asked
        self._transport.write(self._talk.post(self._client_id, turn))


class _OverHttp:
    """The posts that a page's script sends."""

    opening = b""

    def __init__(self, desk: Desk) -> None:
        self._head = _head(desk)
        self._fields = urlencode({**desk.fields, "client_id": ""}).encode()
        self._answer = b""

    def post(self, client_id: UUID, turn: int) -> bytes:
        text = _QUOTED_TEXTS[turn % len(_QUOTED_TEXTS)]
        body = b"%s%s&text=%s" % (self._fields, str(client_id).encode(), text)
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)

    def heard(self, piece: bytes) -> int:
        self._answer += piece
        status = _status_of(self._answer)
        if status:
            self._answer = b""
        return status


def _head(desk: Desk) -> bytes:
    fields = {
        "Host": urlsplit(desk.origin).netloc,
        "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
        **desk.headers,
    }
    lines = [f"POST {desk.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "Content-Length: "]).encode()


def _status_of(answer: bytes) -> int:
    """The status of an answer whose length is given, as all of ours are; 0 while it is not all there."""
    head, mark, body = answer.partition(b"\r\n\r\n")
    if not mark:
        return 0
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return int(head.split(None, 2)[1]) if len(body) >= int(length) else 0
