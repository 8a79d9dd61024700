"""How far somebody has read: the numbers in the sidebar, the line "New", and the buttons that move it."""

import uuid
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import deactivate_user
from accounts.models import User
from channels_app.actions import (
    create_channel,
    join_channel,
    mark_read,
    mark_unread,
    mute_channel,
    notify_of_channel,
)
from channels_app.models import Channel, Membership
from channels_app.queries import my_memberships
from chatsite.errors import NotAllowed
from chatsite.live.bus import listen
from chatsite.live.events import Event, sidebar_changed
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.load import load
from messaging.queries.sidebar import SidebarEntry, sidebar_of
from messaging.queries.timeline import PAGE, opening_page
from messaging.queries.unread import count_unread
from tests.cast import Cast, post_text, say, signed_in
from tests.messaging.test_long_history import rows_read
from tests.messaging.test_timeline import NOON, seqs
from tests.threads import run_together

JSON = {"Accept": "application/json"}


def said(channel: Channel, *authors: User) -> None:
    """Have each of `authors` say something, in this order."""
    envelopes = (
        Envelope(uuid.uuid4(), channel.pk, author.pk, f"number {number}", NOON)
        for number, author in enumerate(authors, start=1)
    )
    for _stored in load(envelopes):
        pass


def place(client: Client, channel: Channel) -> SidebarEntry:
    """The entry of `channel` in this person's sidebar."""
    [entry] = [
        entry for entry in client.get("/channels/sidebar/").context["sidebar"] if entry.channel == channel
    ]
    assert isinstance(entry, SidebarEntry)
    return entry


def unread(user: User, channel: Channel) -> int:
    return place(signed_in(user), channel).unread


def read(client: Client, channel: Channel, seq: object, **more: object) -> int:
    """Where the pointer stands once a page's script told that this person has read up to `seq`."""
    answer = client.post(f"/channels/{channel.slug}/read/", {"seq": seq, **more}, headers=JSON)
    assert answer.status_code == 200
    return int(answer.json()["last_read_seq"])


def mark_unread_at(client: Client, channel: Channel, seq: int) -> int:
    message = Message.objects.get(channel=channel, seq=seq)
    return int(client.post(f"/messages/{message.client_id}/unread/", headers=JSON).status_code)


def new_line(client: Client, address: str) -> int | None:
    """The number of the message right below the line "New", as the page has it."""
    page = client.get(address).content.decode()
    assert page.count('class="timeline__new"') <= 1
    _before, line, after = page.partition('class="timeline__new"')
    return int(after.partition('data-seq="')[2].partition('"')[0]) if line else None


# The number


def test_what_others_say_is_unread_and_what_i_say_is_not(cast: Cast) -> None:
    say(cast.bob, cast.design, "mine")
    say(cast.carol, cast.design, "hers")
    say(cast.bob, cast.design, "mine again")

    assert unread(cast.bob, cast.design) == 1
    assert unread(cast.carol, cast.design) == 2
    assert unread(cast.dave, cast.design) == 3


def test_a_deleted_message_is_not_unread(cast: Cast) -> None:
    message = say(cast.carol, cast.design, "never mind")
    say(cast.carol, cast.design, "this stays")
    assert unread(cast.bob, cast.design) == 2

    signed_in(cast.carol).post(f"/messages/{message.client_id}/delete/")

    assert unread(cast.bob, cast.design) == 1


def test_what_was_cleared_is_not_unread_and_undo_brings_that_back(cast: Cast) -> None:
    say(cast.carol, cast.design, "before")
    bob = signed_in(cast.bob)

    bob.post("/channels/design/clear/")
    assert place(bob, cast.design).unread == 0
    say(cast.carol, cast.design, "after")
    assert place(bob, cast.design).unread == 1

    bob.post("/channels/design/clear/", {"undo": "1"})
    assert place(bob, cast.design).unread == 2


