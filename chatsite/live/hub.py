"""The hub: all streams of this process, and the threads that find out what to tell them."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

from chatsite.live import frames
from chatsite.live.bus import listen
from chatsite.live.inbox import Inbox, Join
from chatsite.live.reader import Parcel, Reader
from chatsite.live.source import Source
from chatsite.live.stream import Stream

HEARTBEAT_S = 20  # also the number of groups that are served in turn, one each second
ADMISSION_TIMEOUT_S = 15.0
RESTART_PAUSE_S = 1.0

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A stream may not begin; `code` says why: logged_out, too_many_streams, unavailable."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Hub:
    """Used in the event loop; its threads begin with the first stream, so never before a fork.

    Arguments:
        make_source: called in the reader's thread.
        most: streams in this process.
        most_per_user: streams of one user in this process.
    """

    def __init__(self, make_source: Callable[[], Source], *, most: int, most_per_user: int) -> None:
        self._make_source = make_source
        self._most = most
        self._most_per_user = most_per_user
        self._inbox = Inbox()
        self._loop: asyncio.AbstractEventLoop | None = None
        # In groups, so that heartbeats do not all fall into the same moment.
        self._groups: list[set[Stream]] = [set() for _second in range(HEARTBEAT_S)]
        self._numbers = count()
        self._size = 0
        self._is_ending = False

    async def admit(self, stream: Stream) -> bytes:
        """Let `stream` in, and return its first words; what is written to it from now on waits for them.

        Raises:
            Refused: it may not begin.
        """
        if self._is_ending or self._size >= self._most:
            raise Refused("unavailable")
        loop = self._begin()
        answered: asyncio.Future[bytes] = loop.create_future()

        def answer(first: bytes, refusal: str) -> None:
            loop.call_soon_threadsafe(_resolve, answered, first, refusal)

        self._inbox.join(Join(stream, answer))
        try:
            async with asyncio.timeout(ADMISSION_TIMEOUT_S):
                first = await answered
        except TimeoutError:
            raise Refused("unavailable") from None
        finally:
            if not answered.done() or answered.cancelled():
                stream.is_over = True
                self._inbox.leave(stream)
        self._groups[next(self._numbers) % HEARTBEAT_S].add(stream)
        self._size += 1
        return first

    def leave(self, stream: Stream) -> None:
        """Let `stream` go, for whatever reason it ended."""
        for group in self._groups:
            if stream in group:
                group.discard(stream)
                self._size -= 1
        self._inbox.leave(stream)

    def end(self) -> None:
        """End all streams, and begin no other: the server stops."""
        self._is_ending = True
        for group in self._groups:
            for stream in list(group):
                stream.end()

    def _begin(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.call_later(1, self._beat, self._loop, 0)
            threading.Thread(target=self._read, args=[self._loop], name="hub reader", daemon=True).start()
        return self._loop

    def _beat(self, loop: asyncio.AbstractEventLoop, second: int) -> None:
        """Keep connections open that proxies would close, and find out which are gone."""
        for stream in list(self._groups[second % HEARTBEAT_S]):
            stream.write(frames.HEARTBEAT)
        loop.call_later(1, self._beat, loop, second + 1)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """The reader's thread, for as long as the loop runs."""
        hearing = listen(self._inbox.hear)

        def send(parcels: list[Parcel]) -> None:
            loop.call_soon_threadsafe(_deliver, parcels)

        reader = Reader(self._make_source(), hearing, self._inbox, send, most_per_user=self._most_per_user)
        while not loop.is_closed():
            try:
                reader.run_once()
            except Exception:
                if not loop.is_closed():
                    logger.exception("hub reader stumbled")
                time.sleep(RESTART_PAUSE_S)
        hearing.stop()


def _resolve(answered: "asyncio.Future[bytes]", first: bytes, refusal: str) -> None:
    if answered.done():
        return  # nobody waits any more
    if refusal:
        answered.set_exception(Refused(refusal))
    else:
        answered.set_result(first)


def _deliver(parcels: list[Parcel]) -> None:
    for parcel in parcels:
        for stream in parcel.streams:
            if parcel.is_last:
                stream.end(parcel.frame)
            else:
                stream.write(parcel.frame)
