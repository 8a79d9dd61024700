"""What the switcher offers beside one's own channels, people too: so many, by name, and what one may see."""

from typing import Any

import pytest
from django.test import Client

from accounts.actions import deactivate_user
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app import queries
from channels_app.actions import archive_channel, create_channel, open_direct
from channels_app.models import Kind
from tests.cast import Cast, UserFactory, say, signed_in

JSON = {"Accept": "application/json"}


def asked(client: Client, typed: str = "") -> Any:
    return client.get("/channels/search/", {"q": typed}, headers=JSON).json()


def offered(client: Client, typed: str = "") -> list[str]:
    return [channel["name"] for channel in asked(client, typed)["channels"]]


def people(client: Client, typed: str = "") -> list[str]:
    return [person["username"] for person in asked(client, typed)["people"]]


def test_open_channels_that_one_is_not_in_are_offered(cast: Cast) -> None:
    garden = create_channel(cast.dave, name="Garden")
    closed = create_channel(cast.dave, name="Closed")
    archive_channel(cast.alice, closed)

    assert offered(signed_in(cast.bob)) == ["Garden"]
    assert offered(signed_in(cast.dave)) == []
    answer = asked(signed_in(cast.mallory))
    assert answer["channels"] == [
        {"name": "design", "url": "/channels/design/"},
        {"name": "Garden", "url": garden.get_absolute_url()},
    ]
    assert answer["has_more"] is False


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gar", ["Garden", "Old garage"]),
        ("#GARDEN", ["Garden"]),
        ("gar old", ["Old garage"]),
        ("设计", ["新设计"]),
        ("_", []),
        ("zzz", []),
    ],
)
def test_they_are_searched_by_name(cast: Cast, typed: str, found: list[str]) -> None:
    for name in ("Old garage", "Garden", "新设计"):
        create_channel(cast.dave, name=name)

    assert offered(signed_in(cast.bob), typed) == found


@pytest.mark.parametrize("typed", ["", "room"])
def test_it_takes_the_same_however_many_there_are(
    cast: Cast, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr(queries, "OFFERED", 10)
    bob = signed_in(cast.bob)
    for count in (5, 40):
        for number in range(count):
            create_channel(SYSTEM, name=f"room {number}")
        with django_assert_num_queries(4):  # the session, its user, the channels, the people
            answer = asked(bob, typed)
        assert (len(answer["channels"]), answer["has_more"]) == (min(count, 10), count > 10)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["alice", "carol", "dave", "mallory", "umit"]),  # all but oneself
        ("ca", ["carol", "mallory"]),  # those first whose username begins so; Calla
        ("@CAROL", ["carol"]),
        ("quinn cal", ["mallory"]),
        ("ümit", ["umit"]),
        ("%", []),
        ("zzz", []),
        (" ".join(["a"] * 3_000), ["alice", "carol", "dave", "mallory", "umit"]),
    ],
)
def test_people_are_found_by_username_and_by_name(cast: Cast, typed: str, found: list[str]) -> None:
    User.objects.filter(pk=cast.mallory.pk).update(display_name="Calla Quinn")
    UserFactory.create(username="umit", display_name="Ümit Şahin")
    gone = UserFactory.create(username="calvin")
    deactivate_user(cast.alice, gone)

    assert people(signed_in(cast.bob), typed) == found
    assert asked(signed_in(cast.bob), "carol")["people"] == [
        {"id": cast.carol.pk, "name": "Carol Lindqvist", "username": "carol", "url": "/direct/carol/"}
    ]


@pytest.mark.parametrize("typed", ["", "crowd"])
def test_of_a_crowd_the_first_few_are_offered(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr(queries, "OFFERED", 12)
    monkeypatch.setattr(queries, "PEOPLE_OFFERED", 5)
    crowd = [f"crowd-{number:02}" for number in range(20)]
    User.objects.bulk_create(User(username=name, username_shape=name, display_name=name) for name in crowd)

    answer = asked(signed_in(cast.bob), typed)

    assert len(answer["people"]) == 5
    assert answer["has_more"] is True


def test_what_is_private_shows_to_those_who_are_in_it(cast: Cast) -> None:
    hideout = create_channel(cast.bob, name="design hideout", kind=Kind.PRIVATE)
    talk = open_direct(cast.bob, usernames=["carol"])
    say(cast.bob, talk, "Have a minute?")
    bob, mallory = signed_in(cast.bob), signed_in(cast.mallory)

    for typed in ("", "design", "hideout", "Carol", hideout.slug, talk.slug):
        for accept in ("application/json", "text/html"):
            answer = mallory.get("/channels/search/", {"q": typed}, headers={"Accept": accept})
            assert answer.status_code == 200
            found = answer.content.decode().replace(f'value="{typed}"', "")
            assert not [secret for secret in ("hideout", hideout.slug, talk.slug) if secret in found]
    assert [one.pk for one in bob.get("/channels/search/?q=hide").context["own"]] == [hideout.pk]
    assert [one.pk for one in bob.get("/channels/search/?q=carol").context["own"]] == [talk.pk]


def test_the_page_leads_to_channels_and_writes_to_people(cast: Cast) -> None:
    page = signed_in(cast.mallory).get("/channels/search/", {"q": "d"}).content.decode()

    main = page.partition("<main")[2]
    assert 'href="/channels/design/"' in main
    assert 'formaction="/direct/dave/"' in main
    assert 'formaction="/direct/bob/"' not in main
    nothing = signed_in(cast.mallory).get("/channels/search/", {"q": "zzz"}).content.decode()
    assert "Nothing and nobody is called like that." in nothing.partition("<main")[2].partition("</main")[0]


def test_only_who_is_logged_in_is_answered(cast: Cast) -> None:
    assert Client().get("/channels/search/", headers=JSON).status_code == 401
    assert signed_in(cast.bob).get("/channels/search/?q=%00", headers=JSON).status_code == 422
    assert signed_in(cast.bob).post("/channels/search/", headers=JSON).status_code == 405
