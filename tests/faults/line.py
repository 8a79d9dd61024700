"""One kept HTTP connection of somebody who is signed in, for asyncio; opened anew after every fault."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from tests.visitor import Answer, Visitor

ANSWER_TIMEOUT_S = 10.0  # as long as a browser's outbox waits
FAULTS = (OSError, EOFError, asyncio.LimitOverrunError)  # of the network; a timeout is an OSError


class Line:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._url = urlsplit(visitor.origin)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, *, accept: str
    ) -> Answer:
        """The answer to one request.

        Raises:
            one of FAULTS: there was none, and nobody knows whether the request arrived.
        """
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                if self._open is None:
                    self._open = await asyncio.open_connection(self._url.hostname, self._url.port)
                reader, writer = self._open
                writer.write(self._request(method, path, fields, accept))
                await writer.drain()
                answer = await _read(reader)
        except BaseException:
            self.hang_up()
            raise
        if answer.headers.get("connection") == "close":
            self.hang_up()
        return answer

    def hang_up(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _request(self, method: str, path: str, fields: Mapping[str, str] | None, accept: str) -> bytes:
        body = urlencode(fields or {}).encode()
        headers = {**self._visitor.headers, "Host": self._url.netloc, "Accept": accept}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded;charset=UTF-8"
            headers["Content-Length"] = str(len(body))
        lines = (f"{name}: {value}\r\n" for name, value in headers.items())
        return "".join([f"{method} {path} HTTP/1.1\r\n", *lines, "\r\n"]).encode() + body


async def _read(reader: asyncio.StreamReader) -> Answer:
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _colon, value in fields}
    body = await reader.readexactly(int(headers["content-length"]))  # all of ours say it
    return Answer(int(status.split()[1]), headers, body)
