"""Creating a channel, or joining the one that has the name."""

import unicodedata

import pytest

from channels_app.models import Channel, Membership
from tests.cast import Cast, signed_in


def test_whoever_creates_a_channel_is_in_it(cast: Cast) -> None:
    response = signed_in(cast.bob).post("/channels/create/", {"name": "Ideas & dreams", "topic": " Any "})

    channel = Channel.objects.get(slug="ideas---dreams")
    assert response["Location"] == "/channels/ideas---dreams/"
    assert (channel.name, channel.topic, channel.creator) == ("Ideas & dreams", "Any", cast.bob)
    assert channel.member_count == 1
    assert Membership.objects.get(channel=channel).user == cast.bob


@pytest.mark.parametrize("name", ["design", "Design", " DESIGN ", "ｄｅｓｉｇｎ"])
def test_creating_a_name_that_is_taken_joins_that_channel(cast: Cast, name: str) -> None:
    response = signed_in(cast.mallory).post("/channels/create/", {"name": name, "topic": "Mine now"})

    cast.design.refresh_from_db()
    assert response["Location"] == "/channels/design/"
    assert cast.design.member_count == 4
    assert cast.design.topic == "Pixels and words"
    assert Membership.objects.filter(channel=cast.design, user=cast.mallory, left_at=None).exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cafe", "café"),
        ("😀", "😁"),
        ("strasse", "straße!"),
        ("a-b", "a_b"),
        ("resume", "résumé"),
        ("c", "c#"),
    ],
)
def test_names_that_differ_to_the_eye_are_two_channels(cast: Cast, one: str, other: str) -> None:
    bob = signed_in(cast.bob)

    assert (
        bob.post("/channels/create/", {"name": one})["Location"]
        != (bob.post("/channels/create/", {"name": other})["Location"])
    )
    assert Channel.objects.count() == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", unicodedata.normalize("NFD", "café")),
        ("Straße", "STRASSE"),
        ("❤", "❤\ufe0f"),
        ("road map", "road   map"),
        ("a/b", "a-b"),
    ],
)
def test_names_that_look_the_same_are_one_channel(cast: Cast, one: str, other: str) -> None:
    signed_in(cast.bob).post("/channels/create/", {"name": one})
    signed_in(cast.carol).post("/channels/create/", {"name": other})

    assert Channel.objects.count() == 3
    assert Channel.objects.latest("pk").member_count == 2


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "x" * 80,
        "日本語",
        "ქართული",
        "👩‍👩‍👧",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "می‌خواهم",
        "🩷 love",
        "🫨",
        "❤️‍🔥",
        "1️⃣",
        "\ue000",
        "..a..",
        "100%",
        "a;b",
    ],
)
def test_a_name_in_any_script_is_shown_as_typed_and_its_page_opens(cast: Cast, name: str) -> None:
    bob = signed_in(cast.bob)

    response = bob.post("/channels/create/", {"name": name}, follow=True)

    assert response.status_code == 200
    assert response.context["channel"].name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 81,
        ".",
        "..",
        "create",
        "Browse",
        "a\x00b",
        "a\nb\x07",
        "a\u202eb",
        "\u200d",
        "a\u200d",
        "\u200ba",
        "\u3164",
        "public\ufe00",
        "pub\u034flic",
        "public\U000e0100",
        "\u180b",
        "\ufe0f",
        "\ufdfa" * 80,
    ],
)
def test_a_name_that_breaks_a_rule_comes_back_with_the_reason(cast: Cast, name: str) -> None:
    response = signed_in(cast.bob).post("/channels/create/", {"name": name, "topic": "kept"})

    assert response.status_code == 422
    assert response.context["form"].errors["name"]
    assert 'value="kept"' in response.content.decode()
    assert Channel.objects.count() == 2


def test_a_topic_that_is_too_long_comes_back_with_the_reason(cast: Cast) -> None:
    response = signed_in(cast.bob).post("/channels/create/", {"name": "ideas", "topic": "x" * 251})

    assert response.status_code == 422
    assert response.context["form"].errors["topic"]
    assert Channel.objects.count() == 2


@pytest.mark.parametrize("topic", ["a\u202eb", "a\x07b", "a\u200bb", "a\x00b"])
def test_a_topic_with_invisible_characters_comes_back_with_the_reason(cast: Cast, topic: str) -> None:
    response = signed_in(cast.bob).post("/channels/create/", {"name": "ideas", "topic": topic})

    assert response.status_code == 422
    assert response.context["form"].errors["topic"]
    assert Channel.objects.count() == 2


def test_looking_at_the_form_creates_nothing(cast: Cast) -> None:
    assert signed_in(cast.bob).get("/channels/create/?name=ideas").status_code == 200
    assert Channel.objects.count() == 2