def test_what_was_said_before_somebody_joined_is_not_unread(cast: Cast) -> None:
    say(cast.carol, cast.design, "before")
    mallory = signed_in(cast.mallory)

    mallory.post("/channels/design/join/")
    assert place(mallory, cast.design).unread == 0
    say(cast.carol, cast.design, "after")
    assert place(mallory, cast.design).unread == 1

    mallory.post("/channels/design/unsubscribe/")
    mallory.post("/channels/design/join/")
    assert place(mallory, cast.design).unread == 0


def test_a_muted_channel_shows_no_number(cast: Cast) -> None:
    say(cast.carol, cast.design, "psst")
    bob = signed_in(cast.bob)

    assert bob.post("/channels/design/mute/", {"muted": "true"})["Location"] == "/channels/design/"
    muted = place(bob, cast.design)
    bob.post("/channels/design/mute/", {"muted": "false"})
    loud = place(bob, cast.design)

    assert (muted.is_muted, muted.unread) == (True, 0)
    assert (loud.is_muted, loud.unread) == (False, 1)


@pytest.mark.parametrize(
    ("others", "shown"), [(0, "0"), (1, "1"), (999, "999"), (1_000, "999+"), (1_500, "999+")]
)
def test_more_than_999_are_not_counted_further(cast: Cast, others: int, shown: str) -> None:
    said(cast.design, *[cast.carol] * others)

    assert place(signed_in(cast.bob), cast.design).unread_shown == shown


def test_a_thousand_own_messages_are_not_unread(cast: Cast) -> None:
    said(cast.design, *[cast.bob] * 1_100)

    assert unread(cast.bob, cast.design) == 0
    assert new_line(signed_in(cast.bob), "/channels/design/") is None


def test_the_count_is_of_the_version_that_it_names(cast: Cast) -> None:
    """Else a page that applies the changes after that version would count them twice."""
    kept, deleted = (say(cast.carol, cast.design, text) for text in ("one", "two"))
    as_of_now = list(my_memberships(cast.bob))

    signed_in(cast.carol).post(f"/messages/{deleted.client_id}/delete/")
    say(cast.carol, cast.design, "three")
    signed_in(cast.carol).post(f"/messages/{kept.client_id}/edit/", {"text": "one, edited"})

    assert count_unread(cast.bob, as_of_now) == {cast.design.pk: 2}


