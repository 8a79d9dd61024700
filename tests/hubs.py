"""Streams without a network: the event loop of a server, and browsers that a hub in this process serves."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from django.conf import settings

from accounts.models import User
from chatsite.live.hub import Hub
from chatsite.live.stream import Message, Stream
from tests.cast import signed_in

Result = TypeVar("Result")

NOTHING: Mapping[int, int] = {}


class Loop:
    """An event loop in a thread, as a server has one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def begin(self, coroutine: Coroutine[Any, Any, Result]) -> "Future[Result]":
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self.begin(coroutine).result(10)

    def close(self) -> None:
        self.run(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Browser:
    """Opens one stream of `hub`, without a network between."""

    def __init__(
        self,
        hub: Hub,
        user: User,
        *opened: str,
        language: str = "en",
        known: Mapping[int, int] = NOTHING,
    ) -> None:
        self.received = b""
        self.is_broken = False
        self.client = signed_in(user)
        self._hub = hub
        session_key = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        self.stream = Stream(
            self._send, session_key=session_key, wishes=opened, language=language, known=known
        )

    async def open(self) -> None:
        first = await self._hub.admit(self.stream)
        self._running = asyncio.create_task(self._run(first))

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])

    def has(self, text: str) -> bool:
        return text.encode() in self.received

    def count(self, kind: str) -> int:
        return self.received.count(f"event: {kind}\n".encode())

    async def _run(self, first: bytes) -> None:
        try:
            with suppress(ConnectionResetError):
                await self.stream.run(self._receive, first)
        finally:
            self._hub.leave(self.stream)

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody sends anything")

    async def _send(self, message: Message) -> None:
        if self.is_broken:
            raise ConnectionResetError
        self.received += message["body"]
