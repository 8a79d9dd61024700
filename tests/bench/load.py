"""Many people posting at once: each with a kept connection, the next post when the last one was answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from tests.visitor import Visitor

TEXTS = (
    "Morning! The new build is up.",
    "and the notes are in #design",
    "On it. I will look at https://example.org/builds/1482?tab=tests before lunch and write down what I see.",
    "Two things:\n- the export is slow again\n- nobody told the branch in Lisbon",
    "👍",
    "That is the third time this week, so let us find out why instead of starting it again. I think it is "
    "the nightly job: it holds the lock for as long as the report takes, and that is longer every day.",
)


@dataclass(slots=True)
class Load:
    """What came of a load: the names accepted, per sender in the order sent, and the time of each answer."""

    accepted: list[list[UUID]]
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


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def post_together(
    visitors: Sequence[Visitor], addresses: Sequence[str], *, posts: int, most_s: float
) -> Load:
    """Have each of `visitors` post to one of `addresses`, all at once.

    Arguments:
        posts: how many together; it ends earlier after `most_s` seconds.
    """
    return asyncio.run(_post_together(visitors, addresses, posts, most_s))


async def _post_together(
    visitors: Sequence[Visitor], addresses: Sequence[str], posts: int, most_s: float
) -> Load:
    load = Load(accepted=[[] for _visitor in visitors])
    turns = iter(range(posts))
    began = time.perf_counter()
    await asyncio.gather(
        *(
            _post_in_turn(visitor, addresses[number % len(addresses)], turns, began + most_s, load, number)
            for number, visitor in enumerate(visitors)
        )
    )
    load.seconds = time.perf_counter() - began
    return load


async def _post_in_turn(
    visitor: Visitor, address: str, turns: Iterator[int], deadline: float, load: Load, number: int
) -> None:
    url = urlsplit(visitor.origin)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = _head(f"{address}messages/", url.netloc, visitor)
    try:
        for turn in turns:
            asked = time.perf_counter()
            if asked > deadline:
                break
            client_id = uuid4()
            body = urlencode({"text": TEXTS[turn % len(TEXTS)], "client_id": str(client_id)}).encode()
            writer.write(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
            status = await _read_answer(reader)
            load.answers_s.append(time.perf_counter() - asked)
            if status in (201, 202):
                load.accepted[number].append(client_id)
            else:
                load.refused[status] += 1
    finally:
        writer.close()
        await writer.wait_closed()


def _head(path: str, host: str, visitor: Visitor) -> bytes:
    fields = {
        "Host": host,
        "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
        **visitor.headers,
    }
    return "".join(
        [f"POST {path} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in fields.items())]
    ).encode()


async def _read_answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer whose length is given, as all of ours are; read to its end."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    [length] = [line for line in lines if line.startswith(b"content-length:")]
    await reader.readexactly(int(length.partition(b":")[2]))
    return int(status.split()[1])
