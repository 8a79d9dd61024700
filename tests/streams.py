"""Somebody's open stream, read by a thread as a browser's EventSource does, for tests of what comes on it."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from tests.visitor import Visitor
from tests.waiting import wait_for

CONNECT_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Received:
    """One server-sent event.

    Arguments:
        at: by the monotonic clock.
    """

    kind: str
    facts: dict[str, Any]
    id: str
    at: float


class OpenStream:
    """The stream of `visitor`, with the channels `opened`; `with` ends it.

    Arguments:
        last: the ids of what was heard last, one for each channel.
        origin: of the server, when it is not the one that the visitor talks to.
        says: what else is in the address, by name.

    `status` and `headers` are the answer's; what is no stream has its body in `refusal`.
    """

    def __init__(
        self,
        visitor: Visitor,
        *opened: str,
        last: Sequence[str] = (),
        origin: str = "",
        says: Any = None,
        **headers: str,
    ) -> None:
        url = urlsplit(origin or visitor.origin)
        asked = [("open", slug) for slug in opened] + [("last", its_id) for its_id in last]
        query = urlencode([*asked, *(says or {}).items()])
        fields = {
            "Host": url.netloc,
            "Cookie": visitor.headers["Cookie"],
            "Accept": "text/event-stream",
            **headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.received: list[Received] = []
        self.heartbeats = 0
        self.retry_ms = 0
        self.ended_at: float | None = None  # by the monotonic clock
        self._socket = socket.create_connection((url.hostname, url.port or 80), timeout=CONNECT_TIMEOUT_S)
        self._socket.sendall(f"GET /live/?{query} HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = self._read_headers()
        self.refusal: dict[str, Any] = {}
        if self.status != 200:
            self.refusal = json.loads(self._file.read(int(self.headers["content-length"])))
            return
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Go away, as when the page is closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self.status == 200:
            self._thread.join()
        self._file.close()
        self._socket.close()

    @property
    def is_open(self) -> bool:
        return self.status == 200 and self.ended_at is None

    def of(self, kind: str) -> list[Received]:
        return [event for event in list(self.received) if event.kind == kind]

    def wait_for(self, kind: str, **wanted: Any) -> Received:
        """The first event of that kind with these facts; waits until it comes."""

        def found() -> Received | None:
            return next((event for event in self.of(kind) if wanted.items() <= event.facts.items()), None)

        event = wait_for(found, what=f"{kind} {wanted or ''} on the stream, which had {self.received}")
        assert event is not None
        return event

    def wait_for_another(self, kind: str, before: int) -> None:
        """Wait until more than `before` events of that kind came."""
        wait_for(lambda: len(self.of(kind)) > before, what=f"another {kind}; had {self.received}")

    def wait_for_text(self, text: str) -> Received:
        """The first `changes` with `text` in its HTML; waits until it comes."""

        def found() -> Received | None:
            return next((event for event in self.of("changes") if text in event.facts["html"]), None)

        event = wait_for(found, what=f"{text!r} on the stream, which had {self.received}")
        assert event is not None
        return event

    def wait_until_ready(self) -> Self:
        assert self.status == 200, (self.status, self.refusal)
        self.wait_for("ready")
        return self

    def wait_until_ended(self) -> float:
        """When it did, by the monotonic clock."""
        wait_for(lambda: self.ended_at is not None, what=f"the end of the stream; had {self.received}")
        assert self.ended_at is not None
        return self.ended_at

    def _read_headers(self) -> dict[str, str]:
        headers = {}
        while line := self._file.readline().decode().strip():
            name, _colon, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _read(self) -> None:
        fields: dict[str, str] = {}
        rest = b""
        with contextlib.suppress(OSError, ValueError):
            while size := int(self._file.readline() or b"0", 16):
                rest += self._file.read(size)
                self._file.readline()
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    fields = self._take(line.decode(), fields)
        self.ended_at = time.monotonic()

    def _take(self, line: str, fields: dict[str, str]) -> dict[str, str]:
        """Take one line; returns the fields of the event that is not complete yet."""
        if line:
            name, _colon, value = line.partition(": ")
            if name == "retry":
                self.retry_ms = int(value)
                return fields
            return {**fields, name: value}
        if fields.get("event") == "beat":
            self.heartbeats += 1
        elif "data" in fields:
            event = Received(
                fields["event"], json.loads(fields["data"]), fields.get("id", ""), time.monotonic()
            )
            self.received.append(event)
        return {}
