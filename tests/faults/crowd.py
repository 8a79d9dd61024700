"""Many people who post to many channels at once, through HTTP, from a thread of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from tests.faults.outbox import Backoff, Outbox, Page, Sent, open_page, say
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

CLIENTS = 32
CHANNELS = 20
CHANNELS_EACH = 2
SIGN_UPS_AT_ONCE = 8
ALIVE_TIMEOUT_S = 60


class Crowd:
    """CLIENTS people, signed up at `site`; each is in CHANNELS_EACH of CHANNELS channels.

    Arguments:
        padding: at the end of everything they say.
    """

    def __init__(self, site: Site, *, padding: str = "of all") -> None:
        self.slugs = [f"room-{number}" for number in range(CHANNELS)]
        self._texts = (f"message {number} {padding.strip()}" for number in count(1))
        with ThreadPoolExecutor(SIGN_UPS_AT_ONCE) as threads:
            joined = list(threads.map(lambda number: self._join(site, number), range(CLIENTS)))
        self._places = [place for places in joined for place in places]

    @contextmanager
    def posting(self, *, pace_s: float, backoff: Backoff, is_doubled: bool = False) -> Iterator["Posting"]:
        """Have everybody post from now on; ended with `finish`, or with the block at the latest."""
        journal: list[Sent] = []
        outboxes = [
            Outbox(
                visitor,
                page,
                journal=journal,
                texts=self._texts,
                pace_s=pace_s,
                backoff=backoff,
                is_doubled=is_doubled,
            )
            for visitor, page in self._places
        ]
        posting = Posting(outboxes, journal)
        try:
            yield posting
        finally:
            posting.abandon()

    def send_again(self, journal: list[Sent], *, has_ticket: bool) -> set[int]:
        """Post every message of `journal` once more; the statuses.

        Arguments:
            has_ticket: as a page does that was opened just now. Else as a script that knows nothing.
        """
        places = {(visitor.username, page.slug): visitor for visitor, page in self._places}
        pages: dict[tuple[str, str], Page] = {}
        statuses = set()
        for sent in journal:
            place = sent.sender, sent.channel
            visitor, more = places[place], {}
            if has_ticket:
                pages[place] = pages.get(place) or open_page(visitor, sent.channel)
                more["ticket"] = pages[place].ticket
            answer = visitor.post(f"/channels/{sent.channel}/", sent.text, sent.client_id, **more)
            statuses.add(answer.status)
        self._hang_up()
        return statuses

    def say_something_everywhere(self) -> list[Sent]:
        """Have somebody post one more message into each channel, through the queue."""
        somebody_in = {page.slug: visitor for visitor, page in self._places}
        journal = []
        for slug, visitor in somebody_in.items():
            journal += say_through_the_queue(visitor, slug, self._texts)
        self._hang_up()
        return journal

    def _hang_up(self) -> None:
        for visitor in {visitor.username: visitor for visitor, _page in self._places}.values():
            visitor.hang_up()

    def _join(self, site: Site, number: int) -> list[tuple[Visitor, Page]]:
        visitor = Visitor(site.url, f"sender-{number}")
        visitor.sign_up()
        places = []
        for slug in self._rooms(number):
            assert visitor.create_channel(slug) == f"/channels/{slug}/"
            places.append((visitor, open_page(visitor, slug)))
        visitor.hang_up()
        return places

    def _rooms(self, number: int) -> list[str]:
        first = number * CHANNELS_EACH
        return [self.slugs[place % CHANNELS] for place in range(first, first + CHANNELS_EACH)]


def say_through_the_queue(visitor: Visitor, slug: str, texts: Iterator[str]) -> list[Sent]:
    """Have `visitor` post until one message goes into the queue; not every process may use the broker yet."""
    journal: list[Sent] = []

    def is_in_the_queue() -> bool:
        journal.append(say(visitor, slug, next(texts)))
        return journal[-1].answers == [(202, "")]

    wait_for(is_in_the_queue, what=f"a post to the queue of {slug}", timeout_s=ALIVE_TIMEOUT_S)
    return journal


class Posting:
    """People at it; `journal` has what they sent so far, in the order of each person and channel."""

    def __init__(self, outboxes: list[Outbox], journal: list[Sent]) -> None:
        self.journal = journal
        self._outboxes = outboxes
        self._error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._all = self._loop.create_task(self._run())
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def acknowledged(self, status: int | None = None) -> int:
        """How many messages have been taken, by an answer of `status` where that is given."""
        return sum(
            any(said == status if status else said < 300 for said, _code in sent.answers)
            for sent in list(self.journal)
        )

    def wait_for_more(self, number: int = 1, *, status: int | None = None) -> None:
        """Wait until that many messages more are taken than now."""
        enough = self.acknowledged(status) + number
        what = f"{number} more messages to be taken, by status {status or 'any'}"
        self._wait_for(lambda: self.acknowledged(status) >= enough, what=what)

    def wait_until_heard_of(self) -> None:
        """Wait until people have heard what became of all that they have sent by now."""
        sent_by_now = list(self.journal)
        self._wait_for(
            lambda: not any(sent.is_open for sent in sent_by_now), what="an end of all that was sent"
        )

    def finish(self, *, timeout_s: float) -> list[Sent]:
        """Have nothing more written, and wait until every message came to an end or `timeout_s` have passed.

        Returns:
            Those that did not.

        Raises:
            what went wrong with the people, who are not a part of what is tested.
        """
        for outbox in self._outboxes:
            self._tell(outbox.close)
        self._thread.join(timeout_s)
        unsettled = [sent for sent in self.journal if sent.is_open]
        self.abandon()
        if self._error is not None:
            raise self._error
        return unsettled

    def abandon(self) -> None:
        self._tell(self._all.cancel)
        self._thread.join()

    def _wait_for(self, condition: Callable[[], bool], *, what: str) -> None:
        def holds() -> bool:
            if self._error is not None:
                raise self._error
            return condition()

        wait_for(holds, what=what, timeout_s=ALIVE_TIMEOUT_S)

    def _tell(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody
            self._loop.call_soon_threadsafe(act)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._all)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001  # raised again by `finish`
            self._error = error
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as everybody:
            for outbox in self._outboxes:
                everybody.create_task(outbox.run())
