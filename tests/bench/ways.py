"""The ways to take a post that are compared, and the people who write in the channels of each."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.load import Desk
from tests.site import PERSIST_QUEUES, Site
from tests.visitor import Visitor

CLIENTS = 32
EVERYWHERE = "sender-0"  # who is in every channel
SIGN_UPS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Way:
    """One way to take posts, at addresses below `prefix`.

    Arguments:
        is_numbered: it counts a channel's messages in `last_seq`.
        channels: over which its writers are spread; by default as many as there are persist queues.
    """

    title: str
    prefix: str
    name: str
    is_numbered: bool = False
    channels: int = PERSIST_QUEUES

    @property
    def slugs(self) -> list[str]:
        return [f"{self.name}-{number}" for number in range(self.channels)]

    def stored(self, site: Site) -> int:
        """How many of its messages are stored."""
        count = site.last_seq if self.is_numbered else site.stored_count
        return sum(count(slug) for slug in self.slugs)


PRODUCT = Way("the product", "/channels/", "load", is_numbered=True)
ONE_CHANNEL = Way("the product, all in one channel", "/channels/", "one", is_numbered=True, channels=1)
OWN_CHANNELS = Way(
    "the product, each in a channel of their own", "/channels/", "own", is_numbered=True, channels=CLIENTS
)
INSERT = Way("(a) INSERT and commit in the request", "/baseline/insert/", "insert")
TASK = Way("(b) one task and one commit a message", "/baseline/task/", "task")


class Crowd:
    """CLIENTS people, signed up at `site`, each in one channel of every way."""

    def __init__(self, site: Site, ways: Sequence[Way]) -> None:
        def join(number: int) -> Visitor:
            visitor = Visitor(site.url, f"sender-{number}")
            visitor.sign_up()
            for way in ways:
                for slug in way.slugs if visitor.username == EVERYWHERE else [_slug(way, number)]:
                    visitor.create_channel(slug)
            visitor.hang_up()
            return visitor

        with ThreadPoolExecutor(SIGN_UPS_AT_ONCE) as threads:
            self._people = list(threads.map(join, range(CLIENTS)))

    def desks(self, way: Way) -> list[Desk]:
        """Where each of them writes, from now on for ten minutes."""
        return [
            desk_at(visitor, _slug(way, number), way.prefix) for number, visitor in enumerate(self._people)
        ]


def desk_at(visitor: Visitor, slug: str, prefix: str = PRODUCT.prefix) -> Desk:
    """Where `visitor` writes, on a page just opened: a posting ticket lasts ten minutes."""
    page = visitor.get(f"/channels/{slug}/")
    visitor.hang_up()
    assert page.status == 200, page
    ticket = re.search(r'data-ticket="([^"]+)"', page.body.decode())
    assert ticket, "the page of a channel has no posting ticket"
    return Desk(
        origin=visitor.origin,
        path=f"{prefix}{slug}/messages/",
        headers=visitor.headers,
        fields={"author": visitor.username, "ticket": ticket[1], "previous": ""},
    )


@contextmanager
def reader_at(site: Site, username: str) -> Iterator[Visitor]:
    """Somebody who only reads."""
    with Visitor(site.url, username) as visitor:
        visitor.sign_up()
        yield visitor


def _slug(way: Way, number: int) -> str:
    return way.slugs[number % len(way.slugs)]
