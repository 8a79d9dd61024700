"""Each part away, hanging or killed: what people are told, and that nothing is lost or doubled afterwards."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import Proxy
from tests.site import Ports, Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

PUBLIC = "/channels/public/"
RECOVERY_S = 60


@dataclass(frozen=True, slots=True)
class Wired:
    """A site whose database and broker are each behind a wire, and somebody who is signed in."""

    site: Site
    database: Proxy
    broker: Proxy
    visitor: Visitor

    def accepted(self, count: int) -> list[uuid.UUID]:
        return [self.visitor.say(PUBLIC, f"message {number}") for number in range(count)]

    def wait_until_stored(self, ids: list[uuid.UUID]) -> None:
        """Wait until exactly `ids` are stored, in that order, behind what was there before."""
        with self.site.explained():
            wait_for(
                lambda: self.site.stored("public")[-len(ids) :] == ids,
                what="every accepted message, once and in order",
                timeout_s=RECOVERY_S,
            )
        stored = self.site.stored("public")
        assert len(stored) == len(set(stored)) == self.site.last_seq("public")


@pytest.fixture(scope="module")
def running() -> Iterator[Wired]:
    with (
        Proxy(urlsplit(os.environ["DATABASE_URL"]).port or 3306) as database,
        Proxy(urlsplit(os.environ["BROKER_URL"]).port or 5672) as broker,
        Site.stack(ports=dict.fromkeys(("web", "worker"), Ports(database.port, broker.port))) as site,
        Visitor(site.url, "bob") as visitor,
    ):
        visitor.sign_up()
        yield Wired(site, database, broker, visitor)


@pytest.fixture
def wired(running: Wired) -> Iterator[Wired]:
    yield running
    running.database.mend()
    running.broker.mend()
    for part in running.site.parts:
        if not part.is_running:
            part.start()
        part.resume()
    running.site.wait_until_ready()


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_without_a_broker_a_post_is_refused_for_the_moment_and_can_be_sent_again(
    wired: Wired, fault: str
) -> None:
    wired.accepted(1)
    client_id = uuid.uuid4()
    getattr(wired.broker, fault)()

    refused = wired.visitor.post(PUBLIC, "once, please", client_id)
    pages = wired.visitor.get(PUBLIC)

    assert (refused.status, refused.json()["code"]) == (503, "broker_away")
    assert int(refused.headers["Retry-After"]) > 0
    assert pages.status == 200

    wired.broker.mend()
    wait_for(
        lambda: wired.visitor.post(PUBLIC, "once, please", client_id).status in (201, 202),
        what="the post to be accepted",
        timeout_s=RECOVERY_S,
    )
    wired.wait_until_stored([client_id])


def test_a_broker_that_hangs_holds_no_post_to_any_queue(wired: Wired) -> None:
    channels = [wired.visitor.create_channel(f"room {number}") for number in range(4)]
    wired.visitor.say(channels[0], "a connection is open, and one queue was used")
    wired.broker.hold()

    answers = [wired.visitor.post(channel, "hello?", uuid.uuid4()) for channel in channels]

    assert [answer.status for answer in answers] == [503] * 4


def test_without_a_broker_the_plain_page_keeps_the_text(wired: Wired) -> None:
    wired.broker.cut()

    page = wired.visitor.send(f"{PUBLIC}messages/", text="my long thought", client_id=str(uuid.uuid4()))

    assert page.status == 503
    assert "my long thought" in page.body.decode()
    assert "Traceback" not in page.body.decode()


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_without_a_database_pages_say_so_and_the_worker_holds_what_was_accepted(
    wired: Wired, fault: str
) -> None:
    assert wired.site.worker is not None
    wired.site.worker.pause()
    ids = wired.accepted(5)
    getattr(wired.database, fault)()
    wired.site.worker.resume()

    page = wired.visitor.get(PUBLIC)

    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "Traceback" not in page.body.decode()
    assert wired.visitor.get("/healthz").status == 200

    wired.database.mend()
    wired.wait_until_stored(ids)
    wait_for(lambda: wired.visitor.get(PUBLIC).status == 200, what="the page", timeout_s=RECOVERY_S)


def test_while_no_worker_runs_the_plain_page_says_that_the_message_is_on_its_way(wired: Wired) -> None:
    assert wired.site.worker is not None
    wired.site.worker.pause()
    client_id = uuid.uuid4()

    sent = wired.visitor.send(f"{PUBLIC}messages/", text="patience", client_id=str(client_id))

    assert (sent.status, sent.headers["Location"]) == (302, PUBLIC)
    page = wired.visitor.get(PUBLIC).body.decode()
    assert "on its way" in page
    assert "patience" not in page

    wired.site.worker.resume()
    wired.wait_until_stored([client_id])


def test_a_killed_worker_loses_and_doubles_nothing(wired: Wired) -> None:
    assert wired.site.worker is not None
    ids: list[uuid.UUID] = []

    for _time in range(3):
        ids += wired.accepted(20)
        wired.site.worker.kill()
        ids += wired.accepted(5)
        wired.site.worker.start()

    wired.wait_until_stored(ids)


def test_a_broker_connection_lost_under_load_loses_and_doubles_nothing(wired: Wired) -> None:
    ids: list[uuid.UUID] = []

    for _time in range(3):
        ids += wired.accepted(20)
        wired.broker.cut()
        wired.broker.mend()
        ids += wired.accepted(1)  # at once: a connection that was closed is replaced

    wired.wait_until_stored(ids)


def test_a_killed_web_process_comes_back_with_everything_it_accepted(wired: Wired) -> None:
    ids = wired.accepted(10)

    wired.site.web.kill()
    wired.site.restart(wired.site.web)

    wired.wait_until_stored(ids)
