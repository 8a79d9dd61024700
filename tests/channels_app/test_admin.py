"""Channels and memberships in the admin."""

from typing import Any

import pytest
from django.contrib.admin import TabularInline
from django.contrib.admin.models import CHANGE, LogEntry

from channels_app.actions import archive_channel, create_channel, leave_channel
from channels_app.models import Channel, Membership
from tests.cast import Cast, signed_in

QUERIES = 15
CHANNELS = "/admin/channels_app/channel/"
MEMBERSHIPS = "/admin/channels_app/membership/"


def rows(client: Any, url: str, **search: str) -> list[str]:
    return [str(row) for row in client.get(url, search).context["cl"].result_list]


def run(client: Any, url: str, action: str, *chosen: Any) -> str:
    """Run an admin action on the rows chosen; the page that follows."""
    entry = {"action": action, "_selected_action": [row.pk for row in chosen]}
    page: str = client.post(url, entry, follow=True).content.decode()
    return page


def test_no_page_of_channels_takes_many_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = signed_in(cast.alice)
    for page in (CHANNELS, f"{CHANNELS}add/", f"{CHANNELS}{cast.design.pk}/change/"):
        with django_assert_max_num_queries(QUERIES):
            assert client.get(page).status_code == 200


def test_no_page_of_memberships_takes_many_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = signed_in(cast.alice)
    membership = cast.bob.memberships.first()
    assert membership is not None
    for page in (MEMBERSHIPS, f"{MEMBERSHIPS}add/", f"{MEMBERSHIPS}{membership.pk}/change/"):
        with django_assert_max_num_queries(QUERIES):
            assert client.get(page).status_code == 200


def test_channels_are_found_by_name_and_by_state(cast: Cast) -> None:
    client = signed_in(cast.alice)
    archive_channel(cast.alice, create_channel(cast.bob, name="Old plans"))
    assert rows(client, CHANNELS, q="old-pl") == ["Old plans"]
    assert rows(client, CHANNELS, q="ld") == []
    assert rows(client, CHANNELS, archived="yes") == ["Old plans"]
    assert "Old plans" not in rows(client, CHANNELS, archived="no")


