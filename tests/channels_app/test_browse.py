"""Browsing the channels, and their addresses."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actors import SYSTEM
from channels_app.actions import archive_channel, create_channel, restore_channel
from channels_app.models import Channel
from chatsite.errors import Conflict, NotAllowed
from tests.cast import Cast, say, signed_in


def test_every_channel_is_listed_with_what_one_wants_to_know(cast: Cast) -> None:
    say(cast.bob, cast.design, "hello")

    rows = signed_in(cast.mallory).get("/channels/").context["page_obj"].object_list

    assert [(row.name, row.member_count, row.is_member) for row in rows] == [
        ("design", 3, False),
        ("public", 5, True),
    ]
    assert rows[0].last_activity_at is not None
    assert rows[1].last_activity_at is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("des", ["design"]),
        ("DES", ["design"]),
        ("café", ["café"]),
        ("cafe", ["cafe"]),
        ("%", []),
        ("zzz", []),
    ],
)
def test_the_list_is_filtered_by_name(cast: Cast, typed: str, found: list[str]) -> None:
    create_channel(SYSTEM, name="café")
    create_channel(SYSTEM, name="cafe")

    response = signed_in(cast.bob).get("/channels/", {"q": typed})

    assert [row.name for row in response.context["page_obj"]] == found


def test_the_list_comes_in_pages(cast: Cast) -> None:
    for number in range(60):
        create_channel(SYSTEM, name=f"room {number:02}")
    bob = signed_in(cast.bob)

    pages = [bob.get("/channels/", {"page": page}).context["page_obj"] for page in ("1", "2", "99", "x")]

    assert [len(page) for page in pages] == [50, 12, 12, 50]


def test_an_address_in_another_spelling_leads_to_the_channel(cast: Cast) -> None:
    assert signed_in(cast.bob).get("/channels/Design/")["Location"] == "/channels/design/"
    assert signed_in(cast.bob).get("/channels/desing/").status_code == 404


def test_an_archived_channel_can_be_read_but_is_not_listed(cast: Cast) -> None:
    say(cast.bob, cast.design, "the end")
    archive_channel(cast.alice, cast.design)
    bob = signed_in(cast.bob)

    assert [row.name for row in bob.get("/channels/").context["page_obj"]] == ["public"]
    page = bob.get("/channels/design/").content.decode()
    assert "the end" in page
    assert "<textarea" not in page

    restore_channel(cast.alice, cast.design)
    assert "<textarea" in bob.get("/channels/design/").content.decode()


def test_a_member_does_not_archive(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        archive_channel(cast.bob, cast.design)
    assert not Channel.objects.get(slug="design").is_archived


def test_public_is_never_archived_not_even_by_the_database(cast: Cast) -> None:
    with pytest.raises(Conflict):
        archive_channel(cast.alice, cast.public)
    with pytest.raises(IntegrityError), transaction.atomic():
        Channel.objects.filter(slug="public").update(archived_at=timezone.now())
