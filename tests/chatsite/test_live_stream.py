"""One stream and the server under it: all comes in order, and a browser that takes nothing costs little."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from chatsite.live.stream import MOST_BEHIND, Message, Stream

FIRST = b"event: ready\n\n"


class Server:
    """The ASGI server's side of one stream, whose browser takes what is sent while `takes` is set."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_complete = False
        self.takes = asyncio.Event()
        self.takes.set()
        self.has_left = asyncio.Event()
        self.stream = Stream(self.send, session_key="key", wishes=("design",), language="en", known={})

    async def send(self, message: Message) -> None:
        """As gunicorn's: the frame goes into a buffer, and who is behind waits until that is emptier."""
        self.sent.append(message["body"])
        self.is_complete = not message["more_body"]
        if message["body"]:
            await self.takes.wait()

    async def receive(self) -> Message:
        if not self.sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def begin(self) -> "asyncio.Task[None]":
        running = asyncio.create_task(self.stream.run(self.receive, FIRST))
        await self.until(lambda: bool(self.sent))
        return running

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)


def in_a_loop(test: Callable[[Server], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        async def with_server() -> None:
            await test(Server())

        asyncio.run(with_server())

    run.__name__ = test.__name__
    return run


async def ended(running: Awaitable[None]) -> None:
    async with asyncio.timeout(5):
        await running


@in_a_loop
async def test_what_is_written_before_it_begins_waits_for_the_first_words(server: Server) -> None:
    server.stream.write(b"one")
    running = await server.begin()
    server.stream.write(b"two")

    server.has_left.set()
    await ended(running)
    assert server.sent == [FIRST, b"one", b"two", b""]


@in_a_loop
async def test_what_waits_for_a_slow_browser_comes_in_order(server: Server) -> None:
    running = await server.begin()
    server.takes.clear()
    for number in range(5):
        server.stream.write(f"{number}".encode())
    assert server.sent == [FIRST, b"0"]

    server.takes.set()
    await server.until(lambda: len(server.sent) == 6)
    server.stream.write(b"5")

    assert server.sent == [FIRST, b"0", b"1", b"2", b"3", b"4", b"5"]
    server.has_left.set()
    await ended(running)


@in_a_loop
async def test_a_browser_that_takes_nothing_is_let_go(server: Server) -> None:
    running = await server.begin()
    server.takes.clear()
    frame = b"x" * 10_000
    for _frame in range(MOST_BEHIND // len(frame) + 2):
        assert not server.stream.is_over
        server.stream.write(frame)

    assert server.stream.is_over
    await ended(running)
    assert server.sent == [FIRST, frame, b""]
    assert server.is_complete


@in_a_loop
async def test_it_ends_with_a_farewell_and_takes_nothing_after_it(server: Server) -> None:
    running = await server.begin()

    server.stream.end(b"bye")
    server.stream.write(b"too late")
    server.stream.end(b"again")
    await ended(running)

    assert server.sent == [FIRST, b"bye", b""]
    assert server.is_complete


@in_a_loop
async def test_one_that_ended_before_it_began_says_nothing(server: Server) -> None:
    server.stream.end(b"bye")
    await ended(server.stream.run(server.receive, FIRST))

    assert server.sent == [b""]


@in_a_loop
async def test_a_server_that_calls_it_off_is_heard(server: Server) -> None:
    running = await server.begin()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
