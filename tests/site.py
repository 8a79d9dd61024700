"""The product itself, as the processes a server runs, for tests and benchmarks that look at it from outside.

`Site.embedded()` is what `make run` starts: one process, SQLite, no broker. `Site.stack()` is the web and the
workers of deploy/Procfile, and where it is asked for also its live process and its nginx, on the MariaDB and
RabbitMQ that the environment names, with a database and queues of its own. Each part can be stopped, killed,
paused and started again by its process id.
"""

import os
import random
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit, urlunsplit
from uuid import UUID

import kombu
import psutil

from tests.waiting import wait_for

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = str(CHECKOUT / ".venv" / "bin" / "python")
UNLIMITED = ("POST_RATE", "CHANGE_RATE", "ARRANGE_RATE", "CHANNEL_RATE", "INVITATION_RATE")
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
# Below what the system gives to outgoing connections: the port is still free when a part is started again.
PORTS = range(20_000, 32_000)
PERSIST_QUEUES = 4
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
LOG_LINES_SHOWN = 40

_numbers = count(1)


class Part:
    """One process of the site, with what it forks, in a process group of its own.

    Arguments:
        command: ends in an `exec`, so that the process id is the server's own.
        environment: read at each start.
        log: the file that its output is added to.
    """

    def __init__(self, name: str, command: Sequence[str], *, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.environment = environment
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        assert not self.is_running, f"{self.name} is running already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Ask it to end, as an operator does, and wait until it has."""
        if self.is_running:
            self.resume()  # what is paused would not hear it
            os.kill(self.pid, signal.SIGTERM)
            try:
                self._wait()
            except subprocess.TimeoutExpired:
                self.kill()

    def reload(self) -> None:
        """Have gunicorn or nginx start its processes anew, and wait until the old ones have ended.

        They finish what they are at, and nobody who connects is turned away.
        """
        old = psutil.Process(self.pid).children()
        os.kill(self.pid, signal.SIGHUP)
        wait_for(
            lambda: not any(process.is_running() for process in old),
            what=f"the old processes of {self.name} to end",
            timeout_s=STOP_TIMEOUT_S,
        )

    def kill(self) -> None:
        """End it and all it forked at once, as when the power fails."""
        os.killpg(self.pid, signal.SIGKILL)
        self._wait()

    def pause(self) -> None:
        """Have it do nothing, with its connections open, until `resume`."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"── {self.name} ({self.log})", *lines[-LOG_LINES_SHOWN:]])

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(timeout=STOP_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where parts of the site reach the services; None: at the services' own ports."""

    database: int | None = None
    broker: int | None = None


class Site:
    """The product, running between `with` and its end; made by `Site.embedded()` or `Site.stack()`.

    `web` serves pages and posts at `url`; each of `workers` stores what was accepted, none in the embedded
    default. `live` serves the streams, where there is one; then `front` stands before both at `url`. In the
    embedded default `web` does it all.

    Arguments:
        has_live: whether there are those two.
        own: what the environment of the parts of this name (web, worker) has besides.
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, str],
        database_url: str,
        broker_url: str,
        own: Mapping[str, Mapping[str, str]] | None = None,
        workers: int = 1,
        has_live: bool = False,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._web_port = free_port() if has_live else self.port
        self._live_port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="chat-site-"))
        self._database = _Database(database_url or f"sqlite:///{self.folder / 'chat.sqlite3'}")
        self._broker = _Broker(broker_url, f"site.{os.getpid()}.{self.port}") if broker_url else None
        self._own = dict(own or {})
        self.environment = {
            **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
            "SECRET_KEY": secrets.token_urlsafe(48),
            "VAR_DIR": str(self.folder),
            # Named even when empty: a developer's .env must not fill them.
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "QUEUE_PREFIX": self._broker.prefix if self._broker else "chat",
            "PERSIST_QUEUES": str(PERSIST_QUEUES),
            "SIGN_UP_RATE": "100000/m/ip",  # everybody here comes from one address
            **dict.fromkeys(UNLIMITED, ""),
            "LOG_LEVEL": "INFO",
            "TRUSTED_PROXY_COUNT": "1" if has_live else "0",
            **settings,
        }
        self.web = self._part("web")
        self.live = self._part("live") if has_live else self.web
        self.front = self._part("front") if has_live else None
        self.workers: list[Part] = []
        self._worker_numbers = count(1)
        for _number in range(workers if self._broker else 0):
            self._new_worker()

    @classmethod
    def embedded(cls, **settings: str) -> Self:
        """The default of `make run`, with `settings` in its environment."""
        return cls(settings=settings, database_url="", broker_url="")

    @classmethod
    def stack(
        cls,
        *,
        workers: int = 1,
        services: Mapping[str, str] = os.environ,
        ports: Mapping[str, "Ports"] | None = None,
        has_live: bool = False,
        **settings: str,
    ) -> Self:
        """Web and workers on the services in DATABASE_URL and BROKER_URL, with `settings` besides.

        Arguments:
            services: has those two addresses.
            ports: for the parts of a name (web, live, worker), where they reach the services when not at
                their own ports (see tests.faults.proxy).
            has_live: with a live process, and nginx before all.
        """
        for name in ("DATABASE_URL", "BROKER_URL"):
            assert services.get(name), f"{name} is not set: `deploy/services.sh up`, then `env` prints it"
        parts = urlsplit(services["DATABASE_URL"])
        database_url = urlunsplit(parts._replace(path=f"/site_{os.getpid()}_{next(_numbers)}"))
        broker_url = services["BROKER_URL"]
        own = {name: _addresses(database_url, broker_url, its) for name, its in (ports or {}).items()}
        return cls(
            settings=settings,
            database_url=database_url,
            broker_url=broker_url,
            own=own,
            workers=workers,
            has_live=has_live,
        )

    @property
    def worker(self) -> Part | None:
        """The first of the workers."""
        return self.workers[0] if self.workers else None

    @property
    def is_stack(self) -> bool:
        return self._broker is not None

    @property
    def parts(self) -> list[Part]:
        if self.front is None:
            return [self.web, *self.workers]
        return [self.web, self.live, self.front, *self.workers]

    def __enter__(self) -> Self:
        try:
            self._database.create()
            if self._broker:
                self.run(PYTHON, "deploy/prepare.py")  # run.sh does so by itself
            for part in self.parts:
                part.start()
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop every part, and remove the database, the queues and the files."""
        for part in self.parts:
            part.stop()
        self._database.drop()
        if self._broker:
            self._broker.remove_queues()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_until_ready(self) -> None:
        """Wait until pages are served and, with a broker, every queue is read."""
        with self.explained():
            wait_for(self._answers, what="an answer of the web process", timeout_s=START_TIMEOUT_S)
            wait_for(self._is_read, what="a consumer on every queue", timeout_s=START_TIMEOUT_S)

    def restart(self, part: Part) -> None:
        """Start `part` again, after it was stopped or killed, and wait until it does its work."""
        part.start()
        self.wait_until_ready()

    def restart_in_turn(self) -> None:
        """Bring in a release: reload the web processes and nginx, stop and start the others one by one."""
        for part in self.parts:
            if part in (self.web, self.front):
                part.reload()
                self.wait_until_ready()
            else:
                part.stop()
                self.restart(part)

    def add_worker(self) -> Part:
        """One worker more, started; `wait_until_ready` does not wait for it while others do the work."""
        worker = self._new_worker()
        worker.start()
        return worker

    def add_live(self) -> tuple[Part, str]:
        """One live process more, started, and where it answers; nginx does not know of it."""
        port = free_port()
        live = self._part("live", number=next(self._worker_numbers), LIVE_PORT=str(port))
        live.start()
        with self.explained():
            wait_for(lambda: _is_healthy(port), what="the other live process", timeout_s=START_TIMEOUT_S)
        return live, f"http://127.0.0.1:{port}"

    def remove_worker(self, worker: Part) -> None:
        worker.stop()
        self.workers.remove(worker)

    def configure(self, **settings: str) -> None:
        """Have `settings` in the environment of every part from its next start on."""
        self.environment.update(settings)
        for part in self.parts:
            part.environment.update(settings)
        if self._broker:
            self._broker.use_queues(int(self.environment["PERSIST_QUEUES"]))

    def use_ports(self, name: str, ports: Ports) -> None:
        """Have the parts of this name (web, worker) reach the services there, from their next start on."""
        addresses = _addresses(self.environment["DATABASE_URL"], self.environment["BROKER_URL"], ports)
        self._own[name] = addresses
        for part in self.parts_called(name):
            part.environment.update(addresses)

    def parts_called(self, name: str) -> list[Part]:
        return [part for part in self.parts if part.name.startswith(f"{name} ")]

    def ports_of(self, name: str) -> Ports:
        """Where the parts of this name reach the services."""
        own = self._own.get(name, self.environment)
        return Ports(urlsplit(own["DATABASE_URL"]).port, urlsplit(own["BROKER_URL"]).port)

    def run(self, *command: str, given: str = "") -> str:
        """What `command` prints, run with this site's settings, and `given` as its input.

        Raises:
            AssertionError: it failed; with all it said.
        """
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=self.environment,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def manage(self, *arguments: str, given: str = "") -> str:
        """What `manage.py` prints when it is called with `arguments`."""
        return self.run(PYTHON, "manage.py", *arguments, given=given)

    def stored(self, slug: str) -> list[UUID]:
        """The client ids of what is stored in channel `slug`, deleted or not, in the order of the channel."""
        rows = self._database.rows(
            "SELECT message.client_id FROM messaging_message AS message "
            "JOIN channels_app_channel AS channel ON channel.id = message.channel_id "
            "WHERE channel.slug = {} ORDER BY message.seq",
            slug,
        )
        return [UUID(str(client_id)) for (client_id,) in rows]

    def stored_count(self, slug: str) -> int:
        """How many messages are stored in channel `slug`, deleted or not."""
        rows = self._database.rows(
            "SELECT COUNT(*) FROM messaging_message WHERE channel_id = "
            "(SELECT id FROM channels_app_channel WHERE slug = {})",
            slug,
        )
        return int(rows[0][0])

    def last_seq(self, slug: str) -> int:
        """The number of the newest message in channel `slug`, 0 when there is none."""
        rows = self._database.rows("SELECT last_seq FROM channels_app_channel WHERE slug = {}", slug)
        return int(rows[0][0])

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that `statement` selects; each {} in it stands for one of `values`."""
        return self._database.rows(statement, *values)

    def waiting(self) -> int:
        """How many accepted messages are in the queues, not counting those that the worker holds."""
        return self._broker.waiting() if self._broker else 0

    def publish(self, body: bytes, *, partition: int, headers: Mapping[str, Any], content_type: str) -> None:
        """Put `body`, whatever it is, into the queue of `partition`."""
        assert self._broker is not None, "the embedded default has no queues"
        self._broker.publish(body, partition=partition, headers=headers, content_type=content_type)

    def locked(self, slug: str) -> AbstractContextManager[None]:
        """Have nobody store anything in channel `slug` within."""
        return self._database.locked("SELECT id FROM channels_app_channel WHERE slug = {} FOR UPDATE", slug)

    def last_words(self) -> str:
        """The ends of all logs, for whoever has to find out what went wrong."""
        return "\n".join(part.last_words() for part in self.parts)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Add the ends of the logs to what fails within."""
        try:
            yield
        except Exception as error:
            error.add_note(self.last_words())
            raise

    def _answers(self) -> bool:
        assert self.web.is_running, "the web process has ended"
        ports = [self.port] if self.live is self.web else [self.port, self._live_port]
        return all(_is_healthy(port) for port in ports)

    def _is_read(self) -> bool:
        if not self.workers or self._broker is None:
            return True
        assert any(worker.is_running for worker in self.workers), "every worker process has ended"
        return self._broker.is_read()

    def _new_worker(self) -> Part:
        worker = self._part("worker", number=next(self._worker_numbers))
        self.workers.append(worker)
        return worker

    def _part(self, name: str, *, number: int = 1, **settings: str) -> Part:
        if self._broker:
            command = ["bash", "-c", line_of_procfile(name)]
            more = {
                "VENV": str(CHECKOUT / ".venv"),
                "WEB_PORT": str(self._web_port),
                "LIVE_PORT": str(self._live_port),
                "WEB_PROCESSES": "2",
                "CONN_MAX_AGE": "60",
                "STACK_DIR": str(self.folder),
                "NGINX_PROGRAM": shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "",
            }
            if name == "front":
                self._write_nginx_settings()
        else:
            command = [str(CHECKOUT / "deploy" / "run.sh")]
            more = {"HOST": "127.0.0.1", "PORT": str(self.port)}
        environment = {**more, **self.environment, **self._own.get(name, {}), **settings}
        return Part(
            f"{name} {number}", command, environment=environment, log=self.folder / f"{name}-{number}.log"
        )

    def _write_nginx_settings(self) -> None:
        """As deploy/stack.sh does."""
        names = {
            "USER": "user root;" if os.geteuid() == 0 else "",
            "LISTEN": f"127.0.0.1:{self.port}",
            "WEB_PORT": self._web_port,
            "LIVE_PORT": self._live_port,
            "FOLDER": self.folder,
            "LOCATIONS": CHECKOUT / "deploy" / "nginx" / "locations.conf",
        }
        text = (CHECKOUT / "deploy" / "nginx" / "stack.conf.template").read_text()
        for name, value in names.items():
            text = text.replace(f"@{name}@", str(value))
        (self.folder / "nginx.conf").write_text(text)


class _Database:
    """A database of the site's own, asked in plain SQL: Django here may be set up for another one."""

    def __init__(self, url: str) -> None:
        self._url: SplitResult = urlsplit(url)
        self._is_sqlite = self._url.scheme == "sqlite"
        self._name = self._url.path.removeprefix("/")  # of a database, or the path of a file

    def create(self) -> None:
        self._administer(f"CREATE DATABASE `{self._name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")

    def drop(self) -> None:
        self._administer(f"DROP DATABASE IF EXISTS `{self._name}`")

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that `statement` selects; each {} in it stands for one of `values`."""
        mark = "?" if self._is_sqlite else "%s"
        with closing(self._connect(self._name)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement.format(*[mark] * len(values)), values)
            return list(cursor.fetchall())

    @contextmanager
    def locked(self, statement: str, *values: object) -> Iterator[None]:
        """Hold the rows that `statement` locks; each {} in it stands for one of `values`."""
        with closing(self._connect(self._name)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement.format(*["%s"] * len(values)), values)
            yield
            connection.rollback()

    def _administer(self, statement: str) -> None:
        if not self._is_sqlite:  # that one is a file, made and removed with its folder
            with closing(self._connect("")) as connection, closing(connection.cursor()) as cursor:
                cursor.execute(statement)

    def _connect(self, name: str) -> Any:
        if self._is_sqlite:
            return sqlite3.connect(f"file:{name}?mode=ro", uri=True, timeout=20)
        import MySQLdb  # only where there is a MariaDB to talk to

        return MySQLdb.connect(
            host=self._url.hostname,
            port=self._url.port,
            user=self._url.username,
            password=self._url.password,
            database=name,
            charset="utf8mb4",
        )


class _Broker:
    """The site's own queues on a shared RabbitMQ, all beginning with `prefix`."""

    def __init__(self, url: str, prefix: str) -> None:
        self.prefix = prefix
        self._url = url
        self._persist_queues: list[str] = []
        self._once_used: set[str] = set()
        self.use_queues(PERSIST_QUEUES)

    def use_queues(self, number: int) -> None:
        """Have `number` persist queues from now on; those of before stay until `remove_queues`."""
        self._persist_queues = [f"{self.prefix}.persist.{partition}" for partition in range(number)]
        self._once_used.update(self._persist_queues)

    def is_read(self) -> bool:
        """Whether each persist queue has a consumer."""
        with kombu.Connection(self._url) as connection:
            try:
                return all(state.consumer_count > 0 for state in self._states(connection))
            except connection.channel_errors:
                return False  # not declared yet

    def waiting(self) -> int:
        with kombu.Connection(self._url) as connection:
            return sum(state.message_count for state in self._states(connection))

    def publish(self, body: bytes, *, partition: int, headers: Mapping[str, Any], content_type: str) -> None:
        with kombu.Connection(self._url, transport_options={"confirm_publish": True}) as connection:
            connection.Producer().publish(
                body,
                exchange=self.prefix,
                routing_key=self._persist_queues[partition],
                headers=dict(headers),
                content_type=content_type,
                content_encoding="utf-8",
                delivery_mode=2,
                mandatory=True,
            )

    def remove_queues(self) -> None:
        with kombu.Connection(self._url) as connection:
            channel: Any = connection.default_channel
            for name in (*self._once_used, f"{self.prefix}.tasks", f"{self.prefix}.dead"):
                channel.queue_delete(name)
            channel.exchange_delete(self.prefix)
            channel.exchange_delete(f"{self.prefix}.live")

    def _states(self, connection: Any) -> Iterator[Any]:
        for name in self._persist_queues:
            yield connection.default_channel.queue_declare(name, passive=True)


def line_of_procfile(name: str) -> str:
    """The shell command of one process in deploy/Procfile; it ends in an `exec`."""
    for line in (CHECKOUT / "deploy" / "Procfile").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.removeprefix(f"{name}:").strip()
    raise AssertionError(f"deploy/Procfile has no process called {name}")


def _is_healthy(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False


def _addresses(database_url: str, broker_url: str, ports: Ports) -> dict[str, str]:
    """The two settings of a part that reaches the services at `ports`."""
    return {
        "DATABASE_URL": _through(database_url, ports.database),
        "BROKER_URL": _through(broker_url, ports.broker),
    }


def _through(url: str, port: int | None) -> str:
    """`url` with another port, unless that is None."""
    if port is None:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@{parts.hostname}:{port}"))


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
