"""Catching up: what changed after the version that a page knows."""

import re
import uuid
from dataclasses import dataclass

from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from channels_app.actions import (
    archive_channel,
    clear_channel,
    create_channel,
    edit_topic,
    join_channel,
    leave_channel,
    set_role,
    undo_clear_channel,
)
from channels_app.models import Channel, Role
from channels_app.queries import channel_by_slug, membership_of
from messaging.actions import delete_message, edit_message
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from messaging.queries.changes import changes_after
from messaging.queries.timeline import newest_page
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


def test_an_answer_describes_the_channel_as_its_page_does(cast: Cast) -> None:
    carol = signed_in(cast.carol)

    def description(html: str) -> str:
        found = re.findall(r"<div[^>]* (?:data-about|class=.timeline__start).*?</div>", html, re.DOTALL)
        assert len(found) == 2, found
        return "".join(found)

    before = description(changes(carol, cast.design, after=0).html)
    assert before == description(carol.get("/channels/design/").content.decode())
    assert 'data-topic="Pixels and words" data-members="3" data-archived="false"' in before

    edit_topic(cast.alice, cast.design, topic="<b>Pixels</b>")
    leave_channel(cast.bob, cast.design)
    archive_channel(cast.alice, cast.design)
    after = description(changes(carol, cast.design, after=0).html)

    assert after == description(carol.get("/channels/design/").content.decode())
    assert 'data-topic="&lt;b&gt;Pixels&lt;/b&gt;" data-members="2" data-archived="true"' in after
    assert after.count("<bdi>&lt;b&gt;Pixels&lt;/b&gt;</bdi>") == 2
    assert "Write the first message" in before
    assert "Write the first message" not in after

    say(cast.carol, cast.public, "to be cleared")
    carol.post("/channels/public/clear/")
    cleared = description(changes(carol, cast.public, after=0).html)
    assert cleared == description(carol.get("/channels/public/").content.decode())
    assert "You deleted what was said here before" in cleared


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


def test_a_change_between_the_version_and_the_rows_is_asked_for_again(cast: Cast) -> None:
    first = say(cast.bob, cast.design, "one")
    channel = channel_by_slug(cast.carol, "design")
    signed_in(cast.bob).post(f"/messages/{first.client_id}/edit/", {"text": "one, edited"})
    say(cast.bob, cast.design, "two")

    answer = changes_after(cast.carol, channel, 0)
    assert (answer.version, answer.messages) == (1, [])

    answer = changes_after(cast.carol, channel_by_slug(cast.carol, "design"), answer.version)
    assert (answer.version, [row.text for row in answer.messages]) == (3, ["one, edited", "two"])


STEPS = st.lists(
    st.sampled_from(["say", "say many", "edit", "delete", "clear", "undo", "leave", "join", "catch up"]),
    max_size=40,
)


@settings(max_examples=25)
@given(steps=STEPS)
@example(steps=["say many"] * 4 + ["catch up", "edit", "delete", "catch up"] + ["say many"] * 4)
@example(steps=["say", "clear", "edit", "catch up", "say", "undo", "catch up"])
def test_whatever_happened_the_changes_lead_to_the_state_of_a_fresh_page(
    cast: Cast, steps: list[str]
) -> None:
    channel = create_channel(cast.bob, name=f"room {uuid.uuid4()}")
    join_channel(cast.carol, channel)
    page = Reader(cast.carol, channel)

    for number, step in enumerate(steps):
        take(step, number, cast, channel)
        if step == "catch up":
            page.catch_up()
    page.catch_up()

    fresh = Reader(cast.carol, channel)
    shown = Message.objects.filter(channel=channel, deleted_at=None, seq__gt=fresh.cleared_seq)
    assert page.texts == dict(shown.filter(seq__gte=page.oldest).values_list("seq", "text"))
    assert fresh.texts == dict(shown.filter(seq__gte=fresh.oldest).values_list("seq", "text"))
    assert (page.version, page.oldest <= fresh.oldest) == (fresh.version, True)


def take(step: str, number: int, cast: Cast, channel: Channel) -> None:
    """Do one thing in `channel`: bob writes there, carol reads."""
    own = Message.objects.filter(channel=channel, deleted_at=None).order_by("seq")
    count = {"say": 1, "say many": 150}.get(step, 0)
    persist(
        [Envelope(uuid.uuid4(), channel.pk, cast.bob.pk, f"{number}.{n}", NOON) for n in range(count)],
        keep_rejected=False,
    )
    if step == "edit" and (message := own.last()):
        edit_message(cast.bob, message.client_id, text=f"{number} edited")
    elif step == "delete" and (message := own.first()):
        delete_message(cast.bob, message.client_id)
    elif step == "clear":
        clear_channel(cast.carol, channel)
    elif step == "undo":
        undo_clear_channel(cast.carol, channel)
    elif step == "leave":
        leave_channel(cast.carol, channel)
    elif step == "join":
        join_channel(cast.carol, channel)


class Reader:
    """An open page, doing with each answer what the page's script does."""

    def __init__(self, reader: User, channel: Channel) -> None:
        self._reader = reader
        self._channel = channel
        self.version = self.cleared_seq = self.oldest = 0
        self._rows: dict[int, str] = {}
        self._load()

    def catch_up(self) -> None:
        while True:
            answer = changes_after(self._reader, self._now(), self.version)
            if answer.cleared_seq < self.cleared_seq:
                self._load()  # undone: what was hidden is read again
                return
            self.cleared_seq, self.version = answer.cleared_seq, answer.version
            if answer.is_reset:
                self._rows = {}
            for row in answer.messages:
                self._rows.pop(row.seq, None)
                if not row.is_deleted and row.seq >= self.oldest:
                    self._rows[row.seq] = row.text
            self._rows = {seq: text for seq, text in self._rows.items() if seq > self.cleared_seq}
            if answer.is_reset:
                self.oldest = min(self._rows, default=0)
            if not answer.has_more:
                return

    @property
    def texts(self) -> dict[int, str]:
        return dict(sorted(self._rows.items()))

    def _load(self) -> None:
        channel, membership = self._now(), membership_of(self._reader, self._channel)
        page = newest_page(channel, membership)
        self.version = channel.version
        self.cleared_seq = membership.cleared_seq if membership else 0
        self._rows = {item.message.seq: item.message.text for item in page.items}
        self.oldest = min(self._rows, default=0)

    def _now(self) -> Channel:
        return channel_by_slug(self._reader, self._channel.slug)


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


def test_what_one_may_do_there_is_told_as_it_is_now(cast: Cast) -> None:
    def rights(user: User) -> str:
        [found] = re.findall(r'data-rights="([^"]*)"', changes(signed_in(user), cast.design, 0).html)
        page = signed_in(user).get("/channels/design/").content.decode()
        assert f'data-rights="{found}"' in page
        return str(found)

    assert rights(cast.dave) == "member moderator settings"
    assert rights(cast.alice) == "moderator settings"
    assert rights(cast.mallory) == ""
    assert rights(cast.bob) == "member"
    set_role(cast.dave, cast.design, user=cast.bob, role=Role.MODERATOR)
    assert rights(cast.bob) == "member moderator settings"
    set_role(cast.dave, cast.design, user=cast.bob, role=Role.MEMBER)
    assert rights(cast.bob) == "member"
    leave_channel(cast.dave, cast.design, user=cast.bob)
    assert rights(cast.bob) == ""
