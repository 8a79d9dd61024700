"""Direct messages: the same people always have the same conversation, and nobody else knows of it."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.actions import deactivate_user
from accounts.models import User
from channels_app import queries
from channels_app.actions import open_direct
from channels_app.models import MOST_IN_DIRECT, Channel, Kind, Membership
from tests.cast import Cast, UserFactory, say, signed_in
from tests.threads import run_together


def titles(client: Client) -> list[str]:
    """The conversations in this person's sidebar."""
    places = client.get("/channels/sidebar/").context["sidebar"]
    return [place.channel.title for place in places if place.channel.is_direct]


def test_the_same_people_have_the_same_conversation(cast: Cast) -> None:
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)

    address = bob.post("/direct/carol/")["Location"]

    assert address.startswith("/channels/D")
    assert carol.post("/direct/bob/")["Location"] == address
    assert bob.get("/direct/carol/")["Location"] == address
    assert bob.post("/direct/", {"person": ["carol", "bob", "carol"]})["Location"] == address
    both = bob.post("/direct/", {"person": ["carol", "dave"]})["Location"]
    assert both == signed_in(cast.dave).post("/direct/", {"person": ["carol", "bob"]})["Location"] != address
    assert Channel.objects.filter(kind=Kind.DIRECT).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_people_who_open_it_in_the_same_instant_have_one(cast: Cast) -> None:
    crowd = [cast.bob, cast.carol, cast.dave, cast.mallory]
    names = [user.username for user in crowd]

    opened = run_together([partial(open_direct, user, usernames=names) for user in crowd])

    assert len({channel.pk for channel in opened}) == 1
    assert Membership.objects.filter(channel=opened[0]).count() == opened[0].member_count == 4
    assert not Membership.objects.filter(channel=opened[0], is_hidden=True).exists()


def test_the_others_see_it_once_something_is_said(cast: Cast) -> None:
    bob, carol = signed_in(cast.bob), signed_in(cast.carol)
    channel = open_direct(cast.bob, usernames=["carol"])
    assert (titles(bob), titles(carol)) == (["Carol Lindqvist"], [])

    say(cast.bob, channel, "Have a minute?")

    assert titles(carol) == ["Bob Okafor"]
    [place] = [place for place in carol.get("/channels/").context["sidebar"] if place.channel == channel]
    assert (place.unread, place.is_notified) == (1, True)
    page = carol.get(channel.get_absolute_url()).content.decode()
    assert "Have a minute?" in page
    assert 'placeholder="Message Bob Okafor"' in page


def test_nobody_else_knows_of_it(cast: Cast) -> None:
    channel = open_direct(cast.bob, usernames=["carol"])
    message = say(cast.bob, channel, "Have a minute?")

    for someone in (cast.mallory, cast.alice):
        client = signed_in(someone)
        for page in (channel.get_absolute_url(), message.get_absolute_url()):
            assert client.get(page).status_code == 404
        assert channel.slug not in client.get("/channels/").content.decode()
    admin = signed_in(cast.alice)
    assert "minute" not in admin.get("/admin/messaging/message/").content.decode()
    assert admin.get(f"/admin/channels_app/channel/{channel.pk}/change/").status_code == 302


def test_it_is_never_left_nor_handed_to_others(cast: Cast) -> None:
    channel = open_direct(cast.bob, usernames=["carol"])
    bob, address = signed_in(cast.bob), channel.get_absolute_url()

    presses = {
        "unsubscribe": {},
        "archive": {},
        "restore": {},
        "join": {},
        "settings": {"topic": "x", "name": "x"},
        "invitations": {"username": "mallory"},
        "members/carol/remove": {},
        "members/carol/role": {"role": "owner"},
    }
    for button, fields in presses.items():
        assert bob.post(f"{address}{button}/", fields).status_code in (403, 422), button

    memberships = Membership.objects.filter(channel=channel, left_at=None, role="member")
    assert memberships.count() == 2
    page = bob.get(address).content.decode()
    for button in ("unsubscribe", "settings", "archive"):
        assert f"{address}{button}/" not in page
    assert "invitations/" not in bob.get(f"{address}members/").content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(people_key=None)


def test_people_are_found_and_chosen_one_by_one(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    def names(people: list[User]) -> list[str]:
        return [person.username for person in people]

    page = bob.get("/direct/", {"q": "ca", "person": ["dave", "nobody", "\x00"]})
    assert names(page.context["found"]) == ["carol"]
    assert names(page.context["chosen"]) == ["dave"]
    assert names(bob.get("/direct/").context["found"]) == ["alice", "carol", "dave", "mallory"]
    assert names(bob.get("/direct/carol/").context["chosen"]) == ["carol"]
    assert not Channel.objects.filter(kind=Kind.DIRECT).exists()


def test_whom_one_can_not_write_to_is_said(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    deactivate_user(cast.alice, cast.carol)
    crowd = [UserFactory.create().username for _number in range(MOST_IN_DIRECT)]

    for people, reason in (([], "somebody"), (["bob"], "somebody"), (["carol"], "nobody"), (crowd, "9")):
        answer = bob.post("/direct/", {"person": people})
        assert answer.status_code == 422
        assert reason in answer.context["form"].non_field_errors()[0]
    assert bob.post("/direct/bob/").status_code == 422
    for gone in ("nobody", "carol"):
        assert bob.get(f"/direct/{gone}/").status_code == bob.post(f"/direct/{gone}/").status_code == 404
    assert not Channel.objects.filter(kind=Kind.DIRECT).exists()


def test_many_names_are_not_looked_up_one_by_one(cast: Cast, django_assert_max_num_queries: Any) -> None:
    bob = signed_in(cast.bob)
    crowd = [f"stranger-{number}" for number in range(200)]

    with django_assert_max_num_queries(12):
        answer = bob.post("/direct/", {"person": crowd})

    assert answer.status_code == 422
    assert "9" in answer.context["form"].non_field_errors()[0]
    others = [UserFactory.create().username for _number in range(MOST_IN_DIRECT - 1)]
    assert bob.post("/direct/", {"person": [*others, others[0].upper(), " Bob "]}).status_code == 302


def test_a_press_on_a_members_name_opens_it(cast: Cast) -> None:
    page = signed_in(cast.bob).get("/channels/design/members/").content.decode()
    assert 'formaction="/direct/carol/"' in page
    assert 'formaction="/direct/bob/"' not in page


def test_a_sidebar_of_many_takes_as_many_queries_as_one_of_few(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    bob = signed_in(cast.bob)
    for number in (1, 20):
        for _person in range(number):
            open_direct(cast.bob, usernames=[UserFactory.create().username])
        # the session, its user, memberships, the others there, invitations; nothing is unread
        with django_assert_num_queries(5):
            bob.get("/channels/sidebar/")


def test_it_is_found_by_a_key(cast: Cast, django_assert_num_queries: Any) -> None:
    channel = open_direct(cast.bob, usernames=["carol"])
    with django_assert_num_queries(1) as asked:
        assert queries.direct_of([cast.carol, cast.bob]) == channel
    assert "people_key" in asked[0]["sql"]
