"""What people are told while a part is away or hangs."""

import re
import time
import uuid
from collections.abc import Callable
from itertools import count

import pytest

from messaging.pipeline.publish import ACCEPT_TIMEOUT_S
from tests.faults.crowd import say_through_the_queue
from tests.faults.drill import RECOVERY_S, SHORT, Drill
from tests.faults.proxy import Proxy
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.parametrize("scale", [SHORT], ids=["short"])]

PUBLIC = "/channels/public/"
WEB_PROCESSES = 2


@pytest.fixture
def bob(drill: Drill, people: Callable[[str], Visitor]) -> Visitor:
    """Somebody whose connection is to a web process that publishes, and has no broker in bad memory."""
    bob = people("bob")
    name = wait_for(lambda: a_name_taken_by_the_queue(bob), what="a post to the queue", timeout_s=RECOVERY_S)
    wait_for(lambda: name in drill.site.stored("public"), what="that post", timeout_s=RECOVERY_S)
    return bob


def a_name_taken_by_the_queue(visitor: Visitor) -> uuid.UUID | None:
    client_id = uuid.uuid4()
    return client_id if visitor.post(PUBLIC, "testing, testing", client_id).status == 202 else None


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_without_a_broker_a_post_is_stored_and_seen_at_once(
    drill: Drill, bob: Visitor, broker_wire: Proxy, fault: str
) -> None:
    client_id = uuid.uuid4()
    getattr(broker_wire, fault)()

    answer = bob.post(PUBLIC, "heard all the same", client_id)

    assert (answer.status, answer.json()["status"]) == (201, "sent")
    assert "heard all the same" in answer.json()["html"]
    assert drill.site.stored("public")[-1] == client_id
    assert "heard all the same" in bob.get(PUBLIC).body.decode()


def test_a_broker_that_hangs_holds_up_one_post_and_spares_the_next(
    drill: Drill, bob: Visitor, broker_wire: Proxy
) -> None:
    posts = WEB_PROCESSES * 4
    broker_wire.hold()

    began = time.monotonic()
    answers = [bob.post(PUBLIC, f"hello {number}?", uuid.uuid4()) for number in range(posts)]
    took_s = time.monotonic() - began

    assert [answer.status for answer in answers] == [201] * posts
    # Each process finds out for itself, and tries again once meanwhile.
    assert took_s < 2 * WEB_PROCESSES * ACCEPT_TIMEOUT_S + 2


def test_without_a_broker_what_waits_in_the_queue_is_not_overtaken(
    drill: Drill, bob: Visitor, broker_wire: Proxy
) -> None:
    drill.pause_workers()
    first, second = uuid.uuid4(), uuid.uuid4()
    assert bob.post(PUBLIC, "first", first).status == 202
    broker_wire.cut()

    refused = bob.post(PUBLIC, "second", second, previous=str(first))

    assert (refused.status, refused.json()["code"]) == (409, "resend_previous")
    assert bob.post(PUBLIC, "first", first).status == 201
    assert bob.post(PUBLIC, "second", second, previous=str(first)).status == 201
    assert drill.site.stored("public")[-2:] == [first, second]
    drill.resume_workers()
    broker_wire.mend()
    behind = say_through_the_queue(bob, "public", map("{} behind it".format, count()))
    drill.wait_until_stored(behind)
    assert drill.site.stored("public")[-2 - len(behind) : -len(behind)] == [first, second]


def test_without_a_broker_the_plain_page_goes_on_as_ever(
    drill: Drill, bob: Visitor, broker_wire: Proxy
) -> None:
    broker_wire.cut()

    page = bob.send(f"{PUBLIC}messages/", text="my long thought", client_id=str(uuid.uuid4()))

    assert (page.status, page.headers["Location"]) == (302, PUBLIC)
    assert "my long thought" in bob.get(PUBLIC).body.decode()


@pytest.mark.parametrize("fault", ["stop", "pause"])
def test_without_a_database_pages_say_so_and_posts_wait_in_the_queue(
    drill: Drill, bob: Visitor, fault: str
) -> None:
    wait_for(lambda: bob.post(PUBLIC, "queued?", uuid.uuid4()).status == 202, what="the broker to be used")
    ticket = the_ticket(bob)
    client_id = uuid.uuid4()
    getattr(drill.services, fault)("mariadb")

    post = bob.post(PUBLIC, "for later", client_id, ticket=ticket)
    page = bob.get(PUBLIC)

    assert (post.status, post.json()["status"]) == (202, "sending")
    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "Traceback" not in page.body.decode()
    assert bob.get("/healthz").status == 200

    drill.services.resume("mariadb")
    drill.services.start("mariadb")
    with drill.site.explained():
        wait_for(lambda: drill.site.stored("public")[-1] == client_id, what="the post", timeout_s=RECOVERY_S)
        wait_for(lambda: bob.get(PUBLIC).status == 200, what="the page", timeout_s=RECOVERY_S)


def test_without_either_nothing_is_accepted_and_the_text_is_kept(
    drill: Drill, bob: Visitor, broker_wire: Proxy
) -> None:
    ticket = the_ticket(bob)
    broker_wire.cut()
    drill.services.stop("mariadb")

    post = bob.post(PUBLIC, "is anybody there", uuid.uuid4(), ticket=ticket)
    page = bob.send(f"{PUBLIC}messages/", text="my long thought", client_id=str(uuid.uuid4()))

    assert (post.status, page.status) == (503, 503)
    assert int(post.headers["Retry-After"]) > 0
    assert "my long thought" in page.body.decode()
    assert "Traceback" not in page.body.decode()


def test_while_no_worker_runs_the_plain_page_says_that_the_message_is_on_its_way(
    drill: Drill, bob: Visitor
) -> None:
    drill.pause_workers()
    client_id = uuid.uuid4()

    sent = bob.send(f"{PUBLIC}messages/", text="patience", client_id=str(client_id))

    assert sent.status == 302
    assert sent.headers["Location"].startswith(f"{PUBLIC}?sent={client_id}&")
    page = bob.get(PUBLIC).body.decode()
    assert "on its way" in page
    assert "patience" not in page

    drill.resume_workers()
    wait_for(lambda: drill.site.stored("public")[-1] == client_id, what="the post", timeout_s=RECOVERY_S)


def the_ticket(visitor: Visitor) -> str:
    """A posting ticket, as the channel page has it."""
    found = re.search(r'data-ticket="([^"]+)"', visitor.get(PUBLIC).body.decode())
    assert found is not None
    return found[1]
