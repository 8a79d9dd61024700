"""Blocking somebody: no direct messages between the two, and what they say elsewhere is folded."""

import html
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions import block_user, unblock_user
from accounts.models import Block, User
from channels_app.actions import open_direct
from channels_app.models import Channel
from chatsite.errors import NotAllowed
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import Rejected, Stored, persist
from tests.cast import Cast, UserFactory, post_text, say, signed_in

WORDS = "You can't send each other messages."
NOT_TO_EACH_OTHER = "You and this person can't send each other messages."


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def folded(client: Any, page: str = "/channels/design/") -> list[str]:
    """Whose messages the page folds, with scripts and without."""
    response = client.get(page)
    shown = text_of(response)
    names: list[str] = response.context["blocked"]
    assert f'data-blocked="{" ".join(names)}"' in shown
    assert ("data-folds" in shown) == bool(names)
    for name in names:
        assert f'[data-author="{name}"]' in shown.partition("data-folds")[2].partition("</style>")[0]
    return names


def test_somebody_blocks_and_unblocks_somebody(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert "Unblock" not in bob.get("/people/mallory/").content.decode()

    for _twice in range(2):
        assert bob.post("/people/mallory/block/")["Location"] == "/people/mallory/"

    block = Block.objects.get()
    assert (block.blocker, block.blocked) == (cast.bob, cast.mallory)
    page = bob.get("/people/mallory/").content.decode()
    assert "Unblock" in page
    assert 'action="/direct/mallory/"' not in page
    assert "Mallory Quinn" in bob.get("/accounts/preferences/").content.decode()
    # Who is blocked is not told.
    theirs = signed_in(cast.mallory)
    assert "Unblock" not in theirs.get("/people/bob/").content.decode()
    assert "Blocked people" not in theirs.get("/accounts/preferences/").content.decode()

    answer = bob.post("/people/mallory/unblock/", {"from_list": "1"})
    assert answer["Location"] == "/accounts/preferences/"
    assert not Block.objects.exists()
    assert "Blocked people" not in bob.get("/accounts/preferences/").content.decode()


def test_nobody_blocks_themselves(cast: Cast) -> None:
    for act in (block_user, unblock_user):
        with pytest.raises(NotAllowed):
            act(cast.bob, cast.bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        Block.objects.create(blocker=cast.bob, blocked=cast.bob, blocked_at=timezone.now())
    assert signed_in(cast.bob).post("/people/nobody-is-called-so/block/").status_code == 404


@pytest.mark.parametrize("blocker", ["bob", "carol"])
def test_no_conversation_is_opened_between_the_two(cast: Cast, blocker: str) -> None:
    other = {"bob": cast.carol, "carol": cast.bob}[blocker]
    block_user({"bob": cast.bob, "carol": cast.carol}[blocker], other)

    for person, name in ((cast.bob, "carol"), (cast.carol, "bob")):
        client = signed_in(person)
        answer = client.post(f"/direct/{name}/")
        assert answer.status_code == 403
        assert NOT_TO_EACH_OTHER in text_of(answer)
        assert NOT_TO_EACH_OTHER in text_of(client.post("/direct/", {"person": [name]}))
    assert not Channel.objects.filter(kind="direct").exists()

    assert signed_in(cast.bob).post("/direct/", {"person": ["carol", "dave"]}).status_code == 302
    assert signed_in(cast.bob).post("/direct/dave/").status_code == 302


def test_nothing_is_said_in_the_conversation_that_they_have(cast: Cast) -> None:
    channel = open_direct(cast.bob, usernames=["carol"])
    say(cast.carol, channel, "Hello")
    page = f"/channels/{channel.slug}/"
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)
    ticket = carol.get(page).context["ticket"]
    assert ticket
    block_user(cast.bob, cast.carol)

    [hello] = Message.objects.all()
    refused = carol.post(f"/messages/{hello.client_id}/edit/", {"text": "Said by an edit"})
    assert refused.status_code == 403
    for client in (bob, carol):
        shown = client.get(page)
        assert "Hello" in text_of(shown)
        assert shown.context["ticket"] == ""
        assert NOT_TO_EACH_OTHER in text_of(shown)
        assert 'id="composer"' not in text_of(shown)
        assert 'data-ticket=""' in client.get(f"{page}changes/?after=0").content.decode()
        refused = post_text(client, channel, "And another thing")
        assert refused.status_code == 403
        assert WORDS in text_of(refused)
        assert "And another thing" in text_of(refused)
        assert client.post(f"{page}typing/").status_code == 403
    assert Message.objects.count() == 1

    unblock_user(cast.bob, cast.carol)
    say(cast.carol, channel, "Hello again")
    assert bob.get(page).context["ticket"]


def test_what_was_let_in_by_a_ticket_is_not_stored(cast: Cast) -> None:
    two = open_direct(cast.bob, usernames=["carol"])
    three = open_direct(cast.bob, usernames=["carol", "dave"])
    others = open_direct(cast.dave, usernames=["carol"])
    block_user(cast.bob, cast.carol)
    now = timezone.now()

    outcomes = persist(
        [
            Envelope(uuid.uuid4(), channel.pk, cast.carol.pk, "Hello", now)
            for channel in (two, three, others, cast.design)
        ],
        keep_rejected=False,
    )

    assert [type(outcome) for outcome in outcomes] == [Rejected, Stored, Stored, Stored]
    assert isinstance(outcomes[0], Rejected)
    assert outcomes[0].reason == "cut_off"


def test_their_messages_are_folded_for_who_blocked_them_alone(cast: Cast) -> None:
    UserFactory.create(username="erin")
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)
    message = say(cast.dave, cast.design, "As I said")
    assert folded(bob) == []

    block_user(cast.bob, cast.dave)
    block_user(cast.bob, cast.mallory)

    assert folded(bob) == ["dave", "mallory"]
    assert folded(carol) == []
    changes = "/channels/design/changes/?after=0"
    assert 'data-blocked="dave mallory"' in bob.get(changes).content.decode()
    assert 'data-blocked=""' in carol.get(changes).content.decode()
    # The message itself is the same for everybody.
    address = f"/messages/{message.client_id}/"
    fragments = {client.get(address, headers={"HX-Request": "true"}).content for client in (bob, carol)}
    assert len(fragments) == 1


