"""The chats whose live delivery is compared, as the measurements see them; this file has the product."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from tests.bench.load import Place
from tests.bench.processes import parts_of
from tests.bench.receivers import Seat
from tests.bench.ways import desk_at
from tests.site import CHECKOUT, Part, Site, free_port, line_of_procfile
from tests.visitor import Visitor
from tests.waiting import wait_for

WRITERS = 32
START_TIMEOUT_S = 60


class Chat(Protocol):
    """A running chat.

    Arguments:
        title: in what is printed.
        parts: its processes and services, by what they are.
        holders: those of them that hold the connections of who listens.
    """

    title: str

    @property
    def parts(self) -> dict[str, list[int]]: ...

    @property
    def holders(self) -> list[int]: ...

    def seats(self, keys: Sequence[str], slug: str) -> list[Seat]:
        """Where the people with these session keys hear what is said in the channel."""
        ...

    def places(self, slug: str) -> list[Place]:
        """Where the writers write in the channel, from now on for ten minutes."""
        ...

    def newest(self, slug: str) -> int:
        """The number of the newest message in the channel."""
        ...

    def stored_after(self, slug: str, number: int) -> list[UUID]:
        """The names of the messages behind that of `number`, in the channel's order."""
        ...


class Writers:
    """People with passwords and pages, who post in the channel `slug`, and where they `join` later."""

    def __init__(self, site: Site, slug: str) -> None:
        self.visitors = [Visitor(site.url, f"writer-{number}") for number in range(WRITERS)]
        for visitor in self.visitors:
            visitor.sign_up()
        self.join(slug)

    def join(self, slug: str) -> None:
        for visitor in self.visitors:
            visitor.create_channel(slug)
            visitor.hang_up()


class Product:
    """The site itself, with a live process; in the embedded default that is the web process.

    `with` ends the live process.
    """

    title = "the product"

    def __init__(self, site: Site, writers: Writers) -> None:
        self._site = site
        self._writers = writers
        self._port = site.port
        self._live = site.web
        if site.is_stack:
            self._port = free_port()
            self._live = self._started()

    def __enter__(self) -> "Product":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._site.is_stack:
            self._live.stop()

    @property
    def parts(self) -> dict[str, list[int]]:
        parts = parts_of(self._site)
        return {**parts, "live": self.holders} if self._site.is_stack else parts

    @property
    def holders(self) -> list[int]:
        return [self._live.pid]

    def seats(self, keys: Sequence[str], slug: str) -> list[Seat]:
        request = (
            f"GET /live/?open={slug} HTTP/1.1\r\nHost: 127.0.0.1:{self._site.port}\r\n"
            "Accept: text/event-stream\r\nAccept-Language: en\r\nCookie: chat_session="
        )
        return [
            Seat("127.0.0.1", self._port, f"{request}{key}\r\n\r\n".encode(), b"event: ready\n")
            for key in keys
        ]

    def places(self, slug: str) -> list[Place]:
        return [desk_at(visitor, slug) for visitor in self._writers.visitors]

    def newest(self, slug: str) -> int:
        return self._site.last_seq(slug)

    def stored_after(self, slug: str, number: int) -> list[UUID]:
        rows = self._site.rows(
            "SELECT client_id FROM messaging_message WHERE seq > {} AND channel_id = "
            "(SELECT id FROM channels_app_channel WHERE slug = {}) ORDER BY seq",
            number,
            slug,
        )
        return [UUID(str(client_id)) for (client_id,) in rows]

    def _started(self) -> Part:
        more = {"VENV": str(CHECKOUT / ".venv"), "LIVE_PORT": str(self._port)}
        part = Part(
            "live",
            ["bash", "-c", line_of_procfile("live")],
            environment={**self._site.environment, **more},
            log=self._site.folder / "live.log",
        )
        part.start()
        with Visitor(f"http://127.0.0.1:{self._port}", "nobody") as visitor:
            wait_for(lambda: _answers(visitor), what="the live process", timeout_s=START_TIMEOUT_S)
        return part


def _answers(visitor: Visitor) -> bool:
    try:
        return visitor.ask("/healthz").status == 200
    except OSError:
        visitor.hang_up()
        return False
