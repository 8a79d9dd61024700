"""Private channels: for who is not in one, it does not exist."""

import re
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from channels_app.actions import (
    accept_invitation,
    archive_channel,
    create_channel,
    invite,
    join_channel,
    leave_channel,
    set_role,
)
from channels_app.models import Channel, Kind, Membership, Role
from channels_app.names import random_slug
from chatsite.errors import NotAllowed
from tests.cast import Cast, say, signed_in
from tests.threads import run_together


def attempt_on_page(client: Client) -> str:
    page = client.get("/channels/create/").content.decode()
    [attempt] = re.findall(r'<input type="hidden" name="attempt" value="([^"]{30,})"', page)
    return str(attempt)


def test_who_is_in_a_private_channel_uses_it_as_any_other(cast: Cast, hiring: Channel) -> None:
    bob = signed_in(cast.bob)
    say(cast.bob, hiring, "Three so far")

    assert "Three so far" in bob.get(hiring.get_absolute_url()).content.decode()
    assert [place.channel.name for place in bob.get("/channels/").context["sidebar"]] == [
        "public",
        "design",
        "hiring",
    ]


def test_nothing_tells_others_that_it_is_there(cast: Cast, hiring: Channel) -> None:
    message = say(cast.bob, hiring, "Three so far")

    for someone in (cast.mallory, cast.alice):
        client = signed_in(someone)
        for page in (hiring.get_absolute_url(), message.get_absolute_url(), "/channels/hiring/"):
            assert client.get(page).status_code == 404
        for page in ("/channels/", "/channels/?q=hiring", "/channels/sidebar/"):
            assert hiring.slug not in client.get(page).content.decode()
        assert client.get("/channels/?q=hiring").context["page_obj"].paginator.count == 0


def test_a_public_channel_may_have_the_name_and_the_address_of_a_private_one(
    cast: Cast, hiring: Channel
) -> None:
    mallory = signed_in(cast.mallory)
    for name in ("hiring", hiring.slug):
        assert mallory.post("/channels/create/", {"name": name})["Location"] == f"/channels/{name.lower()}/"

    assert signed_in(cast.bob).get(hiring.get_absolute_url()).context["channel"] == hiring
    assert Channel.objects.count() == 5


def test_names_of_private_channels_are_not_unique(cast: Cast, hiring: Channel) -> None:
    other = create_channel(cast.carol, name="hiring", kind=Kind.PRIVATE)

    assert (other.name, other.is_new) == (hiring.name, True)
    assert other.slug != hiring.slug


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_makes_one_private_channel(cast: Cast) -> None:
    clients = [signed_in(cast.bob), signed_in(cast.bob)]
    form = {"name": "pay", "kind": "private", "attempt": attempt_on_page(clients[0])}

    posts = [partial(client.post, "/channels/create/", form) for client in clients]
    one, other = (answer["Location"] for answer in run_together(posts))

    assert one == other == Channel.objects.get(name="pay").get_absolute_url()
    assert clients[0].post("/channels/create/", form)["Location"] == one
    [membership] = Membership.objects.filter(channel__name="pay")
    assert (membership.user, membership.role) == (cast.bob, "owner")


def test_another_form_another_name_and_another_person_make_another(cast: Cast) -> None:
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)
    first = {"name": "pay", "kind": "private", "attempt": attempt_on_page(bob)}
    again = {**first, "attempt": attempt_on_page(bob)}

    addresses = {
        client.post("/channels/create/", form)["Location"]
        for client, form in ((bob, first), (bob, again), (bob, {**first, "name": "rises"}), (carol, first))
    }

    assert len(addresses) == 4


def test_without_a_name_for_the_form_each_is_another(cast: Cast) -> None:
    assert all(create_channel(cast.bob, name="pay", kind=Kind.PRIVATE).is_new for _time in range(2))


def test_who_was_taken_out_of_it_since_makes_another(cast: Cast) -> None:
    first = create_channel(cast.bob, name="pay", kind=Kind.PRIVATE, attempt="1")
    accept_invitation(cast.carol, invite(cast.bob, first, username="carol").pk)
    set_role(cast.bob, first, user=cast.carol, role=Role.OWNER)
    leave_channel(cast.carol, first, user=cast.bob)

    second = create_channel(cast.bob, name="pay", kind=Kind.PRIVATE, attempt="1")

    assert (second.is_new, second == first) == (True, False)


def test_nobody_joins_a_private_channel_by_themselves(cast: Cast, hiring: Channel) -> None:
    assert signed_in(cast.mallory).post(f"/channels/{hiring.slug}/join/").status_code == 404
    for actor, user in ((cast.mallory, None), (cast.alice, cast.mallory), (cast.alice, None)):
        with pytest.raises(NotAllowed):
            join_channel(actor, hiring, user=user)
    assert Membership.objects.filter(channel=hiring).count() == 1


@pytest.mark.parametrize("kind", [Kind.PUBLIC, Kind.DIRECT])
def test_a_kind_never_changes(cast: Cast, hiring: Channel, kind: Kind) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Channel.objects.filter(pk=hiring.pk).update(kind=kind)
    with pytest.raises(IntegrityError), transaction.atomic():
        Channel.objects.filter(pk=cast.design.pk).update(kind=Kind.PRIVATE)


def test_an_address_is_of_the_kind_of_its_channel(cast: Cast) -> None:
    for kind, slug in ((Kind.PRIVATE, "plain"), (Kind.PUBLIC, random_slug("P")), (Kind.DIRECT, "Plain")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Channel.objects.create(name="x", slug=slug, kind=kind)


def test_admins_see_in_the_admin_what_they_see_on_the_pages(cast: Cast, hiring: Channel) -> None:
    said = say(cast.bob, hiring, "Three so far")
    alice = signed_in(cast.alice)
    membership = Membership.objects.get(channel=hiring, user=cast.bob)

    for path, row in (("channels_app/channel", hiring), ("channels_app/membership", membership)):
        assert f"/{row.pk}/change/" not in alice.get(f"/admin/{path}/").content.decode()
        assert alice.get(f"/admin/{path}/{row.pk}/change/").status_code == 302  # to the list: there is none
    assert "Three so far" not in alice.get("/admin/messaging/message/").content.decode()
    assert alice.get(f"/admin/messaging/message/{said.pk}/change/").status_code == 302
    filtered = alice.get("/admin/messaging/message/", {"channel": hiring.pk})
    assert "Three so far" not in filtered.content.decode()
    with pytest.raises(NotAllowed):
        archive_channel(cast.alice, hiring)