def test_what_they_say_is_still_counted(cast: Cast) -> None:
    block_user(cast.bob, cast.dave)
    say(cast.dave, cast.design, "As I said")

    places = signed_in(cast.bob).get("/channels/sidebar/").context["sidebar"]
    assert {place.channel.name: place.unread for place in places}["design"] == 1


def test_who_is_blocked_is_offered_to_nobody_who_blocked_them(cast: Cast) -> None:
    block_user(cast.bob, cast.mallory)

    def found(user: User, typed: str) -> list[list[str]]:
        client = signed_in(user)
        offered = client.get("/channels/search/", {"q": typed}).context["people"]
        to_write_to = client.get("/direct/", {"q": typed}).context["found"]
        return [[person.username for person in people] for people in (offered, to_write_to)]

    assert found(cast.bob, "") == [["alice", "carol", "dave"]] * 2
    assert found(cast.bob, "mallory") == [[]] * 2
    assert found(cast.mallory, "bob") == [["bob"]] * 2  # they are not told


@pytest.mark.parametrize("size", [1, 40])
def test_a_batch_of_direct_messages_takes_one_query_more(
    cast: Cast, django_assert_max_num_queries: Any, size: int
) -> None:
    channel = open_direct(cast.bob, usernames=["carol"])
    envelopes = [Envelope(uuid.uuid4(), channel.pk, cast.bob.pk, f"{n}", timezone.now()) for n in range(size)]

    with django_assert_max_num_queries(9):
        persist(envelopes, keep_rejected=True)
