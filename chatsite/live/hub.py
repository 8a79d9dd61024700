"""The hub: all streams of this process, and the threads that find out what to tell them."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

from chatsite.live import frames
from chatsite.live.bus import Hearing, listen
from chatsite.live.inbox import Inbox, Join
from chatsite.live.parcels import Parcel
from chatsite.live.reader import Reader
from chatsite.live.source import Source
from chatsite.live.stream import Stream

HEARTBEAT_S = 20  # also the number of groups that are served in turn, one each second
ADMISSION_TIMEOUT_S = 15.0
RESTART_PAUSE_S = 1.0

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A stream may not begin; `code` says why.

    Here: logged_out, too_many_streams, unavailable; the endpoint knows of others.
    """

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
        self._awaited: set[asyncio.Future[bytes]] = set()  # first words
        self._is_ending = False

    async def admit(self, stream: Stream) -> bytes:
        """Let `stream` in, and return its first words; what is written to it from now on waits for them.

        Raises:
            Refused: it may not begin.
        """
        if self._is_ending or self._size >= self._most:
            raise Refused("unavailable")
        loop = self._begin()
        # It takes its place before it waits: a burst that asks for the last one gets one.
        self._groups[next(self._numbers) % HEARTBEAT_S].add(stream)
        self._size += 1
        try:
            first = await self._first_words(stream, loop)
            if stream.is_over:
                raise Refused("unavailable" if self._is_ending else "logged_out")
        except BaseException:
            # Also when it was called off in the very moment of the answer: the reader counts it by now.
            stream.is_over = True
            self.leave(stream)
            raise
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
        for answered in self._awaited:
            _resolve(answered, b"", "unavailable")
        for group in self._groups:
            for stream in list(group):
                stream.end()

    async def _first_words(self, stream: Stream, loop: asyncio.AbstractEventLoop) -> bytes:
        answered: asyncio.Future[bytes] = loop.create_future()

        def answer(first: bytes, refusal: str) -> None:
            loop.call_soon_threadsafe(_resolve, answered, first, refusal)

        self._awaited.add(answered)
        self._inbox.join(Join(stream, answer))
        try:
            async with asyncio.timeout(ADMISSION_TIMEOUT_S):
                return await answered
        except TimeoutError:
            raise Refused("unavailable") from None
        finally:
            self._awaited.discard(answered)

    def _begin(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.call_later(1, self._beat, self._loop, 0)
            threading.Thread(target=self._read, args=[self._loop], name="hub reader", daemon=True).start()
        return self._loop

    def _beat(self, loop: asyncio.AbstractEventLoop, second: int) -> None:
        """Keep connections open that proxies would close, and find out which are gone."""
        loop.call_later(1, self._beat, loop, second + 1)
        for stream in list(self._groups[second % HEARTBEAT_S]):
            _tell(stream, frames.HEARTBEAT)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """The reader's thread, for as long as the loop runs."""
        hearing: Hearing | None = None
        reader: Reader | None = None

        def send(parcels: list[Parcel]) -> None:
            loop.call_soon_threadsafe(_deliver, parcels)

        while not loop.is_closed():
            try:
                hearing = hearing or listen(self._inbox.hear)
                reader = reader or Reader(
                    self._make_source(), hearing, self._inbox, send, most_per_user=self._most_per_user
                )
                reader.run_once()
            except Exception:
                # Whatever it is: without a reader every stream would wait, and nobody be told.
                if not loop.is_closed():
                    logger.exception("hub reader stumbled")
                time.sleep(RESTART_PAUSE_S)
        if hearing is not None:
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
            _tell(stream, parcel.frame, is_last=parcel.is_last)


def _tell(stream: Stream, frame: bytes, *, is_last: bool = False) -> None:
    """Whatever the server raises about one connection ends that stream; the others are told all the same."""
    try:
        if is_last:
            stream.end(frame)
        else:
            stream.write(frame)
    except Exception:
        logger.exception("a stream broke")
        stream.end()
