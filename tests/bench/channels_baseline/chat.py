"""The baseline as the measurements see it: Redis and uvicorn beside a site's own processes."""

import json
import os
import socket
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from tests.bench.chats import START_TIMEOUT_S, Writers
from tests.bench.load import TEXTS, Place, Talk
from tests.bench.processes import listening
from tests.bench.receivers import Seat, split_frames
from tests.site import PYTHON, Part, Site, free_port
from tests.waiting import wait_for

PACKAGES = "BENCH_PACKAGES"  # names the folder of what is in requirements/bench.txt
REDIS = (
    *("redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"),
    *("--maxclients", "15000"),
)
# The receivers answer no pings: their connections are there, and pings would cost the baseline time.
UVICORN = (
    *(PYTHON, "-m", "uvicorn", "--host", "127.0.0.1", "--log-level", "warning"),
    *("--ws-ping-interval", "86400", "tests.bench.channels_baseline.asgi:application"),
)
LET_IN = b"HTTP/1.1 101"
TEXT_FRAME = 0x81
MASKED = 0x80
NOTHING = b"\xff" * 8  # is in no frame


class Baseline:
    """It runs until the end of `with`, on the site's database."""

    title = "Channels"

    def __init__(self, site: Site, writers: Writers, *, processes: int = 1) -> None:
        self._site = site
        self._writers = writers
        self._port, redis_port = free_port(), free_port()
        folder = site.folder / "baseline"
        folder.mkdir(exist_ok=True)
        environment = {
            **site.environment,
            "DJANGO_SETTINGS_MODULE": "tests.bench.channels_baseline.settings",
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "CONN_MAX_AGE": "60",
            # Apart from .venv, where gunicorn would find a faster event loop and use it.
            "PYTHONPATH": os.environ[PACKAGES],
        }
        redis = (*REDIS, "--port", str(redis_port), "--dir", str(folder))
        uvicorn = (*UVICORN, "--port", str(self._port), "--workers", str(processes))
        self._redis = Part("redis", redis, environment=environment, log=folder / "redis.log")
        self._web = Part("uvicorn", uvicorn, environment=environment, log=folder / "uvicorn.log")
        self._ports = {self._redis: redis_port, self._web: self._port}

    def __enter__(self) -> "Baseline":
        try:
            environment = [f"{name}={value}" for name, value in self._web.environment.items()]
            self._site.run("env", *environment, PYTHON, "-m", "django", "migrate", "--run-syncdb")
            for part, port in self._ports.items():
                part.start()
                wait_for(partial(_is_open, port), what=part.name, timeout_s=START_TIMEOUT_S)
        except BaseException as error:
            error.add_note("\n".join(part.last_words() for part in self._ports))
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._web.stop()
        self._redis.stop()

    @property
    def parts(self) -> dict[str, list[int]]:
        return {
            "uvicorn": [self._web.pid],
            "redis": [self._redis.pid],
            "database": listening(os.environ["DATABASE_URL"]),
        }

    @property
    def holders(self) -> list[int]:
        return [self._web.pid]

    def seats(self, keys: Sequence[str], slug: str) -> list[Seat]:
        return [
            Seat("127.0.0.1", self._port, _hand_shake(self._port, slug, key), LET_IN, is_websocket=True)
            for key in keys
        ]

    def places(self, slug: str) -> list[Place]:
        origin = f"http://127.0.0.1:{self._port}"
        return [
            _SocketDesk(origin, _hand_shake(self._port, slug, visitor.session_key))
            for visitor in self._writers.visitors
        ]

    def newest(self, slug: str) -> int:
        return int(self._site.rows("SELECT COALESCE(MAX(id), 0) FROM channels_baseline_line")[0][0])

    def stored_after(self, slug: str, number: int) -> list[UUID]:
        rows = self._site.rows(
            "SELECT client_id FROM channels_baseline_line WHERE id > {} ORDER BY id", number
        )
        return [UUID(str(client_id)) for (client_id,) in rows]


class _SocketDesk:
    """Where one person writes through a WebSocket of their own."""

    def __init__(self, origin: str, hand_shake: bytes) -> None:
        self.origin = origin
        self._hand_shake = hand_shake

    def talk(self) -> Talk:
        return _OverSocket(self._hand_shake)


class _OverSocket:
    """A message is answered when it comes back, as to everybody."""

    def __init__(self, hand_shake: bytes) -> None:
        self.opening = hand_shake
        self._is_let_in = False
        self._rest = b""
        self._awaited = NOTHING

    def post(self, client_id: UUID, turn: int) -> bytes:
        self._awaited = str(client_id).encode()
        text = TEXTS[turn % len(TEXTS)]
        body = json.dumps({"client_id": str(client_id), "text": text}).encode()
        is_short = len(body) < 126
        length = bytes([MASKED | len(body)]) if is_short else bytes([MASKED | 126]) + len(body).to_bytes(2)
        # Masked with zeros, which changes nothing.
        return b"%c%s%s%s" % (TEXT_FRAME, length, bytes(4), body)

    def heard(self, piece: bytes) -> int:
        heard = self._rest + piece
        if not self._is_let_in:
            head, mark, heard = heard.partition(b"\r\n\r\n")
            assert not mark or head.startswith(LET_IN), head
            self._is_let_in = bool(mark)
            self._rest = heard if mark else head
            return 101 if mark else 0
        whole, self._rest = split_frames(heard)
        if self._awaited not in whole:
            return 0
        self._awaited = NOTHING
        return 201


def _hand_shake(port: int, slug: str, session_key: str) -> bytes:
    fields = {
        "Host": f"127.0.0.1:{port}",
        "Origin": f"http://127.0.0.1:{port}",
        "Cookie": f"chat_session={session_key}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    lines = [f"GET /ws/{slug}/ HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
