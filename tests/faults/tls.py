"""TLS before a part that speaks without it, as a broker of a hosting company has."""

import asyncio
import contextlib
import ssl
import subprocess
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

CHUNK = 65536  # bytes


@dataclass(frozen=True, slots=True)
class Secured:
    """The port at which TLS is spoken, and the certificate that whoever comes has to trust."""

    port: int
    certificate: Path


@contextmanager
def tls_before(port: int, folder: Path, *, name: str = "IP:127.0.0.1") -> Iterator[Secured]:
    """A server that takes TLS off and passes the rest on to `port` of this machine.

    Arguments:
        name: whom the certificate is for, as openssl writes it.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _certify(certificate, key, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    started: Future[tuple[int, Callable[[], object]]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(port, context, started)), daemon=True)
    thread.start()
    own_port, stop = started.result(timeout=10)
    try:
        yield Secured(own_port, certificate)
    finally:
        stop()
        thread.join()


async def _serve(
    port: int, context: ssl.SSLContext, started: Future[tuple[int, Callable[[], object]]]
) -> None:
    async def pass_on_both(near_in: StreamReader, near_out: StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(asyncio.CancelledError):  # when all of it ends
            await asyncio.gather(_pass_on(near_in, far_out), _pass_on(far_in, near_out))

    is_over = asyncio.Event()
    async with await asyncio.start_server(pass_on_both, "127.0.0.1", 0, ssl=context) as server:
        loop = asyncio.get_running_loop()
        started.set_result(
            (server.sockets[0].getsockname()[1], partial(loop.call_soon_threadsafe, is_over.set))
        )
        await is_over.wait()


async def _pass_on(source: StreamReader, sink: StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                sink.write(chunk)
                await sink.drain()
    finally:
        sink.transport.abort()


def _certify(certificate: Path, key: Path, name: str) -> None:
    names = ["-subj", "/CN=a broker", "-addext", f"subjectAltName={name}"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    kind = ["-newkey", "rsa:2048", "-nodes", "-days", "1"]
    subprocess.run(["openssl", "req", "-x509", *kind, *names, *files], check=True, capture_output=True)
