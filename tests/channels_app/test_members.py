"""Who is in a channel: as a page, and as the list that a script shows beside the messages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.actions import deactivate_user, reactivate_user
from accounts.actors import SYSTEM
from channels_app import queries
from channels_app.actions import create_channel, join_channel, leave_channel
from channels_app.models import Channel
from tests.cast import Cast, UserFactory, signed_in


def names(client: Client, address: str) -> list[str]:
    return [member.user.username for member in client.get(address).context["people"]]


def test_members_are_listed_by_name_for_everybody_who_may_see_the_channel(cast: Cast) -> None:
    for someone in (cast.bob, cast.mallory):
        assert names(signed_in(someone), "/channels/design/members/") == ["bob", "carol", "dave"]
    page = signed_in(cast.mallory).get("/channels/design/members/").content.decode()
    assert "Carol Lindqvist" in page
    assert f'data-person="{cast.carol.pk}"' in page
    assert '/channels/design/members/"' in signed_in(cast.mallory).get("/channels/design/").content.decode()


def test_who_left_and_whose_account_ended_is_not_listed(cast: Cast) -> None:
    leave_channel(cast.bob, cast.design)
    deactivate_user(cast.alice, cast.carol)

    assert names(signed_in(cast.mallory), "/channels/design/members/") == ["dave"]


def test_as_many_are_counted_as_are_listed(cast: Cast) -> None:
    def listed() -> int:
        return len(names(signed_in(cast.mallory), "/channels/design/members/"))

    steps: list[tuple[Callable[[], object], int]] = [
        (lambda: deactivate_user(cast.alice, cast.carol), 2),
        (lambda: deactivate_user(cast.alice, cast.carol), 2),
        (lambda: leave_channel(SYSTEM, cast.design, user=cast.carol), 2),
        (lambda: join_channel(SYSTEM, cast.design, user=cast.carol), 2),
        (lambda: reactivate_user(cast.alice, cast.carol), 3),
        (lambda: leave_channel(cast.carol, cast.design), 2),
    ]
    for step, count in steps:
        version = cast.design.members_version
        step()
        cast.design.refresh_from_db()
        assert (cast.design.member_count, listed()) == (count, count)
        assert cast.design.members_version >= version


def test_another_list_of_the_same_length_is_another_list(cast: Cast) -> None:
    cast.design.refresh_from_db()
    before, count = cast.design.members_version, cast.design.member_count

    leave_channel(cast.bob, cast.design)
    join_channel(cast.mallory, cast.design)

    cast.design.refresh_from_db()
    assert cast.design.member_count == count
    assert cast.design.members_version > before


def test_a_channel_without_anybody_says_so(cast: Cast) -> None:
    for someone in (cast.bob, cast.carol, cast.dave):
        leave_channel(someone, cast.design)

    assert (
        "Nobody is in this channel." in signed_in(cast.bob).get("/channels/design/members/").content.decode()
    )


def test_past_the_end_of_the_list_it_is_not_said_that_nobody_is_there(cast: Cast) -> None:
    page = signed_in(cast.bob).get("/channels/design/members/?after=zzz").content.decode()

    assert "Nobody is in this channel." not in page
    assert "There are no further members." in page
    assert 'href="/channels/design/members/"' in page


def test_a_script_gets_the_list_alone(cast: Cast) -> None:
    answer = signed_in(cast.bob).get("/channels/design/members/", headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert answer.content.decode().count("<li") == 3


def test_long_lists_have_pages(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MEMBERS_PAGE", 2)
    bob = signed_in(cast.bob)

    first = bob.get("/channels/design/members/").content.decode()

    assert '/channels/design/members/?after=carol"' in first
    assert names(bob, "/channels/design/members/") == ["bob", "carol"]
    assert names(bob, "/channels/design/members/?after=carol") == ["dave"]
    assert "?after=" not in bob.get("/channels/design/members/?after=carol").content.decode()


def test_it_takes_the_same_queries_however_many_there_are(cast: Cast, django_assert_num_queries: Any) -> None:
    def crowd(name: str, size: int) -> Channel:
        channel = create_channel(cast.dave, name=name)
        for _number in range(size):
            join_channel(cast.alice, channel, user=UserFactory.create())
        return channel

    bob = signed_in(cast.bob)
    fragment = {"HX-Request": "true"}
    for channel in (crowd("few", 1), crowd("many", 30)):
        with django_assert_num_queries(5):  # the session, its user, the channel, the members, one's own role
            bob.get(f"/channels/{channel.slug}/members/", headers=fragment)


def test_who_may_not_see_the_channel_sees_no_members(cast: Cast) -> None:
    json = {"Accept": "application/json"}
    assert Client().get("/channels/design/members/", headers=json).status_code == 401
    assert signed_in(cast.bob).get("/channels/nowhere/members/").status_code == 404
    assert signed_in(cast.bob).post("/channels/design/members/", headers=json).status_code == 405
    assert signed_in(cast.bob).get("/channels/design/members/?after=%00", headers=json).status_code == 422
