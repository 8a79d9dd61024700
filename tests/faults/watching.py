"""People who watch a channel as browsers do, for asyncio: a stream, and catching up when it says so."""

import asyncio
import contextlib
import html
import json
import random
import re
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from tests.faults.line import FAULTS, Line
from tests.visitor import Visitor

SILENCE_S = 45.0  # more than two heartbeats: the connection is dead
RETRY_S = 0.5  # until the server says otherwise

ARTICLE = re.compile(r'<article class="message[^"]*" id="m-([^"]+)"(.*?)</article>', re.DOTALL)
BODY = re.compile(
    r'<div class="message__body"[^>]*>(.*?)(?:<span class="message__edited">.*?)?</div>', re.DOTALL
)
Row = tuple[int, int, str]  # number, version, text; that of a deleted message is empty


@dataclass
class Watcher:
    """One browser in front of channel `slug`.

    `rows` is what it shows, by client id. `misordered` counts messages that appeared behind a later one and
    were not edited meanwhile, `doubled` those that took the number of another. `seen_at` has the moments at
    which new ones appeared.
    """

    visitor: Visitor
    slug: str
    rows: dict[str, Row] = field(default_factory=dict)
    version: int = 0
    misordered: int = 0
    doubled: int = 0
    seen_at: list[float] = field(default_factory=list)
    is_ready: bool = False
    _last_seq: int = 0
    _seqs: dict[int, str] = field(default_factory=dict)
    _last_id: str = ""
    _retry_s: float = RETRY_S

    async def run(self) -> None:
        """Watch, until cancelled; come back whenever the stream ends, as EventSource does."""
        line = Line(self.visitor)
        try:
            while True:
                with contextlib.suppress(*FAULTS, ValueError):
                    async with asyncio.timeout(None) as patience:
                        await self._watch(line, patience)
                await asyncio.sleep(self._retry_s * random.uniform(0.8, 1.2))
        finally:
            line.hang_up()

    def longest_gap_s(self, began_at: float, ended_at: float) -> float:
        moments = [began_at, *(at for at in self.seen_at if began_at <= at <= ended_at), ended_at]
        return max(later - earlier for earlier, later in pairwise(moments))

    async def _watch(self, line: Line, patience: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        patience.reschedule(loop.time() + SILENCE_S)
        url = urlsplit(self.visitor.origin)
        reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=1 << 22)
        try:
            headers = {
                "Host": url.netloc,
                "Cookie": self.visitor.headers["Cookie"],
                "Accept": "text/event-stream",
            }
            if self._last_id:
                headers["Last-Event-ID"] = self._last_id
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"GET /live/?open={self.slug} HTTP/1.1\r\n{lines}\r\n".encode())
            if b" 200 " not in await reader.readline():
                return
            await reader.readuntil(b"\r\n\r\n")
            rest = b""
            while size := int(await reader.readline() or b"0", 16):
                rest += (await reader.readexactly(size + 2))[:-2]
                patience.reschedule(loop.time() + SILENCE_S)
                *events, rest = rest.split(b"\n\n")
                for event in events:
                    await self._take(event.decode(), line)
        finally:
            self.is_ready = False
            writer.close()

    async def _take(self, event: str, line: Line) -> None:
        fields = dict(field.split(": ", 1) for field in event.splitlines() if ": " in field)
        self._retry_s = int(fields["retry"]) / 1000 if "retry" in fields else self._retry_s
        self._last_id = fields.get("id", self._last_id)
        facts: dict[str, Any] = json.loads(fields.get("data", "{}"))
        kind = fields.get("event")
        if kind == "changes" and facts["after"] <= self.version:
            self._apply(facts["html"])
            self.version = max(self.version, facts["version"])
        elif kind in ("changes", "hint", "ready"):
            await self._catch_up(line)
            self.is_ready = True

    async def _catch_up(self, line: Line) -> None:
        """Ask for what is missing, until there is no more; a server that is away is asked again."""
        while True:
            path = f"/channels/{self.slug}/changes/?after={self.version}"
            with contextlib.suppress(*FAULTS):
                answer = await line.ask("GET", path, accept="text/html")
                if answer.status == 200:
                    page = answer.body.decode()
                    self._apply(page)
                    self.version = max(self.version, _attribute(page, "version"))
                    if 'data-more="true"' not in page:
                        return
                    continue
            await asyncio.sleep(RETRY_S)

    def _apply(self, page: str) -> None:
        for found in ARTICLE.finditer(page):
            name, rest = found.groups()
            body = BODY.search(rest)
            text = html.unescape(re.sub(r"<[^>]+>", "", body[1])).strip() if body else ""
            row = (_attribute(rest, "seq"), _attribute(rest, "version"), text)
            if name not in self.rows:
                self._appears(name, row[0], is_edited="message__edited" in rest)
            if name not in self.rows or self.rows[name][1] < row[1]:
                self.rows[name] = row

    def _appears(self, name: str, seq: int, *, is_edited: bool) -> None:
        self.misordered += seq < self._last_seq and not is_edited
        self.doubled += self._seqs.setdefault(seq, name) != name
        self._last_seq = max(self._last_seq, seq)
        self.seen_at.append(time.monotonic())


def _attribute(page: str, name: str) -> int:
    found = re.search(rf'data-{name}="(\d+)"', page)
    assert found, page
    return int(found[1])
