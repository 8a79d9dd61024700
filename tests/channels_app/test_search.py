"""What the switcher offers beside one's own channels: at most so many, by name, and only what one may see."""

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from channels_app import queries
from channels_app.actions import archive_channel, create_channel
from tests.cast import Cast, signed_in

JSON = {"Accept": "application/json"}


def offered(client: Client, typed: str = "") -> list[str]:
    answer = client.get("/channels/search/", {"q": typed}).json()
    return [channel["name"] for channel in answer["channels"]]


def test_open_channels_that_one_is_not_in_are_offered(cast: Cast) -> None:
    garden = create_channel(cast.dave, name="Garden")
    closed = create_channel(cast.dave, name="Closed")
    archive_channel(cast.alice, closed)

    assert offered(signed_in(cast.bob)) == ["Garden"]
    assert offered(signed_in(cast.dave)) == []
    answer = signed_in(cast.mallory).get("/channels/search/").json()
    assert answer == {
        "channels": [
            {"name": "design", "url": "/channels/design/"},
            {"name": "Garden", "url": garden.get_absolute_url()},
        ],
        "has_more": False,
    }


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
        with django_assert_num_queries(3):  # the session, its user, the channels
            answer = bob.get("/channels/search/", {"q": typed}).json()
        assert (len(answer["channels"]), answer["has_more"]) == (min(count, 10), count > 10)


def test_only_who_is_logged_in_is_answered(cast: Cast) -> None:
    assert Client().get("/channels/search/", headers=JSON).status_code == 401
    assert signed_in(cast.bob).get("/channels/search/?q=%00", headers=JSON).status_code == 422
    assert signed_in(cast.bob).post("/channels/search/", headers=JSON).status_code == 405
