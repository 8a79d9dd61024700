"""Things that happen in the same instant, run with real threads, each on a connection of its own."""

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from accounts.actions import deactivate_user
from accounts.models import User
from channels_app.actions import join_channel
from channels_app.models import Channel, Membership
from messaging.models import Message
from tests.accounts.test_sign_up import sign_up
from tests.cast import Cast, post_text, say, signed_in
from tests.threads import run_together
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_create_the_same_name_and_end_in_one_channel(cast: Cast) -> None:
    people = [cast.bob, cast.carol, cast.dave, cast.mallory]

    for _round in range(5):
        Membership.objects.filter(channel__slug="ideas").delete()
        Channel.objects.filter(slug="ideas").delete()

        answers = run_together(
            [partial(signed_in(person).post, "/channels/create/", {"name": "Ideas"}) for person in people]
        )

        assert {answer["Location"] for answer in answers} == {"/channels/ideas/"}
        channel = Channel.objects.get(slug="ideas")
        assert channel.member_count == 4
        assert channel.memberships.filter(left_at=None).count() == 4


def test_the_same_client_id_at_once_is_one_message(cast: Cast) -> None:
    for _round in range(5):
        client_id = uuid.uuid4()
        browsers = [signed_in(cast.bob) for _tab in range(4)]

        answers = run_together(
            [partial(post_text, browser, cast.design, "once", client_id) for browser in browsers]
        )

        assert {answer.status_code for answer in answers} == {302}
        assert Message.objects.filter(client_id=client_id).count() == 1
    _assert_dense(cast.design)


def test_one_client_id_in_two_channels_at_once_is_stored_in_one_of_them(cast: Cast) -> None:
    for _round in range(5):
        client_id = uuid.uuid4()

        answers = run_together(
            [
                partial(post_text, signed_in(cast.bob), channel, "where?", client_id)
                for channel in (cast.design, cast.public)
            ]
        )

        assert Message.objects.filter(client_id=client_id).count() == 1
        assert sorted(answer.status_code for answer in answers) == [302, 409]
        [refused] = [answer for answer in answers if answer.status_code == 409]
        assert "where?" in refused.content.decode()
        assert refused.context["composer"]["client_id"].value() != str(client_id)
    _assert_dense(cast.design)
    _assert_dense(cast.public)


def test_joining_at_once_is_joining_once(cast: Cast) -> None:
    tabs = [signed_in(cast.mallory) for _tab in range(4)]

    run_together([partial(tab.post, "/channels/design/join/") for tab in tabs])

    cast.design.refresh_from_db()
    assert cast.design.member_count == 4
    assert Membership.objects.filter(channel=cast.design, user=cast.mallory).count() == 1


def test_joining_and_leaving_at_once_keeps_the_count_right(cast: Cast) -> None:
    people = [cast.bob, cast.carol, cast.dave, cast.mallory]

    run_together(
        [
            partial(signed_in(person).post, f"/channels/design/{button}/")
            for person in people
            for button in ("join", "unsubscribe")
        ]
    )

    cast.design.refresh_from_db()
    assert cast.design.member_count == cast.design.memberships.filter(left_at=None).count()


def test_who_is_deactivated_while_they_come_go_and_talk_is_counted_right(cast: Cast) -> None:
    """All of it locks the channel before the user, so that nobody is turned away by the database."""
    carol, bob = signed_in(cast.carol), signed_in(cast.bob)

    run_together(
        [
            lambda: carol.post("/channels/design/unsubscribe/"),
            lambda: deactivate_user(cast.alice, cast.carol),
            lambda: bob.post("/channels/design/unsubscribe/"),
            lambda: post_text(carol, cast.design, "one last thing"),
            lambda: join_channel(cast.mallory, cast.design),
        ]
    )

    cast.design.refresh_from_db()
    members = cast.design.memberships.filter(left_at=None, user__is_active=True)
    assert cast.design.member_count == members.count() == 2


def test_unsubscribing_while_posting_loses_nothing_that_was_accepted(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    ids = [uuid.uuid4() for _ in range(6)]

    def post_all() -> list[int]:
        return [post_text(bob, cast.design, f"{n}", client_id).status_code for n, client_id in enumerate(ids)]

    def leave() -> int:
        return int(signed_in(cast.bob).post("/channels/design/unsubscribe/").status_code)

    statuses, left = run_together([post_all, leave])

    assert left == 302
    assert isinstance(statuses, list)
    accepted = {client_id for client_id, status in zip(ids, statuses, strict=True) if status == 302}
    wait_for(
        lambda: set(Message.objects.values_list("client_id", flat=True)) >= accepted,
        what="every accepted message to be stored",
    )
    assert set(statuses) <= {302, 403}
    assert Message.objects.count() == len(accepted)
    _assert_dense(cast.design)


def test_many_people_talking_at_once_are_all_heard_each_in_their_order(cast: Cast) -> None:
    people = [cast.bob, cast.carol, cast.dave]

    def talk(number: int) -> Callable[[], object]:
        person = people[number]
        return lambda: [say(person, cast.design, f"{person.username} {n}") for n in range(8)]

    run_together([talk(number) for number in range(3)])

    _assert_dense(cast.design)
    for person in people:
        texts = Message.objects.filter(author=person).order_by("seq").values_list("text", flat=True)
        assert list(texts) == [f"{person.username} {n}" for n in range(8)]


def test_editing_and_deleting_at_once_leaves_a_deleted_message_without_text(cast: Cast) -> None:
    for _round in range(5):
        message = say(cast.bob, cast.design, "now or never")
        address = f"/messages/{message.client_id}"

        run_together(
            [
                partial(signed_in(cast.bob).post, f"{address}/edit/", {"text": "changed"}),
                partial(signed_in(cast.bob).post, f"{address}/delete/"),
            ]
        )

        message.refresh_from_db()
        assert (message.is_deleted, message.text) == (True, "")
        assert not message.earlier_texts.exists()


def test_the_same_username_at_once_is_one_account(cast: Cast) -> None:
    answers = run_together([partial(sign_up, Client(), name) for name in ("zoe", "ZOE", "zое")])

    assert sorted(answer.status_code for answer in answers) == [200, 200, 302]
    assert User.objects.filter(username_shape="zoe").count() == 1


def _assert_dense(channel: Channel) -> None:
    channel.refresh_from_db()
    seqs = list(Message.objects.filter(channel=channel).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, channel.last_seq + 1))
