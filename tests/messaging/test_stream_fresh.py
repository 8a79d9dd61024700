"""What a page has after all that came on its stream is what a fresh page shows, whatever happened."""

import random
import re
import uuid
from collections.abc import Callable
from itertools import count

import pytest

from tests.messaging.test_stream import Listen, MakePerson
from tests.site import Site
from tests.streams import OpenStream
from tests.visitor import Visitor
from tests.waiting import wait_for

SEEDS = range(3)
CHANGES = 40

ARTICLE = re.compile(r'<article class="message[^"]*" id="m-([^"]+)".*?</article>', re.DOTALL)
Rows = dict[str, tuple[int, int, str]]  # by client id: number, version, and all of the article


def rows_in(html: str) -> Rows:
    rows = {}
    for found in ARTICLE.finditer(html):
        article = re.sub(r' class="message[^"]*"', "", found[0], count=1)  # how it is grouped a page decides
        rows[found[1]] = (attribute(article, "seq"), attribute(article, "version"), article)
    return rows


class Page:
    """A channel's page that applies what comes on its stream, as a browser does."""

    def __init__(self, reader: Visitor, channel: str, stream: OpenStream) -> None:
        self._reader = reader
        self._channel = channel
        self._stream = stream
        self._taken = 0
        self._load()

    def _load(self) -> None:
        html = self._reader.get(self._channel).body.decode()
        self.rows = shown(html)
        self.version = attribute(html, "version")
        self._floor = attribute(html, "cleared-seq")

    def catch_up(self) -> None:
        for event in self._stream.received[self._taken :]:
            self._taken += 1
            if event.kind == "changes" and event.facts["after"] <= self.version:
                self._apply(event.facts["html"])
                self.version = max(self.version, event.facts["version"])
            elif event.kind in ("changes", "hint"):
                self._ask()

    def _ask(self) -> None:
        html = self._reader.get(f"{self._channel}changes/?after={self.version}").body.decode()
        floor = attribute(html, "cleared-seq")
        if floor < self._floor:  # what was cleared is back
            return self._load()
        self._floor = floor
        self.rows = {name: row for name, row in self.rows.items() if row[0] > floor}
        self._apply(html)
        self.version = attribute(html, "version")
        return None

    def _apply(self, html: str) -> None:
        for name, row in rows_in(html).items():
            if name not in self.rows or row[1] > self.rows[name][1]:
                self.rows[name] = row

    @property
    def seen(self) -> Rows:
        return {name: row for name, row in self.rows.items() if "data-deleted" not in row[2]}


def attribute(html: str, name: str) -> int:
    found = re.search(rf'data-{name}="(\d+)"', html)
    assert found, html
    return int(found[1])


def shown(html: str) -> Rows:
    """The messages of a whole page, without its templates."""
    return rows_in(html[html.index('id="messages"') : html.index("<dialog")])


class Talk:
    """People who do everything that can be done to a channel, at random but alike for the same seed."""

    def __init__(self, site: Site, people: list[Visitor], room: str, seed: int) -> None:
        self._random = random.Random(seed)
        self._site = site
        self._people = people
        self._room = room
        self._channel = f"/channels/{room}/"
        self._mine: list[tuple[Visitor, uuid.UUID]] = []
        self._numbers = count(1)

    def do_something(self) -> None:
        ways: list[Callable[[], None]] = [self._say] * 4 + [self._edit] * 3 + [self._delete]
        ways += [self._leave_and_join, self._clear]
        self._random.choice(ways)()

    def _say(self) -> None:
        someone = self._random.choice(self._people)
        text = f"message {next(self._numbers)} <i>& more</i>"
        self._mine.append((someone, someone.say(self._channel, text)))

    def _edit(self) -> None:
        if self._mine:
            someone, client_id = self._random.choice(self._mine)
            someone.send(f"/messages/{client_id}/edit/", text=f"edited {next(self._numbers)}")

    def _delete(self) -> None:
        if self._mine:
            someone, client_id = self._mine.pop(self._random.randrange(len(self._mine)))
            someone.send(f"/messages/{client_id}/delete/")

    def _leave_and_join(self) -> None:
        someone = self._random.choice(self._people)
        someone.send(f"{self._channel}unsubscribe/")
        someone.send(f"{self._channel}join/")

    def _clear(self) -> None:
        someone = self._random.choice(self._people)
        someone.send(f"{self._channel}clear/")
        if self._random.random() < 0.3:
            someone.send(f"{self._channel}clear/", undo="1")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_page_with_a_stream_is_like_a_fresh_one(
    site: Site, person: MakePerson, room: str, listen: Listen, seed: int
) -> None:
    people = [person("bob"), person("carol"), person("dave")]
    channel = ""
    for someone in people:
        channel = someone.create_channel(room)
    pages = [Page(someone, channel, listen(someone, room)) for someone in people]
    aside = person("erin")
    aside.create_channel(room)
    numbers = listen(aside)
    talk = Talk(site, people, room, seed)

    for _change in range(CHANGES):
        talk.do_something()

    for someone, page in zip(people, pages, strict=True):

        def is_like_a_fresh_one(someone: Visitor = someone, page: Page = page) -> bool:
            page.catch_up()
            return page.seen == shown(someone.get(channel).body.decode())

        wait_for(is_like_a_fresh_one, what=f"{someone.username}'s page to be like a fresh one")

    def counted() -> list[int]:
        """The numbers of what is there to be read, as who has the channel in the sidebar alone was told."""
        there: set[int] = set()
        for event in numbers.of("count"):
            there |= {seq for seq, _author in event.facts["new"]}
            there -= {seq for seq, _author in event.facts["gone"]}
        return sorted(there)

    stored = site.rows(
        "SELECT message.seq FROM messaging_message AS message JOIN channels_app_channel AS channel "
        "ON channel.id = message.channel_id WHERE channel.slug = {} AND message.deleted_at IS NULL "
        "ORDER BY message.seq",
        room,
    )
    wait_for(
        lambda: counted() == [seq for (seq,) in stored], what=f"all of {stored} counted, not {counted()}"
    )
