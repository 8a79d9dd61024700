"""Asking somebody into a channel: theirs to accept, and gone when it is withdrawn or too old."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from channels_app.actions import archive_channel, invite, leave_channel
from channels_app.models import Channel, Invitation, Membership
from tests.cast import Cast, signed_in


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
