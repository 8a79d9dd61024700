"""What is hard to store: poison in the queue, and messages as large as they may be."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faults.audit import last_numbers
from tests.faults.drill import RECOVERY_S, Drill
from tests.faults.outbox import say
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

BATCH = 200  # messages in a worker's transaction, by the default of PERSIST_BATCH
LONGEST_TEXT = 10_000  # characters
NOBODY = 2**40


def an_envelope(**changes: Any) -> dict[str, Any]:
    """An envelope that only its `changes` keep from being stored, and an author that nobody is."""
    return {
        "version": 1,
        "client_id": str(uuid.uuid4()),
        "channel_id": 1,
        "author_id": NOBODY,
        "text": "poison",
        "accepted_at": datetime.now(UTC).isoformat(),
        **changes,
    }


def a_call(envelope: object) -> bytes:
    """The body of a call of the persist task."""
    embedded = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return json.dumps([[envelope], {}, embedded]).encode()


def poisons(author_id: int) -> list[bytes]:
    """Each is something that can't be stored; the last ones are of somebody who may post."""
    of_somebody = {"author_id": author_id}
    return [
        b"{neither JSON",
        b"\xff\xfe nor text",
        b'"JSON, but no call"',
        b"[[], {}, {}]",
        a_call(None),
        a_call("a word"),
        a_call(an_envelope(version=99)),
        a_call(an_envelope(client_id="no name")),
        a_call(an_envelope(accepted_at="yesterday")),
        a_call(an_envelope()),
        a_call(an_envelope(channel_id=NOBODY, **of_somebody)),
        a_call(an_envelope(channel_id=10**30, **of_somebody)),
        a_call(an_envelope(text="half a letter: \ud83d", **of_somebody)),
        a_call(an_envelope(accepted_at="9999-12-31T23:59:59-12:00", **of_somebody)),
    ]


def test_poison_among_many_good_ones_is_set_aside_and_stops_nothing(
    drill: Drill, people: Callable[[str], Visitor]
) -> None:
    people("bob")
    [(bob,)] = drill.site.rows("SELECT id FROM accounts_user WHERE username = {}", "bob")
    aside = set_aside(drill)
    poison = poisons(bob)

    with drill.under_load() as posting:
        for number, body in enumerate(poison):
            name = str(uuid.uuid4())
            drill.site.publish(
                body,
                partition=number % int(drill.site.environment["PERSIST_QUEUES"]),
                headers={"lang": "py", "task": "messaging.persist", "id": name, "root_id": name},
                content_type="application/json",
            )
            posting.wait_for_more(drill.scale.many // len(poison))

    wait_for(
        lambda: set_aside(drill) - aside >= len(poison), what="poison to be set aside", timeout_s=RECOVERY_S
    )
    assert set_aside(drill) - aside == len(poison)


def set_aside(drill: Drill) -> int:
    [(number,)] = drill.site.rows("SELECT COUNT(*) FROM messaging_rejectedmessage")
    return int(number)


def test_a_batch_of_the_largest_messages_is_stored(drill: Drill, people: Callable[[str], Visitor]) -> None:
    bob = people("bob")
    bob.create_channel("emoji")
    before = last_numbers(drill.site, ["emoji"])
    with drill.site.locked("emoji"):  # the worker waits with the first, and has the others meanwhile
        journal = [
            say(bob, "emoji", f"{number:03}" + "😀" * (LONGEST_TEXT - 3)) for number in range(BATCH + 20)
        ]
        wait_for(lambda: drill.site.waiting() == 0, what="all to be with the worker", timeout_s=RECOVERY_S)

    drill.wait_until_stored(journal)
    assert drill.audited(journal, before).stored == len(journal)
    assert largest_batch(drill.site, "emoji") == BATCH


def largest_batch(site: Site, slug: str) -> int:
    """How many messages of a channel were stored by one transaction; those share the moment."""
    [(number,)] = site.rows(
        "SELECT MAX(number) FROM (SELECT COUNT(*) AS number FROM messaging_message WHERE channel_id = "
        "(SELECT id FROM channels_app_channel WHERE slug = {}) GROUP BY stored_at) AS batch",
        slug,
    )
    return int(number)
