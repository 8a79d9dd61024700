"""Joining, unsubscribing, and clearing a channel for oneself."""

from functools import partial

import pytest
from django.test import Client

from accounts.actions import deactivate_user
from channels_app.actions import clear_channel, create_channel, join_channel, undo_clear_channel
from channels_app.models import Channel, Membership
from chatsite.errors import NotAllowed
from tests.cast import Cast, say, signed_in
from tests.threads import run_together


def texts(client: Client, channel: Channel) -> list[str]:
    """The texts that this person sees on the channel's page."""
    page = client.get(f"/channels/{channel.slug}/").context["messages_page"]
    return [item.message.text for item in page.items]


def test_joining_twice_is_joining_once(cast: Cast) -> None:
    mallory = signed_in(cast.mallory)

    for _press in range(2):
        response = mallory.post("/channels/design/join/")
        assert response["Location"] == "/channels/design/"

    cast.design.refresh_from_db()
    assert cast.design.member_count == 4
    assert Membership.objects.filter(channel=cast.design, user=cast.mallory).count() == 1


def test_unsubscribing_twice_is_unsubscribing_once_and_undo_joins_again(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    for _press in range(2):
        bob.post("/channels/design/unsubscribe/")
    cast.design.refresh_from_db()
    assert cast.design.member_count == 2

    [toast] = bob.get("/channels/design/").context["toasts"][-1:]
    bob.post(toast.undo_url, {"undo": "1"})
    cast.design.refresh_from_db()
    assert cast.design.member_count == 3


def test_a_channel_one_is_not_in_shows_its_messages_and_a_join_button(cast: Cast) -> None:
    say(cast.bob, cast.design, "Look, no hands")
    mallory = signed_in(cast.mallory)

    page = mallory.get("/channels/design/").content.decode()

    assert "Look, no hands" in page
    assert "/channels/design/join/" in page
    assert "<textarea" not in page


def test_the_sidebar_lists_my_channels_and_no_others(cast: Cast) -> None:
    def names(client: Client) -> list[str]:
        return [place.channel.name for place in client.get("/channels/").context["sidebar"]]

    assert names(signed_in(cast.bob)) == ["public", "design"]
    assert names(signed_in(cast.mallory)) == ["public"]


def test_delete_chat_clears_the_history_for_me_alone_up_to_now(cast: Cast) -> None:
    say(cast.bob, cast.design, "before")
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)

    bob.post("/channels/design/clear/")
    say(cast.carol, cast.design, "after")

    assert texts(bob, cast.design) == ["after"]
    assert texts(carol, cast.design) == ["before", "after"]


@pytest.mark.parametrize("presses", [1, 2])
def test_undo_brings_the_cleared_history_back(cast: Cast, presses: int) -> None:
    say(cast.bob, cast.design, "before")
    bob = signed_in(cast.bob)
    for _press in range(presses):
        bob.post("/channels/design/clear/")

    bob.post("/channels/design/clear/", {"undo": "1"})

    assert texts(bob, cast.design) == ["before"]


def test_undo_takes_back_the_last_clear_only(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    say(cast.bob, cast.design, "one")
    bob.post("/channels/design/clear/")
    say(cast.bob, cast.design, "two")
    bob.post("/channels/design/clear/")

    bob.post("/channels/design/clear/", {"undo": "1"})

    assert texts(bob, cast.design) == ["two"]


def test_joining_again_does_not_bring_a_cleared_history_back(cast: Cast) -> None:
    say(cast.bob, cast.design, "before")
    bob = signed_in(cast.bob)
    bob.post("/channels/design/clear/")

    bob.post("/channels/design/unsubscribe/")
    assert texts(bob, cast.design) == []
    bob.post("/channels/design/join/")

    assert texts(bob, cast.design) == []


def test_who_never_was_in_a_channel_has_nothing_to_clear(cast: Cast) -> None:
    assert signed_in(cast.mallory).post("/channels/design/clear/").status_code == 404
    assert signed_in(cast.bob).post("/channels/design/clear/").status_code == 302


@pytest.mark.parametrize("button", ["join", "unsubscribe", "clear"])
def test_looking_changes_nothing(cast: Cast, button: str) -> None:
    response = signed_in(cast.bob).get(f"/channels/design/{button}/")

    assert response.status_code == 405
    assert Membership.objects.get(channel=cast.design, user=cast.bob).is_subscribed


@pytest.mark.parametrize("button", ["join", "unsubscribe", "clear"])
def test_a_press_from_another_site_is_refused(cast: Cast, button: str) -> None:
    bob = signed_in(cast.bob, checks_csrf=True)

    assert bob.post(f"/channels/design/{button}/").status_code == 403
    assert Membership.objects.get(channel=cast.design, user=cast.bob).cleared_seq == 0


@pytest.mark.parametrize("button", ["join", "unsubscribe", "clear"])
def test_a_channel_that_does_not_exist_is_not_found(cast: Cast, button: str) -> None:
    assert signed_in(cast.bob).post(f"/channels/nowhere/{button}/").status_code == 404


def test_an_account_that_ended_clears_nothing(cast: Cast) -> None:
    gone = deactivate_user(cast.alice, cast.bob)
    for act in (clear_channel, undo_clear_channel):
        with pytest.raises(NotAllowed):
            act(gone, cast.design)


@pytest.mark.django_db(transaction=True)
def test_one_person_in_many_tabs_joins_many_channels_at_once(cast: Cast) -> None:
    channels = [create_channel(cast.carol, name=f"hall {number}") for number in range(8)]

    run_together([partial(join_channel, cast.bob, channel) for channel in channels])

    joined = Membership.objects.filter(user=cast.bob, channel__in=channels, left_at=None)
    counted = joined.values_list("channel__member_count", flat=True)
    assert list(counted) == [2] * len(channels)
