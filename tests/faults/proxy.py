"""A wire between the product and one of its parts that a test can cut or hold, and mend again."""

import contextlib
import socket
import threading
from typing import Self

CHUNK = 65536  # bytes


class Proxy:
    """Passes TCP connections on to `port` of this machine, as long as the wire is whole.

    `cut` closes what is open and refuses what is new, as when the part has ended; `hold` keeps everything
    open and lets nothing through, as when the part hangs or the network drops packets; `mend` undoes both.
    """

    def __init__(self, port: int) -> None:
        self.target_port = port
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cut()

    @property
    def is_used(self) -> bool:
        """Whether somebody is connected over it."""
        with self._lock:
            return bool(self._open)

    def cut(self) -> None:
        self._hang_up(self._listener)
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            self._hang_up(end)
        self._flows.set()

    def hold(self) -> None:
        self._flows.clear()

    def mend(self) -> None:
        self._flows.set()
        if self._listener.fileno() == -1:
            self._listener = self._listen(self.port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return  # the wire was cut
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=[source, sink], daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                self._flows.wait()
                sink.sendall(chunk)
        for end in (source, sink):
            self._hang_up(end)
        with self._lock:
            self._open -= {source, sink}

    @staticmethod
    def _hang_up(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept or recv; close alone would not
        end.close()
