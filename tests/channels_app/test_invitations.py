"""Asking somebody into a channel: theirs to accept, and gone when it is withdrawn or too old."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import ban_user, block_user, deactivate_user, leave_site, unblock_user
from channels_app.actions import archive_channel, invite, join_channel, leave_channel, set_role
from channels_app.models import Channel, Invitation, Membership, Role
from chatsite.errors import NotAllowed
from tests.cast import PASSWORD, Cast, signed_in


def asked(client: Client) -> list[str]:
    """What the sidebar says that this person is asked into."""
    page = client.get("/channels/sidebar/")
    return [invitation.channel.name for invitation in page.context["invitations"]]


def test_somebody_is_invited_and_accepts(cast: Cast, hiring: Channel) -> None:
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)
    page = f"/channels/{hiring.slug}/invitations/"
    assert page in bob.get(f"/channels/{hiring.slug}/members/").content.decode()

    assert bob.post(page, {"username": " @Carol "})["Location"] == page
    invitation = Invitation.objects.get()
    assert "Carol Lindqvist" in bob.get(page).content.decode()
    sidebar = carol.get("/channels/").content.decode()
    assert f"/channels/invitations/{invitation.pk}/accept/" in sidebar
    assert "Bob Okafor" in sidebar
    assert carol.get(hiring.get_absolute_url()).status_code == 404  # to be asked is not to be in it

    answer = carol.post(f"/channels/invitations/{invitation.pk}/accept/")

    assert answer["Location"] == hiring.get_absolute_url()
    assert carol.get(hiring.get_absolute_url()).status_code == 200
    assert asked(carol) == []
    assert "Carol Lindqvist" not in bob.get(page).content.decode()
    assert carol.post(f"/channels/invitations/{invitation.pk}/accept/").status_code == 404


def test_who_declines_is_not_in_it_and_can_be_asked_again(cast: Cast, hiring: Channel) -> None:
    carol = signed_in(cast.carol)
    for _time in range(2):
        invitation = invite(cast.bob, hiring, username="carol")
        assert asked(carol) == ["hiring"]
        assert carol.post(f"/channels/invitations/{invitation.pk}/decline/").status_code == 302
        assert asked(carol) == []
    assert not Membership.objects.filter(channel=hiring, user=cast.carol).exists()


def test_withdrawn_expired_and_archived_ones_are_gone(cast: Cast, crew: Channel) -> None:
    mallory, carol = signed_in(cast.mallory), signed_in(cast.carol)

    def gone(invitation: Invitation) -> bool:
        accepts = mallory.post(f"/channels/invitations/{invitation.pk}/accept/")
        return asked(mallory) == [] and accepts.status_code == 404

    invitation = invite(cast.bob, crew, username="mallory")
    assert asked(mallory) == ["hiring"]
    assert carol.post(f"/channels/invitations/{invitation.pk}/withdraw/").status_code == 302
    assert gone(invitation)

    invitation = invite(cast.bob, crew, username="mallory")
    age = timezone.now() - timedelta(seconds=1)
    assert timedelta(days=13) < invitation.expires_at - age < timedelta(days=15)
    Invitation.objects.update(expires_at=age)
    assert gone(invitation)

    invitation = invite(cast.bob, crew, username="mallory")
    archive_channel(cast.bob, crew)
    assert gone(invitation)


def test_an_invitation_is_answered_by_whom_it_is_for_alone(cast: Cast, hiring: Channel) -> None:
    invitation = invite(cast.bob, hiring, username="carol")
    for client in (signed_in(cast.mallory), signed_in(cast.bob)):
        for answer in ("accept", "decline"):
            assert client.post(f"/channels/invitations/{invitation.pk}/{answer}/").status_code == 404
    assert signed_in(cast.mallory).post(f"/channels/invitations/{invitation.pk}/withdraw/").status_code == 404
    assert signed_in(cast.carol).post(f"/channels/invitations/{invitation.pk}/withdraw/").status_code == 404
    assert asked(signed_in(cast.carol)) == ["hiring"]


def test_into_a_private_channel_moderators_invite_and_into_a_public_one_its_members(
    cast: Cast, crew: Channel
) -> None:
    def invites(user: Any, channel: Channel) -> int:
        page = f"/channels/{channel.slug}/invitations/"
        return signed_in(user).post(page, {"username": "mallory"}).status_code

    assert [invites(user, crew) for user in (cast.bob, cast.carol, cast.dave)] == [302, 302, 403]
    assert invites(cast.mallory, crew) == 404
    assert [invites(user, cast.design) for user in (cast.bob, cast.alice)] == [302, 403]


def test_whom_it_can_not_be_for_is_said_beside_the_field(cast: Cast, crew: Channel) -> None:
    bob = signed_in(cast.bob)
    for username, reason in (("nobody", "nobody of that name"), ("", "nobody"), ("dave", "already")):
        answer = bob.post(f"/channels/{crew.slug}/invitations/", {"username": username})
        assert answer.status_code in (409, 422)
        assert reason in answer.context["form"].errors["username"][0]


def test_joining_a_public_channel_answers_the_invitation_too(cast: Cast) -> None:
    invite(cast.bob, cast.design, username="mallory")
    mallory = signed_in(cast.mallory)

    mallory.post("/channels/design/join/")
    assert asked(mallory) == []
    leave_channel(cast.mallory, cast.design)
    assert asked(mallory) == []


def test_who_is_blocked_invites_nobody_who_blocked_them_and_is_not_told(cast: Cast, hiring: Channel) -> None:
    page = f"/channels/{hiring.slug}/invitations/"
    bob, mallory = signed_in(cast.bob), signed_in(cast.mallory)
    block_user(cast.mallory, cast.bob)

    for username, name in (("mallory", "Mallory Quinn"), ("dave", "Dave Iyer")):
        answer = bob.post(page, {"username": username}, follow=True)
        assert [str(toast) for toast in answer.context["messages"]] == [f"\u2068{name}\u2069 is invited."]
        assert name in [one.invitation.user.display_name for one in answer.context["pending"]]

    assert asked(signed_in(cast.dave)) == ["hiring"]
    assert asked(mallory) == []
    invitation = Invitation.objects.get(user=cast.mallory)
    for how in ("accept", "decline"):
        assert mallory.post(f"/channels/invitations/{invitation.pk}/{how}/").status_code == 404

    unblock_user(cast.mallory, cast.bob)
    assert asked(mallory) == ["hiring"]


def test_blocking_somebody_puts_away_what_they_asked_before(cast: Cast, crew: Channel) -> None:
    invite(cast.bob, crew, username="mallory")
    mallory = signed_in(cast.mallory)

    block_user(cast.mallory, cast.bob)
    assert asked(mallory) == []

    invite(cast.carol, crew, username="mallory")
    assert asked(mallory) == ["hiring"]


def take_out(cast: Cast, channel: Channel) -> None:
    leave_channel(cast.bob, channel, user=cast.carol)


def take_out_who_left(cast: Cast, channel: Channel) -> None:
    leave_channel(cast.carol, channel)
    leave_channel(cast.bob, channel, user=cast.carol)


def demote(cast: Cast, channel: Channel) -> None:
    set_role(cast.bob, channel, user=cast.carol, role=Role.MEMBER)


def ban_carol(cast: Cast, _channel: Channel) -> None:
    ban_user(cast.alice, cast.carol, reason="")


def deactivate_carol(cast: Cast, _channel: Channel) -> None:
    deactivate_user(cast.alice, cast.carol)


def delete_carol(cast: Cast, _channel: Channel) -> None:
    leave_site(cast.carol, way="delete", password=PASSWORD)


LOSE_THE_RIGHT = (take_out, take_out_who_left, demote, ban_carol, deactivate_carol, delete_carol)


@pytest.mark.parametrize("lose", LOSE_THE_RIGHT)
def test_who_may_invite_no_more_has_invited_nobody(
    cast: Cast, crew: Channel, lose: Callable[[Cast, Channel], None]
) -> None:
    theirs = invite(cast.carol, crew, username="mallory")
    invite(cast.bob, crew, username="alice")
    mallory = signed_in(cast.mallory)

    lose(cast, crew)

    assert asked(mallory) == []
    assert mallory.post(f"/channels/invitations/{theirs.pk}/accept/").status_code == 404
    assert asked(signed_in(cast.alice)) == ["hiring"]


def test_whom_somebody_invited_who_may_still_or_left_by_themselves_can_come(
    cast: Cast, crew: Channel
) -> None:
    mallory = signed_in(cast.mallory)
    invite(cast.carol, crew, username="mallory")

    set_role(cast.bob, crew, user=cast.carol, role=Role.OWNER)
    set_role(cast.bob, crew, user=cast.carol, role=Role.MODERATOR)
    leave_channel(cast.carol, crew)

    assert asked(mallory) == ["hiring"]


def test_a_plain_member_of_a_public_channel_may_invite_and_goes_on_inviting(cast: Cast) -> None:
    join_channel(cast.alice, cast.design)
    set_role(cast.dave, cast.design, user=cast.carol, role=Role.MODERATOR)
    invite(cast.carol, cast.design, username="mallory")

    set_role(cast.dave, cast.design, user=cast.carol, role=Role.MEMBER)

    assert asked(signed_in(cast.mallory)) == ["design"]


def test_an_account_that_ends_in_the_same_moment_invites_nobody(cast: Cast, crew: Channel) -> None:
    assert cast.carol.is_active
    ban_user(cast.alice, cast.carol, reason="")

    with pytest.raises(NotAllowed):
        invite(cast.carol, crew, username="mallory")  # as a request that was let in before
