"""People watch while the live process, RabbitMQ or MariaDB is killed: all see all of it in the end."""

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.faults.line import FAULTS, Line
from tests.faults.services import Services
from tests.faults.watching import Row, Watcher
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import let_a_fault_last, wait_for

pytestmark = pytest.mark.stack

STREAMS_EACH = 10
RETRY_S = 0.3
READY_S = 60
RECOVERY_S = 90
LOOK_S = 0.05

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """Arguments:
    messages: that all see before the fault, and again after it.
    away_s: from the kill to the restart, which takes its own time besides.
    """

    streams: int
    pace_s: float
    messages: int
    away_s: float


SHORT = Size(streams=40, pace_s=0.1, messages=10, away_s=1)
LONG = Size(streams=200, pace_s=0.05, messages=150, away_s=7)

sizes = pytest.mark.parametrize(
    "size", [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.long)]
)


@pytest.fixture(scope="module")
def streaming(services: Services) -> Iterator[Site]:
    """The whole product, on services that may be broken."""
    with Site.stack(services=services.addresses, has_live=True, LOG_LEVEL="WARNING") as site:
        yield site


class Speaker:
    """Says something every `pace_s`, edits now and then, and tries again until each message is taken."""

    def __init__(self, visitor: Visitor, slug: str, pace_s: float) -> None:
        self._visitor = visitor
        self._slug = slug
        self._pace_s = pace_s
        self.names: list[uuid.UUID] = []

    async def run(self, is_over: asyncio.Event) -> None:
        line = Line(self._visitor)
        due_at = time.monotonic()
        for number in itertools.count(1):
            if is_over.is_set():
                break
            client_id = uuid.uuid4()
            await self._say(line, f"message {number}", client_id)
            self.names.append(client_id)
            if number % 7 == 0:
                await self._edit(line, self.names[-5], f"edited {number}")
            due_at += self._pace_s
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
        line.hang_up()

    async def _say(self, line: Line, text: str, client_id: uuid.UUID) -> None:
        fields = {"text": text, "client_id": str(client_id)}
        if self.names:
            fields["previous"] = str(self.names[-1])
        while True:
            with contextlib.suppress(*FAULTS):
                path = f"/channels/{self._slug}/messages/"
                answer = await line.ask("POST", path, fields, accept="application/json")
                if answer.status in (201, 202):
                    return
            await asyncio.sleep(RETRY_S)

    async def _edit(self, line: Line, client_id: uuid.UUID, text: str) -> None:
        """It may not be stored yet, or the database away; then it stays as it was."""
        with contextlib.suppress(*FAULTS):
            await line.ask("POST", f"/messages/{client_id}/edit/", {"text": text}, accept="text/html")


def stored(site: Site, slug: str) -> dict[str, Row]:
    rows = site.rows(
        "SELECT message.client_id, message.seq, message.version, message.text "
        "FROM messaging_message AS message JOIN channels_app_channel AS channel "
        "ON channel.id = message.channel_id WHERE channel.slug = {} ORDER BY message.seq",
        slug,
    )
    return {str(uuid.UUID(str(name))): (seq, version, text) for name, seq, version, text in rows}


def version_of(site: Site, slug: str) -> int:
    [(version,)] = site.rows("SELECT version FROM channels_app_channel WHERE slug = {}", slug)
    return int(version)


async def until(condition: Callable[[], bool], *, timeout_s: float) -> None:
    """Wait until `condition` holds; TimeoutError when it does not within `timeout_s` seconds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(LOOK_S)


class Break:
    """What is broken and mended again."""

    def __init__(self, site: Site, services: Services, part: str) -> None:
        self._site = site
        self._services = services
        self._part = part

    def kill(self) -> None:
        if self._part == "live":
            self._site.live.kill()
        else:
            self._services.kill("rabbitmq" if self._part == "rabbitmq" else "mariadb")

    def mend(self) -> None:
        if self._part == "live":
            self._site.live.start()
        else:
            self._services.start("rabbitmq" if self._part == "rabbitmq" else "mariadb")


@dataclass(frozen=True, slots=True)
class Watched:
    watchers: list[Watcher]
    said: list[uuid.UUID]
    began_at: float
    ended_at: float


async def watch_and_break(site: Site, people: list[Visitor], slug: str, size: Size, fault: Break) -> Watched:
    """Have people watch and one of them talk, while something is killed and started again."""
    watchers = [Watcher(people[number % len(people)], slug) for number in range(size.streams)]
    watching = [asyncio.create_task(watcher.run()) for watcher in watchers]
    speaker, is_over = Speaker(people[0], slug, size.pace_s), asyncio.Event()

    def all_see(messages: int) -> bool:
        return all(len(watcher.rows) >= messages for watcher in watchers)

    try:
        await until(lambda: all(watcher.is_ready for watcher in watchers), timeout_s=READY_S)
        began_at = time.monotonic()
        speaking = asyncio.create_task(speaker.run(is_over))
        await until(lambda: all_see(size.messages), timeout_s=READY_S)
        await asyncio.to_thread(fault.kill)
        await asyncio.to_thread(let_a_fault_last, size.away_s)
        await asyncio.to_thread(fault.mend)
        enough = len(speaker.names) + size.messages
        await until(lambda: all_see(enough), timeout_s=RECOVERY_S)
        is_over.set()
        await speaking
        await until(lambda: all_see(len(speaker.names)), timeout_s=RECOVERY_S)
        ended_at = time.monotonic()
        # The last edits too, and whatever was on its way before those.
        version = await asyncio.to_thread(version_of, site, slug)
        await until(lambda: all(watcher.version >= version for watcher in watchers), timeout_s=RECOVERY_S)
        return Watched(watchers, speaker.names, began_at, ended_at)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


@sizes
@pytest.mark.parametrize("part", ["live", "rabbitmq", "mariadb"])
def test_nothing_is_lost_doubled_or_misordered_on_any_stream(
    streaming: Site, services: Services, size: Size, part: str, report: Report
) -> None:
    slug = f"watched-{uuid.uuid4().hex[:8]}"
    people = [Visitor(streaming.url, f"{slug}-{number}") for number in range(size.streams // STREAMS_EACH)]
    for visitor in people:
        visitor.sign_up()
        visitor.create_channel(slug)
        visitor.hang_up()

    with streaming.explained():
        watched = asyncio.run(
            watch_and_break(streaming, people, slug, size, Break(streaming, services, part))
        )
        streaming.wait_until_ready()
        wait_for(lambda: len(stored(streaming, slug)) == len(watched.said), what="all stored")

    there = stored(streaming, slug)
    lost = sum(row != watcher.rows.get(name) for watcher in watched.watchers for name, row in there.items())
    doubled = sum(watcher.doubled + len(watcher.rows.keys() - there) for watcher in watched.watchers)
    misordered = sum(watcher.misordered for watcher in watched.watchers)
    gap_s = max(watcher.longest_gap_s(watched.began_at, watched.ended_at) for watcher in watched.watchers)
    report(
        f"{len(there)} messages on {size.streams} streams: {lost} lost, {doubled} doubled, "
        f"{misordered} misordered, longest gap {gap_s:.1f} s"
    )
    assert (lost, doubled, misordered) == (0, 0, 0)
    assert [str(name) for name in watched.said] == list(there), "stored in the order in which it was said"
