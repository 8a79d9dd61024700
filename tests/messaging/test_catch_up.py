"""Catching up: what changed after the version that a page knows."""

import re
import uuid
from dataclasses import dataclass

from django.test import Client

from channels_app.models import Channel
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from tests.cast import Cast, say, signed_in
from tests.messaging.test_timeline import NOON


@dataclass(frozen=True, slots=True)
class Answer:
    version: int
    has_more: bool
    is_reset: bool
    cleared_seq: int
    seqs: list[int]
    html: str


def changes(client: Client, channel: Channel, after: int) -> Answer:
    html = client.get(f"/channels/{channel.slug}/changes/", {"after": after}).content.decode()

    def attribute(name: str) -> str:
        found = re.search(rf'<section[^>]* data-{name}="([^"]*)"', html)
        assert found, html
        return found[1]

    return Answer(
        version=int(attribute("version")),
        has_more=attribute("more") == "true",
        is_reset=attribute("reset") == "true",
        cleared_seq=int(attribute("cleared-seq")),
        seqs=[int(seq) for seq in re.findall(r'<article[^>]* data-seq="(\d+)"', html)],
        html=html,
    )


def fill(cast: Cast, count: int) -> None:
    envelopes = [Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, f"{n}", NOON) for n in range(count)]
    persist(envelopes, keep_rejected=False)


def test_nothing_new_is_an_empty_answer(cast: Cast) -> None:
    say(cast.bob, cast.design, "one")

    answer = changes(signed_in(cast.carol), cast.design, after=1)

    assert (answer.version, answer.seqs, answer.has_more, answer.is_reset) == (1, [], False, False)


def test_new_edited_and_deleted_messages_come_in_one_answer(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    edited = say(cast.bob, cast.design, "edit me")
    deleted = say(cast.bob, cast.design, "delete me")
    bob.post(f"/messages/{edited.client_id}/edit/", {"text": "now edited"})
    bob.post(f"/messages/{deleted.client_id}/delete/")
    say(cast.carol, cast.design, "new")

    answer = changes(signed_in(cast.carol), cast.design, after=2)

    assert (answer.version, answer.seqs) == (5, [1, 2, 3])
    assert "now edited" in answer.html
    assert "delete me" not in answer.html
    assert answer.html.count("data-deleted") == 1


def test_each_fragment_names_itself(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "hello")

    html = changes(signed_in(cast.carol), cast.design, after=0).html

    for attribute in (
        f'data-client-id="{message.client_id}"',
        'data-seq="1"',
        'data-version="1"',
        'data-author="bob"',
    ):
        assert attribute in html


def test_a_page_shows_the_same_fragment_as_catching_up(cast: Cast) -> None:
    say(cast.bob, cast.design, "hello")
    carol = signed_in(cast.carol)

    def article(html: str) -> str:
        found = re.search(r"<article.*?</article>", html, re.DOTALL)
        assert found
        return found[0]

    page = article(carol.get("/channels/design/").content.decode())
    assert article(changes(carol, cast.design, after=0).html) == page


def test_two_hundred_changes_at_a_time_until_caught_up(cast: Cast) -> None:
    fill(cast, 450)
    carol, known = signed_in(cast.carol), 0
    seen: list[int] = []

    while True:
        answer = changes(carol, cast.design, after=known)
        assert len(answer.seqs) <= 200
        known, seen = answer.version, seen + answer.seqs
        if not answer.has_more:
            break

    assert seen == list(range(1, 451))
    assert known == 450


def test_who_is_far_behind_starts_from_the_newest_page(cast: Cast) -> None:
    fill(cast, 501)
    carol = signed_in(cast.carol)

    assert changes(carol, cast.design, after=1).is_reset is False
    answer = changes(carol, cast.design, after=0)

    assert (answer.is_reset, answer.has_more, answer.version) == (True, False, 501)
    assert answer.seqs == list(range(452, 502))


def test_a_version_from_the_future_starts_afresh(cast: Cast) -> None:
    fill(cast, 3)

    answer = changes(signed_in(cast.carol), cast.design, after=99)

    assert (answer.is_reset, answer.version, answer.seqs) == (True, 3, [1, 2, 3])


def test_what_one_cleared_does_not_come_back(cast: Cast) -> None:
    first = say(cast.bob, cast.design, "old")
    carol = signed_in(cast.carol)
    carol.post("/channels/design/clear/")
    signed_in(cast.bob).post(f"/messages/{first.client_id}/edit/", {"text": "old, edited"})
    say(cast.bob, cast.design, "new")

    answer = changes(carol, cast.design, after=0)

    assert (answer.cleared_seq, answer.seqs, answer.version) == (1, [2], 3)
    assert changes(signed_in(cast.bob), cast.design, after=0).seqs == [1, 2]


def test_the_missed_changes_lead_to_the_state_of_a_fresh_page(cast: Cast) -> None:
    """In the spirit of Zulip's event tests: old page + changes = new page."""
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)
    for n in range(4):
        say(cast.bob, cast.design, f"{n}")
    page = {
        item.message.client_id: item.message.text
        for item in carol.get("/channels/design/").context["messages_page"].items
    }
    known = 4
    ids = list(page)

    bob.post(f"/messages/{ids[0]}/edit/", {"text": "zero"})
    bob.post(f"/messages/{ids[1]}/delete/")
    bob.post(f"/messages/{ids[0]}/edit/", {"text": "nought"})
    say(cast.carol, cast.design, "new")
    response = carol.get("/channels/design/changes/", {"after": known})
    for message in response.context["changes"].messages:
        if message.is_deleted:
            del page[message.client_id]
        else:
            page[message.client_id] = message.text

    fresh = carol.get("/channels/design/").context["messages_page"]
    assert list(page.items()) == [(item.message.client_id, item.message.text) for item in fresh.items]
    assert Message.objects.count() == 5