def test_a_channel_notifies_who_wants_that_unless_it_is_muted(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert not place(bob, cast.design).is_notified

    assert bob.post("/channels/design/notify/", {"notify": "true"})["Location"] == "/channels/design/"
    assert place(bob, cast.design).is_notified
    assert not place(bob, cast.public).is_notified
    assert not place(signed_in(cast.carol), cast.design).is_notified
    assert "data-notified" in bob.get("/channels/sidebar/").content.decode()

    bob.post("/channels/design/mute/", {"muted": "true"})
    assert not place(bob, cast.design).is_notified
    bob.post("/channels/design/mute/", {"muted": "false"})
    bob.post("/channels/design/notify/", {"notify": "false"})
    assert not place(bob, cast.design).is_notified


def test_the_sidebar_names_what_a_script_needs(cast: Cast) -> None:
    say(cast.carol, cast.design, "hello")
    say(cast.carol, cast.design, "hello?")
    bob = signed_in(cast.bob)
    read(bob, cast.design, 1)
    bob.post("/channels/public/mute/", {"muted": "true"})

    page = bob.get("/channels/sidebar/").content.decode()

    public, design = (tag for tag in page.split("<a ") if "data-channel=" in tag)
    assert (
        'data-channel="design" data-unread="1" data-count-version="2" data-last-seq="2" data-last-read="1"'
        in design
    )
    assert "data-muted" in public
    assert "data-muted" not in design
    assert "<html" not in page


# Reading


def test_the_pointer_only_rises(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 5)
    bob = signed_in(cast.bob)

    assert read(bob, cast.design, 3) == 3
    assert place(bob, cast.design).unread == 2
    assert read(bob, cast.design, 1) == 3
    assert place(bob, cast.design).unread == 2
    assert read(bob, cast.design, 5) == 5
    assert place(bob, cast.design).unread == 0


def test_nobody_has_read_what_was_not_said_yet(cast: Cast) -> None:
    say(cast.carol, cast.design, "one")
    bob = signed_in(cast.bob)

    assert read(bob, cast.design, 10**17) == 1
    say(cast.carol, cast.design, "two")

    assert place(bob, cast.design).unread == 1


def test_reading_here_changes_nothing_elsewhere(cast: Cast) -> None:
    said(cast.design, cast.carol)
    said(cast.public, cast.carol)

    read(signed_in(cast.bob), cast.design, 1)

    assert unread(cast.dave, cast.design) == 1
    assert unread(cast.bob, cast.public) == 1


def test_what_changes_nothing_writes_nothing(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 3)
    bob = signed_in(cast.bob)
    buttons: list[Callable[[], object]] = [
        partial(read, bob, cast.design, 2),
        partial(bob.post, "/channels/design/mute/", {"muted": "true"}),
        partial(bob.post, "/channels/design/notify/", {"notify": "true"}),
    ]

    def updates(press: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as captured:
            press()
        return sum(query["sql"].startswith("UPDATE") for query in captured)

    assert [updates(press) for press in buttons] == [1, 1, 1]
    assert [updates(press) for press in buttons] == [0, 0, 0]


def test_unread_from_here_on_is_what_was_said_here_and_later(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 5)
    bob = signed_in(cast.bob)
    read(bob, cast.design, 5)

    assert mark_unread_at(bob, cast.design, 3) == 204
    assert place(bob, cast.design).unread == 3
    assert new_line(bob, "/channels/design/") == 3

    assert mark_unread_at(bob, cast.design, 5) == 204
    assert place(bob, cast.design).unread == 1


def test_a_device_that_did_not_hear_of_it_does_not_undo_marking_as_unread(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 5)
    bob = signed_in(cast.bob)
    read(bob, cast.design, 4)
    mark_unread_at(bob, cast.design, 2)

    assert read(bob, cast.design, 5, known=4) == 1
    assert place(bob, cast.design).unread == 4

    assert read(bob, cast.design, 5, known=1) == 5
    assert place(bob, cast.design).unread == 0


@pytest.mark.parametrize(
    "seq", [pytest.param(3, id="raises nothing"), pytest.param(4, id="raises the pointer")]
)
def test_a_device_that_was_away_does_not_undo_a_mark_that_lowered_nothing(cast: Cast, seq: int) -> None:
    said(cast.design, *[cast.carol] * 5)
    bob = signed_in(cast.bob)
    read(bob, cast.design, 2)
    mark_unread_at(bob, cast.design, seq)

    assert read(bob, cast.design, 5, known=2, marks=0) == seq - 1
    assert place(bob, cast.design).unread == 6 - seq

    assert read(bob, cast.design, 5, known=seq - 1, marks=1) == 5
    assert place(bob, cast.design).unread == 0


def test_the_buttons_of_a_plain_page_lead_back_to_the_channel(cast: Cast) -> None:
    message = say(cast.carol, cast.design, "hello")
    bob = signed_in(cast.bob, checks_csrf=True)
    page = bob.get("/channels/design/").content.decode()
    token = bob.cookies["csrftoken"].value
    assert f'formaction="/messages/{message.client_id}/unread/"' in page
    assert 'action="/channels/design/read/"' in page

    def press(address: str, **fields: str) -> Any:
        return bob.post(address, {"csrfmiddlewaretoken": token, "author": "bob", **fields})

    assert press("/channels/design/read/", seq="1")["Location"] == "/channels/design/"
    assert place(bob, cast.design).unread == 0
    assert 'action="/channels/design/read/"' not in bob.get("/channels/design/").content.decode()
    assert press(f"/messages/{message.client_id}/unread/")["Location"] == "/channels/design/"
    assert place(bob, cast.design).unread == 1


def test_who_answers_on_a_plain_page_has_read_what_it_showed(cast: Cast) -> None:
    say(cast.carol, cast.design, "shown")
    bob = signed_in(cast.bob)
    assert 'name="seen" value="1"' in bob.get("/channels/design/").content.decode()
    say(cast.carol, cast.design, "said while he wrote")

    post_text(bob, cast.design, "answer", seen="1")

    assert place(bob, cast.design).unread == 1
    assert new_line(bob, "/channels/design/") == 2


def test_who_answers_on_a_page_of_older_messages_sees_the_answer(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 120)
    bob = signed_in(cast.bob)
    assert 'name="newest" value="1"' in bob.get("/channels/design/").content.decode()

    answer = post_text(bob, cast.design, "answer", newest="1")

    assert answer["Location"] == "/channels/design/?newest=1"
    assert seqs(bob.get(answer["Location"]).context["messages_page"])[-1] == 121


# Who may


def test_who_is_not_in_a_channel_has_nothing_to_read_in_it(cast: Cast) -> None:
    said(cast.design, cast.carol)
    message = Message.objects.get()
    addresses = {
        "/channels/design/read/": {"seq": "1"},
        "/channels/design/mute/": {"muted": "true"},
        "/channels/design/notify/": {"notify": "true"},
        f"/messages/{message.client_id}/unread/": {},
    }

    def statuses(user: User) -> list[int]:
        client = signed_in(user)
        return [
            client.post(address, fields, headers=JSON).status_code for address, fields in addresses.items()
        ]

    assert statuses(cast.mallory) == [403, 403, 403, 403]
    assert statuses(cast.bob) == [200, 204, 204, 204]
    signed_in(cast.bob).post("/channels/design/unsubscribe/")
    assert statuses(cast.bob) == [403, 403, 403, 403]


def test_what_is_not_there_is_not_found(cast: Cast) -> None:
    cleared, deleted, kept = (say(cast.carol, cast.design, text) for text in ("one", "two", "three"))
    bob = signed_in(cast.bob)
    Membership.objects.filter(user=cast.bob, channel=cast.design).update(cleared_seq=cleared.seq)
    signed_in(cast.carol).post(f"/messages/{deleted.client_id}/delete/")

    def status(client_id: uuid.UUID) -> int:
        return int(bob.post(f"/messages/{client_id}/unread/").status_code)

    for client_id in (cleared.client_id, deleted.client_id, uuid.uuid4()):
        assert status(client_id) == 404
    assert status(kept.client_id) == 302
    buttons = (("read", {"seq": "1"}), ("mute", {"muted": "true"}), ("notify", {"notify": "true"}))
    for button, fields in buttons:
        assert bob.post(f"/channels/nowhere/{button}/", fields).status_code == 404


@pytest.mark.parametrize(
    ("button", "fields"),
    [
        ("read", {}),
        ("read", {"seq": "x"}),
        ("read", {"seq": "-1"}),
        ("read", {"seq": "9" * 5_000}),
        ("read", {"seq": "1", "known": "x"}),
        ("mute", {}),
        ("mute", {"muted": "perhaps"}),
        ("notify", {}),
        ("notify", {"notify": "perhaps"}),
    ],
)
def test_what_makes_no_sense_is_refused(cast: Cast, button: str, fields: dict[str, str]) -> None:
    answer = signed_in(cast.bob).post(f"/channels/design/{button}/", fields, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_only_a_button_of_ones_own_page_does_it(cast: Cast) -> None:
    message = say(cast.carol, cast.design, "hello")
    for address, fields in (
        ("/channels/design/read/", {"seq": "1"}),
        ("/channels/design/mute/", {"muted": "true"}),
        ("/channels/design/notify/", {"notify": "true"}),
        (f"/messages/{message.client_id}/unread/", {}),
    ):
        assert signed_in(cast.bob).get(address).status_code == 405
        assert signed_in(cast.bob, checks_csrf=True).post(address, fields).status_code == 403
        assert Client().post(address, fields, headers=JSON).status_code == 401
        other = signed_in(cast.bob).post(address, {**fields, "author": "carol"}, headers=JSON)
        assert (other.status_code, other.json()["code"]) == (409, "other_author")
    membership = Membership.objects.get(user=cast.bob, channel=cast.design)
    assert (membership.last_read_seq, membership.is_muted, membership.notifies) == (0, False, False)
    assert Client().get("/channels/sidebar/", headers=JSON).status_code == 401


def test_an_account_that_ended_reads_nothing(cast: Cast) -> None:
    gone = deactivate_user(cast.alice, cast.bob)
    acts: Iterable[Callable[[], object]] = (
        lambda: mark_read(gone, cast.design, seq=1),
        lambda: mark_unread(gone, cast.design, seq=1),
        lambda: mute_channel(gone, cast.design, is_muted=True),
        lambda: notify_of_channel(gone, cast.design, notifies=True),
    )
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


# The page


def test_the_page_opens_at_the_first_unread_message(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 200)
    bob = signed_in(cast.bob)
    read(bob, cast.design, 100)

    page = bob.get("/channels/design/").context["messages_page"]

    assert seqs(page) == list(range(77, 127))
    assert (page.new_from, page.is_latest) == (101, False)
    assert new_line(bob, "/channels/design/") == 101
    assert new_line(bob, "/channels/design/?newest=1") is None
    assert new_line(bob, "/channels/design/?before=151") == 101
    assert seqs(bob.get("/channels/design/?newest=1").context["messages_page"])[-1] == 200


def test_an_unread_message_on_the_newest_page_opens_that(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 200)
    bob = signed_in(cast.bob)
    read(bob, cast.design, 190)

    page = bob.get("/channels/design/").context["messages_page"]

    assert (seqs(page)[-1], page.new_from, page.is_latest) == (200, 191, True)


def test_what_is_read_or_cleared_or_not_ones_own_channel_opens_at_the_end(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 120)
    bob, dave = signed_in(cast.bob), signed_in(cast.dave)
    read(bob, cast.design, 120)
    dave.post("/channels/design/clear/")

    assert new_line(bob, "/channels/design/") is None
    assert new_line(dave, "/channels/design/") is None
    assert new_line(signed_in(cast.mallory), "/channels/design/") is None
    assert seqs(signed_in(cast.mallory).get("/channels/design/").context["messages_page"])[-1] == 120


def test_the_line_stands_above_somebody_elses_message_that_is_there(cast: Cast) -> None:
    said(cast.design, cast.carol, cast.bob, cast.carol, cast.carol)
    bob = signed_in(cast.bob)
    read(bob, cast.design, 1)
    deleted = Message.objects.get(seq=3)
    signed_in(cast.carol).post(f"/messages/{deleted.client_id}/delete/")

    assert new_line(bob, "/channels/design/") == 4


def test_the_first_unread_message_is_found_behind_many_own_ones(cast: Cast) -> None:
    said(cast.design, *[cast.bob] * 150, *[cast.carol] * 60)

    page = signed_in(cast.bob).get("/channels/design/").context["messages_page"]

    assert page.new_from == 151
    assert 151 in seqs(page)


def test_page_and_changes_say_how_far_was_read(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 3)
    bob, mallory = signed_in(cast.bob), signed_in(cast.mallory)
    read(bob, cast.design, 2)

    for address in ("", "changes/?after=1", "changes/?after=9"):
        assert 'data-last-read-seq="2"' in bob.get(f"/channels/design/{address}").content.decode()
        assert 'data-last-read-seq=""' in mallory.get(f"/channels/design/{address}").content.decode()


def test_only_members_are_offered_to_mark_messages(cast: Cast) -> None:
    say(cast.carol, cast.design, "hello")

    assert 'id="unread-form"' in signed_in(cast.bob).get("/channels/design/").content.decode()
    assert 'id="unread-form"' not in signed_in(cast.mallory).get("/channels/design/").content.decode()


# All at once, and after a long time


@pytest.mark.django_db(transaction=True)
def test_devices_that_read_at_once_end_at_the_furthest(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 40)
    devices = [signed_in(cast.bob) for _device in range(4)]

    for first in range(1, 41, 4):
        run_together(
            [partial(read, device, cast.design, first + place) for place, device in enumerate(devices)]
        )

        assert Membership.objects.get(user=cast.bob, channel=cast.design).last_read_seq == first + 3


@pytest.mark.django_db(transaction=True)
def test_marking_as_unread_wins_over_devices_that_are_reading(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 5)
    devices = [signed_in(cast.bob) for _device in range(4)]

    for _round in range(10):
        read(devices[0], cast.design, 4)

        run_together(
            [
                partial(mark_unread_at, devices[0], cast.design, 2),
                *[partial(read, device, cast.design, 5, known=4) for device in devices[1:]],
            ]
        )

        assert Membership.objects.get(user=cast.bob, channel=cast.design).last_read_seq == 1


@pytest.mark.django_db(transaction=True)
def test_who_joins_while_others_talk_has_unread_exactly_what_came_after(cast: Cast) -> None:
    def talk() -> None:
        for _turn in range(10):
            said(cast.design, cast.carol)

    run_together([talk, lambda: join_channel(cast.mallory, cast.design) and None])

    membership = Membership.objects.get(user=cast.mallory, channel=cast.design)
    assert unread(cast.mallory, cast.design) == 10 - membership.last_read_seq


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_other_devices_are_told_of_what_changes_and_of_nothing_else(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 2)
    bob = signed_in(cast.bob)
    buttons: list[Callable[[], object]] = [
        partial(read, bob, cast.design, 2),
        partial(bob.post, "/channels/design/notify/", {"notify": "true"}),
        partial(bob.post, "/channels/design/mute/", {"muted": "true"}),
    ]
    for press in buttons:
        told: list[Event] = []
        hearing = listen(told.append)
        press()
        assert told == [sidebar_changed(cast.bob.pk)]
        press()
        hearing.stop()
        assert told == [sidebar_changed(cast.bob.pk)]


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_other_devices_are_told_of_each_mark_as_they_may_be_about_to_undo_it(cast: Cast) -> None:
    said(cast.design, *[cast.carol] * 2)
    bob = signed_in(cast.bob)
    told: list[Event] = []
    hearing = listen(told.append)
    for times in (1, 2):
        mark_unread_at(bob, cast.design, 1)
        assert told == [sidebar_changed(cast.bob.pk)] * times
    hearing.stop()


def test_an_update_leaves_nobody_with_a_history_to_read(cast: Cast, django_assert_num_queries: Any) -> None:
    said(cast.design, *[cast.carol] * 3)
    said(cast.public, cast.carol)
    migration = import_module("channels_app.migrations.0004_unread")

    with django_assert_num_queries(1):
        migration.take_all_for_read(apps, None)

    entries = sidebar_of(cast.bob).entries
    assert [(entry.read_up_to, entry.unread) for entry in entries] == [(1, 0), (3, 0)]


@pytest.mark.stack
def test_counting_looks_at_unread_numbers_only_and_at_few(cast: Cast) -> None:
    def rows(user: User) -> int:
        return rows_read(lambda: sidebar_of(user))

    said(cast.design, *[cast.carol] * 5_000)
    many = [create_channel(cast.dave, name=f"many {number}") for number in range(40)]
    for channel in many:
        said(channel, *[cast.dave] * 200)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE messaging_message")
        cursor.fetchall()

    far_behind = rows(cast.bob)
    join_channel(cast.bob, cast.design)
    for channel in many:
        join_channel(cast.bob, channel)
        mark_unread(cast.bob, channel, seq=191)
    in_many = rows(cast.bob)
    design, membership = Channel.objects.get(pk=cast.design.pk), _membership(cast.bob, cast.design)
    opened = rows_read(lambda: opening_page(cast.bob, design, membership))

    assert far_behind < 1_100
    assert in_many < 1_100 + 40 * 25
    assert opened < 20 * PAGE


def _membership(user: User, channel: Channel) -> Membership:
    return Membership.objects.get(user=user, channel=channel)
