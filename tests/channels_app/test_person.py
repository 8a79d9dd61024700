"""The page about a person."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import deactivate_user, set_appearance, set_display_name
from accounts.models import User
from channels_app.actions import create_channel, join_channel, leave_channel
from tests.cast import Cast, say, signed_in


def page_about(viewer: User, person: User) -> str:
    response = signed_in(viewer).get(f"/people/{person.username}/")
    assert response.status_code == 200
    return response.content.decode().partition("<main")[2]


def test_it_says_who_somebody_is_and_where_one_meets_them(cast: Cast) -> None:
    create_channel(cast.carol, name="Carol alone")
    left = create_channel(cast.bob, name="Left")
    join_channel(cast.carol, left)
    leave_channel(cast.bob, left)

    page = page_about(cast.carol, cast.bob)

    assert "Bob Okafor" in page
    assert "@bob" in page
    assert f"{cast.bob.date_joined:%-d %b %Y}" in page
    assert 'href="/channels/design/"' in page
    assert 'href="/channels/public/"' in page
    assert "carol-alone" not in page
    assert "/channels/left/" not in page
    assert "/channels/design/" not in page_about(cast.mallory, cast.bob)


@pytest.mark.parametrize("path", ["nobody", "bob ", "%00", "../bob"])
def test_there_is_no_page_about_nobody(cast: Cast, path: str) -> None:
    status = signed_in(cast.carol).get(f"/people/{path}/").status_code

    assert status == {"bob ": 200, "%00": 422}.get(path, 404)
    assert Client().get("/people/bob/").status_code == 302


def test_the_clock_is_theirs_when_they_chose_a_zone(cast: Cast) -> None:
    assert "Local time" not in page_about(cast.carol, cast.bob)
    set_appearance(cast.bob, theme="", language="", time_zone="Asia/Tokyo")

    with time_machine.travel(datetime(2026, 1, 2, 20, 30, tzinfo=UTC), tick=False):
        page = page_about(cast.carol, cast.bob)

    assert "Saturday 05:30" in page
    User.objects.filter(pk=cast.bob.pk).update(time_zone="Mars/Olympus")
    assert "Local time" not in page_about(cast.carol, cast.bob)


def test_an_account_that_ended_says_so(cast: Cast) -> None:
    deactivate_user(cast.alice, cast.bob)

    page = page_about(cast.carol, cast.bob)

    assert "This account has ended." in page
    assert "data-person" not in page
    assert "Channels you share" not in page


def test_ones_own_page_leads_to_the_preferences(cast: Cast) -> None:
    assert 'href="/accounts/preferences/"' in page_about(cast.bob, cast.bob)
    assert 'href="/accounts/preferences/"' not in page_about(cast.carol, cast.bob)


def test_messages_members_and_the_sidebar_lead_there(cast: Cast) -> None:
    set_display_name(cast.bob, display_name="<i>Bob</i>")
    say(cast.bob, cast.design, "hello")
    carol = signed_in(cast.carol)

    for path in ("/channels/design/", "/channels/design/members/"):
        page = carol.get(path).content.decode()
        assert 'href="/people/bob/"' in page
        assert "&lt;i&gt;Bob&lt;/i&gt;" in page
    assert 'href="/people/carol/"' in carol.get("/channels/").content.decode()


def test_it_takes_as_many_questions_for_many_channels_as_for_one(cast: Cast) -> None:
    carol = signed_in(cast.carol)

    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            carol.get("/people/bob/")
        return len(captured)

    before = questions()
    for number in range(5):
        join_channel(cast.carol, create_channel(cast.bob, name=f"Room {number}"))

    assert questions() == before
