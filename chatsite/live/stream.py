"""One browser's open connection, as the event loop sees it: takes frames, and never keeps anybody waiting."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, MutableMapping
from hashlib import blake2s
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Coroutine[Any, Any, None]]

MOST_BEHIND = 512 * 1024  # bytes, besides what the system and the server hold back


def device_of(session_key: str) -> str:
    """What names the browser of a session to other processes, and gives the key away to nobody."""
    return blake2s(session_key.encode(), digest_size=8).hexdigest()


class Stream:
    """Arguments:
    session_key: of the session that it belongs to, and ends with.
    wishes: the slugs of the channels that are open in its browser.
    known: by a channel's id, the version of it that the browser has already; of those that are open.
    language: that its browser asks for.
    is_idle: nobody uses the browser at the moment.
    people: the ids of the users of whom it shows whether they are here.
    """

    __slots__ = (
        "_behind",
        "_behind_bytes",
        "_browser_language",
        "_finishing",
        "_send",
        "_task",
        "device",
        "is_idle",
        "is_over",
        "known",
        "language",
        "opened",
        "people",
        "session_key",
        "user_id",
        "wishes",
    )

    def __init__(
        self,
        send: Send,
        *,
        session_key: str,
        wishes: tuple[str, ...],
        language: str,
        known: Mapping[int, int],
        is_idle: bool = False,
        people: frozenset[int] = frozenset(),
    ) -> None:
        self.session_key = session_key
        self.device = device_of(session_key)
        self.is_idle = is_idle
        self.people = people
        self.wishes = wishes
        self.language = self._browser_language = language
        self.known = known
        # Whose it is, and what it may show: kept by the hub's reader.
        self.user_id = 0
        self.opened: frozenset[int] = frozenset()
        self.is_over = False
        self._send = send
        self._task: asyncio.Task[Any] | None = None
        # What waits: for the stream to begin, and while the browser does not take what was sent.
        self._behind: deque[bytes] | None = deque()
        self._behind_bytes = 0
        self._finishing: asyncio.Task[None] | None = None

    def speak(self, language: str) -> None:
        """Have it get what is rendered in `language`; "" is as its browser says."""
        self.language = language or self._browser_language

    async def run(self, receive: Receive, first: bytes) -> None:
        """Send `first`, then what is written; return when the browser left or `end` was called."""
        self._task = asyncio.current_task()
        behind, self._behind = self._behind, None
        for frame in (first, *(behind or ())):
            self.write(frame)
        try:
            while not self.is_over and (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            # Called off by `end`, or by the server, which is to know.
            if not self.is_over or self._task is None:
                raise
            self._task.uncancel()
        self.is_over = True
        self._task = None
        if self._finishing is not None:
            self._finishing.cancel()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def write(self, frame: bytes) -> None:
        """Send `frame` after all that was written before; ends the stream when too much waits already."""
        if self.is_over:
            return
        if self._behind is not None:
            self._behind.append(frame)
            self._behind_bytes += len(frame)
            if self._behind_bytes > MOST_BEHIND:
                self.end()
            return
        # A task for each frame and stream would cost more than all the rest: usually the server passes the
        # frame on without waiting, and then its coroutine is at its end after one step.
        step = self._send({"type": "http.response.body", "body": frame, "more_body": True})
        try:
            awaited = step.send(None)
        except StopIteration:
            return
        self._behind, self._behind_bytes = deque(), 0
        self._finishing = asyncio.ensure_future(self._finish(_Begun(step, awaited)))

    def end(self, farewell: bytes = b"") -> None:
        """Have `run` return soon; `farewell` is sent before when the browser takes it."""
        if self.is_over:
            return
        if farewell:
            self.write(farewell)
        self.is_over = True
        if self._task is not None:
            self._task.cancel()

    async def _finish(self, begun: "_Begun") -> None:
        """Wait until the browser takes again what is sent, then send what came meanwhile."""
        await begun
        while self._behind:
            frame = self._behind.popleft()
            self._behind_bytes -= len(frame)
            await self._send({"type": "http.response.body", "body": frame, "more_body": True})
        self._behind = self._finishing = None


class _Begun:
    """The rest of a coroutine that stopped at its first wait.

    Arguments:
        awaited: what it waits for.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._awaited
        yield from self._coroutine.__await__()
