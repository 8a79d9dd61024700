"""Many receivers in one process, each a socket read by one epoll loop: as lean as Python allows.

It knows of each message only when it came and what it is called; `tests.bench.audience` starts it and judges.
"""

import re
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

AT_ONCE = 64  # connections that are being opened
READ_BYTES = 32 * 1024
CONNECT_TIMEOUT_S = 60

Splitter = Callable[[bytes], tuple[bytes, bytes]]

HINT = "hint"  # among the names: an event that only says that something changed

# As an attribute in HTML, also inside JSON, or as a member of a JSON object.
_NAME = re.compile(rb'(?:client.id[\\":= ]+|event: )([0-9a-f-]{36}|hint)')


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a receiver connects.

    Arguments:
        request: what it says first.
        ready: what it has heard once it hears all that is posted from then on.
        is_websocket: it hears frames, else server-sent events.
    """

    host: str
    port: int
    request: bytes
    ready: bytes
    is_websocket: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What the receivers heard since they were asked last.

    Arguments:
        names: client ids, in hex, or HINT; numbers below are places in this list.
        receivers: of each receiver the numbers in the order heard, and when, by time.perf_counter.
        ended: connections that the server closed.
        size: bytes.
    """

    names: list[str]
    receivers: list[tuple["array[int]", "array[float]"]]
    ended: int
    size: int


def receive(orders: Connection) -> None:
    """Receive until there is nobody left to give orders."""
    _Receivers(orders).run()


class _Receiver:
    """One open connection; `split` tells whole events from what is yet to come."""

    __slots__ = ("is_ready", "numbers", "rest", "seat", "socket", "split", "times")

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.split: Callable[[bytes], tuple[bytes, bytes]] = (
            split_frames if seat.is_websocket else split_events
        )
        self.rest = b""
        self.is_ready = False
        self.socket = socket.create_connection((seat.host, seat.port), timeout=CONNECT_TIMEOUT_S)
        self.socket.sendall(seat.request)
        self.forget()

    def forget(self) -> None:
        self.numbers = array("L")
        self.times = array("d")


class _Receivers:
    def __init__(self, orders: Connection) -> None:
        self._orders = orders
        self._poll = select.epoll()
        self._poll.register(orders.fileno(), select.EPOLLIN)
        self._receivers: dict[int, _Receiver] = {}
        self._waiting: deque[Seat] = deque()
        self._opening = 0
        self._refusals: list[str] = []
        self._began = 0.0
        self._forget()

    def run(self) -> None:
        while True:
            for descriptor, _mask in self._poll.poll():
                receiver = self._receivers.get(descriptor)
                if receiver is not None:
                    self._read(receiver)
                elif not self._obey():
                    return

    def _forget(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._ended = self._size = 0

    def _obey(self) -> bool:
        try:
            order, *details = self._orders.recv()
        except EOFError:
            return False
        if order == "open":
            self._began = time.perf_counter()
            self._waiting.extend(details[0])
            self._open_some()
        elif order == "count":
            self._orders.send(sum(len(receiver.numbers) for receiver in self._receivers.values()))
        elif order == "take":
            self._orders.send(self._taken())
        return True

    def _taken(self) -> Heard:
        names = [name.decode() for name in self._numbers]
        heard = [(receiver.numbers, receiver.times) for receiver in self._receivers.values()]
        taken = Heard(names, heard, self._ended, self._size)
        for receiver in self._receivers.values():
            receiver.forget()
        self._forget()
        return taken

    def _open_some(self) -> None:
        while self._waiting and self._opening < AT_ONCE:
            receiver = _Receiver(self._waiting.popleft())
            receiver.socket.setblocking(False)
            self._receivers[receiver.socket.fileno()] = receiver
            self._poll.register(receiver.socket.fileno(), select.EPOLLIN)
            self._opening += 1
        if not self._opening:
            refusals, self._refusals = self._refusals, []
            self._orders.send((time.perf_counter() - self._began, refusals))

    def _read(self, receiver: _Receiver) -> None:
        try:
            heard = receiver.socket.recv(READ_BYTES)
        except ConnectionError:
            heard = b""
        now = time.perf_counter()
        if not heard:
            self._end(receiver)
            return
        whole, receiver.rest = receiver.rest + heard, b""
        if not receiver.is_ready and not self._greet(receiver, whole):
            return
        whole, receiver.rest = receiver.split(receiver.rest or whole)
        self._size += len(heard)
        for name in _NAME.findall(whole):
            receiver.numbers.append(self._numbers.setdefault(name, len(self._numbers)))
            receiver.times.append(now)

    def _greet(self, receiver: _Receiver, heard: bytes) -> bool:
        """Look whether it is let in; then `rest` is what came after the head of the answer."""
        _head, mark, body = heard.partition(b"\r\n\r\n")
        if not mark or receiver.seat.ready not in heard:
            receiver.rest = heard
            return False
        receiver.is_ready = True
        receiver.rest = body
        self._opening -= 1
        self._open_some()
        return bool(body)

    def _end(self, receiver: _Receiver) -> None:
        if receiver.is_ready:
            self._ended += 1
        else:
            self._refusals.append(receiver.rest.decode(errors="replace"))
        # Kept in the list: what it heard counts.
        self._poll.unregister(receiver.socket.fileno())
        if not receiver.is_ready:
            del self._receivers[receiver.socket.fileno()]
            receiver.socket.close()
            self._opening -= 1
            self._open_some()


def split_events(heard: bytes) -> tuple[bytes, bytes]:
    """The server-sent events that are whole, and the rest."""
    end = heard.rfind(b"\n\n") + 2
    return (heard[:end], heard[end:]) if end > 1 else (b"", heard)


def split_frames(heard: bytes) -> tuple[bytes, bytes]:
    """The WebSocket frames of a server that are whole, and the rest."""
    end = 0
    while len(heard) >= end + 2:
        length = heard[end + 1]
        begin = end + 2
        if length >= 126:
            begin += 2 if length == 126 else 8
            length = int.from_bytes(heard[end + 2 : begin])
        if begin + length > len(heard):
            break
        end = begin + length
    return heard[:end], heard[end:]