def test_memberships_are_found_by_channel_and_by_person(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert rows(client, MEMBERSHIPS, q="#design") == ["dave · design", "carol · design", "bob · design"]
    assert rows(client, MEMBERSHIPS, q="@mal") == ["mallory · public"]
    assert rows(client, MEMBERSHIPS, q="nobody-at-all") == []
    assert len(rows(client, MEMBERSHIPS, channel=str(cast.public.pk))) == 5


def test_a_new_channel_is_made_as_by_its_form(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert client.post(f"{CHANNELS}add/", {"name": "Releases", "topic": " What  ships "}).status_code == 302
    channel = Channel.objects.get(slug="releases")
    assert (channel.topic, channel.creator, channel.member_count) == ("What ships", cast.alice, 1)


def test_a_taken_name_is_joined_and_the_page_says_so(cast: Cast) -> None:
    client = signed_in(cast.alice)
    answer = client.post(f"{CHANNELS}add/", {"name": "DESIGN", "topic": "Mine now"}, follow=True)
    assert answer.redirect_chain == [(f"{CHANNELS}{cast.design.pk}/change/", 302)]
    page = answer.content.decode()
    assert "“design” was there already. You are in it now; its topic is as it was." in page
    assert "added" not in page
    assert Membership.objects.get(channel=cast.design, user=cast.alice).is_subscribed
    assert LogEntry.objects.get().action_flag == CHANGE
    assert (
        "was added"
        in client.post(f"{CHANNELS}add/", {"name": "Ideas", "topic": ""}, follow=True).content.decode()
    )


def test_a_name_that_breaks_a_rule_is_an_error_of_the_form(cast: Cast) -> None:
    for name, reason in [("create", "reserved"), ("\u200b", "name"), ("a\u202eb", "invisible")]:
        answer = signed_in(cast.alice).post(f"{CHANNELS}add/", {"name": name, "topic": ""})
        assert answer.status_code == 200
        assert reason in answer.context["adminform"].form.errors["name"][0]
    assert Channel.objects.count() == 2


def test_the_topic_can_be_changed_and_the_name_can_not(cast: Cast) -> None:
    entry = {"name": "other", "topic": "New topic"}
    assert signed_in(cast.alice).post(f"{CHANNELS}{cast.design.pk}/change/", entry).status_code == 302
    cast.design.refresh_from_db()
    assert (cast.design.name, cast.design.topic) == ("design", "New topic")


def test_a_channel_is_archived_and_restored(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert "Done: 1." in run(client, CHANNELS, "archive", cast.design)
    cast.design.refresh_from_db()
    assert cast.design.is_archived
    run(client, CHANNELS, "restore", cast.design)
    cast.design.refresh_from_db()
    assert not cast.design.is_archived


def test_restoring_an_open_channel_leaves_it_open(cast: Cast) -> None:
    page = run(signed_in(cast.alice), CHANNELS, "restore", cast.public, cast.design)
    assert "Done: 2." in page
    assert "You may not" not in page
    assert not Channel.objects.exclude(archived_at=None).exists()


def test_public_is_never_archived_and_the_page_says_so(cast: Cast) -> None:
    page = run(signed_in(cast.alice), CHANNELS, "archive", cast.public, cast.design)
    assert "Public: The public channel can&#x27;t be archived." in page
    assert "Done: 1." in page
    cast.public.refresh_from_db()
    assert not cast.public.is_archived


def test_somebody_is_subscribed_and_unsubscribed(cast: Cast) -> None:
    client = signed_in(cast.alice)
    entry = {"channel": str(cast.design.pk), "user": str(cast.mallory.pk)}
    assert client.post(f"{MEMBERSHIPS}add/", entry).status_code == 302
    membership = Membership.objects.get(channel=cast.design, user=cast.mallory)
    cast.design.refresh_from_db()
    assert cast.design.member_count == 4
    run(client, MEMBERSHIPS, "unsubscribe", membership)
    membership.refresh_from_db()
    cast.design.refresh_from_db()
    assert not membership.is_subscribed
    assert cast.design.member_count == 3


def test_somebody_who_left_is_subscribed_again(cast: Cast) -> None:
    leave_channel(cast.bob, cast.design)
    entry = {"channel": str(cast.design.pk), "user": str(cast.bob.pk)}
    assert signed_in(cast.alice).post(f"{MEMBERSHIPS}add/", entry).status_code == 302
    assert Membership.objects.get(channel=cast.design, user=cast.bob).is_subscribed


def test_a_membership_is_not_edited_in_place(cast: Cast) -> None:
    membership = Membership.objects.get(channel=cast.design, user=cast.bob)
    answer = signed_in(cast.alice).post(f"{MEMBERSHIPS}{membership.pk}/change/", {"cleared_seq": "9"})
    assert answer.status_code == 403


def test_nobody_deletes_a_channel_or_a_membership(cast: Cast) -> None:
    client = signed_in(cast.alice)
    membership = Membership.objects.get(channel=cast.design, user=cast.bob)
    assert client.post(f"{CHANNELS}{cast.design.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{MEMBERSHIPS}{membership.pk}/delete/", {"post": "yes"}).status_code == 403


def test_people_and_channels_complete_as_one_types(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = signed_in(cast.alice)
    field = {"app_label": "channels_app", "model_name": "membership", "field_name": "user", "term": "car"}
    with django_assert_max_num_queries(QUERIES):
        answer = client.get("/admin/autocomplete/", field)
    assert [found["text"] for found in answer.json()["results"]] == ["carol"]
    answer = client.get("/admin/autocomplete/", {**field, "field_name": "channel", "term": ""})
    assert {found["text"] for found in answer.json()["results"]} == {"public", "design"}


class Members(TabularInline):  # type: ignore[type-arg]
    model = Membership


def test_no_other_form_stands_beside_one_that_acts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    # What that form refused would come after the action, and could not undo it.
    monkeypatch.setattr("channels_app.admin.ChannelAdmin.inlines", [Members])
    with pytest.raises(TypeError, match="inlines"):
        signed_in(cast.alice).post(f"{CHANNELS}{cast.design.pk}/change/", {"topic": "New topic"})
    cast.design.refresh_from_db()
    assert cast.design.topic == "Pixels and words"
