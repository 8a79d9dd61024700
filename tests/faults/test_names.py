"""One name, several requests: the same message twice, somebody else's name, a message deleted on its way."""

import uuid
from collections.abc import Callable
from itertools import repeat

import pytest

from tests.faults.audit import last_numbers
from tests.faults.crowd import say_through_the_queue
from tests.faults.drill import RECOVERY_S, Drill
from tests.faults.outbox import say
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack


def test_every_request_is_sent_twice_at_once_and_again_an_hour_later(drill: Drill) -> None:
    before = last_numbers(drill.site, drill.crowd.slugs)
    with drill.under_load(is_doubled=True) as posting:
        posting.wait_for_more(drill.scale.many)
    again = posting.journal[: drill.scale.many // 2]

    assert drill.crowd.send_again(again, has_ticket=True) == {202}, "it goes through the queue"
    # An hour later the ticket has expired. Nothing in the database looks at how old a message is.
    assert drill.crowd.send_again(again, has_ticket=False) == {201}

    journal = [*posting.journal, *drill.wait_until_done()]
    assert drill.audited(journal, before).stored == len(journal)


def test_the_name_of_somebody_elses_stored_message_is_refused(
    drill: Drill, people: Callable[[str], Visitor]
) -> None:
    bob, mallory = people("bob"), people("mallory")
    before = last_numbers(drill.site, ["public"])
    owners = say(bob, "public", "my own words")
    wait_for(lambda: owners.client_id in drill.site.stored("public"), what="bob's message")

    answer = mallory.post("/channels/public/", "not my words", owners.client_id)

    assert (answer.status, answer.json()["code"]) == (409, "client_id_taken")
    assert drill.audited([owners], before).stored == 1


def test_the_name_of_somebody_elses_message_on_its_way_is_set_aside(
    drill: Drill, people: Callable[[str], Visitor]
) -> None:
    bob, mallory = people("bob"), people("mallory")
    before = last_numbers(drill.site, ["public"])
    drill.pause_workers()
    owners = say(bob, "public", "my own words")
    assert mallory.post("/channels/public/", "not my words", owners.client_id).status == 202
    drill.resume_workers()

    wait_for(lambda: owners.client_id in names_set_aside(drill.site, "mallory"), what="mallory's message")
    wait_for(lambda: owners.client_id in drill.site.stored("public"), what="bob's message")
    assert drill.audited([owners], before).stored == 1
    assert status_of(bob, owners.client_id) == "sent"


def test_what_is_deleted_on_its_way_is_never_stored(drill: Drill, people: Callable[[str], Visitor]) -> None:
    bob = people("bob")
    before = last_numbers(drill.site, ["public"])
    drill.pause_workers()
    journal = [say(bob, "public", f"word {number} of bob") for number in range(drill.scale.many)]
    deleted, kept = journal[::2], journal[1::2]
    for sent in deleted:
        assert bob.send(f"/messages/{sent.client_id}/delete/").status == 302
    drill.resume_workers()

    kept += say_through_the_queue(bob, "public", repeat("the last word of bob"))
    drill.wait_until_stored(kept)
    assert drill.audited(kept, before).stored == len(kept)
    assert {status_of(bob, sent.client_id) for sent in deleted} == {"deleted"}
    assert status_of(bob, kept[0].client_id) == "sent"


def status_of(visitor: Visitor, client_id: uuid.UUID) -> str:
    return str(visitor.ask(f"/messages/{client_id}/status/").json()["status"])


def test_what_somebody_had_queued_before_being_removed_is_set_aside(
    drill: Drill, people: Callable[[str], Visitor]
) -> None:
    bob, mallory = people("bob"), people("mallory")
    for visitor in (bob, mallory):
        visitor.create_channel("club")
    before = last_numbers(drill.site, ["club"])
    drill.pause_workers()
    bobs = [say(bob, "club", f"thought {number}") for number in range(drill.scale.many // 10)]
    mallorys = [say(mallory, "club", f"advert {number}") for number in range(drill.scale.many)]
    drill.site.manage("unsubscribe", "mallory", "club")
    drill.resume_workers()

    names = {sent.client_id for sent in mallorys}
    wait_for(
        lambda: names <= names_set_aside(drill.site, "mallory"),
        what="what mallory had queued to be set aside",
        timeout_s=RECOVERY_S,
    )
    found = drill.audited([*bobs, *mallorys], before)
    assert (found.stored, found.rejected) == (len(bobs), len(mallorys))
    assert {status_of(mallory, sent.client_id) for sent in mallorys} == {"not_sent"}


def names_set_aside(site: Site, username: str) -> set[uuid.UUID]:
    """The names of what somebody was told is accepted, and that could not be stored."""
    rows = site.rows(
        "SELECT rejected.client_id FROM messaging_rejectedmessage AS rejected "
        "JOIN accounts_user AS author ON author.id = rejected.author_id WHERE author.username = {}",
        username,
    )
    return {uuid.UUID(str(client_id)) for (client_id,) in rows}
