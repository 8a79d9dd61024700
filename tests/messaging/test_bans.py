"""Banning somebody from the site, and removing what they said."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actions import ban_user, deactivate_user, lift_ban, reactivate_user
from accounts.models import REASON_LENGTH, Act, AuditEntry, Ban, User
from channels_app.actions import create_channel, open_direct
from channels_app.models import Channel, Kind
from chatsite.errors import Conflict, Invalid, NotAllowed
from messaging.actions import ban, begin_removal_again, edit_message, go_on_removing, start_removal
from messaging.actions.removals import PORTION
from messaging.models import EarlierText, Message, Removal
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from tests.cast import PASSWORD, Cast, UserFactory, post_text, say, signed_in
from tests.waiting import wait_for

PAGE = "/people/mallory/ban/"


def said(author: User, channel: Channel, text: str, *, ago: timedelta = timedelta(0)) -> Message:
    """Have `author` have said something a while ago."""
    envelope = Envelope(uuid.uuid4(), channel.pk, author.pk, text, timezone.now() - ago)
    persist([envelope], keep_rejected=False)
    return Message.objects.get(client_id=envelope.client_id)


def texts_of(author: User) -> list[str]:
    messages = Message.objects.filter(author=author, deleted_at=None).order_by("pk")
    return list(messages.values_list("text", flat=True))


def test_an_admin_bans_somebody_with_a_reason(cast: Cast) -> None:
    mallory = signed_in(cast.mallory)
    alice = signed_in(cast.alice)
    assert "Ban from the site" in alice.get("/people/mallory/").content.decode()
    assert alice.get(PAGE).status_code == 200

    response = alice.post(PAGE, {"reason": "  Sells   watches ", "removes": ""})

    assert response.headers["Location"] == PAGE
    ban = Ban.objects.get()
    assert (ban.user, ban.reason, ban.banned_by) == (cast.mallory, "Sells watches", cast.alice)
    assert ban.holds
    assert "Sells watches" in alice.get(PAGE).content.decode()
    assert mallory.get("/channels/public/").headers["Location"].startswith("/accounts/login/")
    Client().post("/accounts/login/", {"login": "mallory", "password": PASSWORD})
    assert not AuditEntry.objects.filter(act=Act.LOGGED_IN).exists()
    entry = AuditEntry.objects.get(act=Act.BANNED)
    assert (entry.actor, entry.person, entry.after) == (cast.alice, cast.mallory, {"reason": "Sells watches"})
    assert not Removal.objects.exists()


def test_what_waits_in_the_queue_is_rejected(cast: Cast) -> None:
    ban_user(cast.alice, cast.mallory, reason="")

    [outcome] = persist(
        [Envelope(uuid.uuid4(), cast.public.pk, cast.mallory.pk, "late", timezone.now())], keep_rejected=False
    )

    assert outcome.reason == "author_may_not_post"  # type: ignore[union-attr]


def test_a_lifted_ban_lets_them_in_again_as_they_were(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    members = Channel.objects.get(pk=cast.public.pk).member_count
    alice.post(PAGE, {"reason": "", "removes": ""})
    assert Channel.objects.get(pk=cast.public.pk).member_count == members - 1

    assert alice.post(f"{PAGE}lift/").headers["Location"] == "/people/mallory/"
    alice.post(f"{PAGE}lift/")

    assert signed_in(cast.mallory).get("/channels/public/").status_code == 200
    assert Channel.objects.get(pk=cast.public.pk).member_count == members
    assert AuditEntry.objects.filter(act=Act.BAN_LIFTED).count() == 1
    alice.post(PAGE, {"reason": "Again", "removes": ""})
    assert Ban.objects.get().reason == "Again"


def test_a_session_of_before_a_ban_is_none_after_it(cast: Cast) -> None:
    before = signed_in(cast.mallory)
    ban_user(cast.alice, cast.mallory, reason="")
    lift_ban(cast.alice, cast.mallory)

    assert before.get("/channels/public/").status_code == 302
    assert signed_in(cast.mallory).get("/channels/public/").status_code == 200


def test_a_removal_that_was_put_off_leaves_what_is_said_after_the_ban(cast: Cast) -> None:
    say(cast.mallory, cast.public, "of before")
    ban(cast.alice, cast.mallory, reason="", removes="all")
    lift_ban(cast.alice, cast.mallory)
    say(cast.mallory, cast.public, "of after")

    go_on_removing(Removal.objects.get().pk)

    assert texts_of(cast.mallory) == ["of after"]


def test_lifting_a_ban_opens_no_account_that_had_ended(cast: Cast) -> None:
    deactivate_user(cast.alice, cast.mallory)
    ban_user(cast.alice, cast.mallory, reason="")
    lift_ban(cast.alice, cast.mallory)

    assert not User.objects.get(pk=cast.mallory.pk).is_active


def test_who_is_banned_is_let_in_by_lifting_the_ban_alone(cast: Cast) -> None:
    ban_user(cast.alice, cast.mallory, reason="")
    with pytest.raises(Conflict):
        reactivate_user(cast.alice, cast.mallory)
    with pytest.raises(Conflict):
        ban_user(cast.alice, cast.mallory, reason="")

    lift_ban(cast.alice, cast.mallory)
    assert User.objects.get(pk=cast.mallory.pk).is_active


def test_a_reason_has_a_length(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    assert alice.post(PAGE, {"reason": "x" * (REASON_LENGTH + 1), "removes": ""}).status_code == 422
    with pytest.raises(Invalid):
        ban_user(cast.alice, cast.mallory, reason="x" * (REASON_LENGTH + 1))
    assert alice.post(PAGE, {"reason": "", "removes": "everything"}).status_code == 422
    assert not Ban.objects.exists()


def test_nobody_else_bans_and_nobody_themselves(cast: Cast) -> None:
    admin = UserFactory.create(username="erin", is_staff=True)
    other = UserFactory.create(username="frank", is_staff=True)
    for actor, person in (
        (cast.bob, cast.mallory),
        (admin, cast.alice),
        (admin, other),
        (admin, admin),
        (cast.alice, cast.alice),
    ):
        client = signed_in(actor)
        page = f"/people/{person.username}/ban/"
        assert "/ban/" not in client.get(f"/people/{person.username}/").content.decode()
        for answer in (
            client.get(page),
            client.post(page, {"reason": "", "removes": "all"}),
            client.post(f"{page}lift/"),
            client.post(f"{page}removal/", {"removes": "all"}),
            client.post(f"{page}removal/again/"),
        ):
            assert answer.status_code == 403
        with pytest.raises(NotAllowed):
            lift_ban(actor, person)
    assert not Ban.objects.exists()

    ban_user(admin, cast.mallory, reason="")
    ban_user(cast.alice, admin, reason="")
    assert Ban.objects.count() == 2


def test_the_admin_lists_bans_and_lifts_them(cast: Cast) -> None:
    ban_user(cast.alice, cast.mallory, reason="Sells watches")
    ban_user(cast.alice, cast.bob, reason="")
    lift_ban(cast.alice, cast.bob)
    alice = signed_in(cast.alice)

    account = alice.get(f"/admin/accounts/user/{cast.mallory.pk}/change/").content.decode()
    assert f'href="{PAGE}"' in account
    own = alice.get(f"/admin/accounts/user/{cast.alice.pk}/change/").content.decode()
    assert "/people/" not in own
    shown = alice.get("/admin/accounts/ban/").content.decode()
    assert "Sells watches" in shown
    assert "bob" not in shown
    assert ">bob<" in alice.get("/admin/accounts/ban/?lifted=yes").content.decode()
    found = alice.get("/admin/accounts/ban/?q=mall")
    assert found.context["cl"].result_count == 1
    alice.post("/admin/accounts/ban/", {"action": "lift", "_selected_action": [cast.mallory.pk]})
    assert User.objects.get(pk=cast.mallory.pk).is_active


@pytest.mark.parametrize(
    ("removes", "left"), [("hour", ["yesterday", "this morning"]), ("day", ["yesterday"]), ("all", [])]
)
@pytest.mark.django_db(transaction=True)
def test_what_they_said_is_removed_as_far_back_as_asked(
    cast: Cast, task_worker: None, removes: str, left: list[str]
) -> None:
    said(cast.mallory, cast.public, "yesterday", ago=timedelta(hours=25))
    said(cast.mallory, cast.public, "this morning", ago=timedelta(hours=3))
    private = create_channel(cast.mallory, name="den", kind=Kind.PRIVATE)
    direct = open_direct(cast.mallory, usernames=["bob"])
    for channel in (cast.public, private, direct):
        say(cast.mallory, channel, "just now")
    say(cast.bob, cast.public, "Something else")
    alice = signed_in(cast.alice)

    alice.post(PAGE, {"reason": "", "removes": removes})

    wait_for(lambda: Removal.objects.filter(ended_at__isnull=False).exists(), what="the end of the removal")
    assert texts_of(cast.mallory) == left
    assert texts_of(cast.bob) == ["Something else"]
    removal = Removal.objects.get()
    assert removal.done == removal.total == 5 - len(left)
    page = alice.get(PAGE).content.decode()
    assert f"{removal.done} of {removal.done}" in page
    assert "hx-trigger" not in page
    entry = AuditEntry.objects.get(act=Act.MESSAGES_REMOVED)
    assert (entry.actor, entry.person) == (cast.alice, cast.mallory)


# Below nobody is at it: no worker runs, and without a broker a test's transaction is never committed.


def test_a_removal_goes_by_portions_and_pages_follow_each(cast: Cast) -> None:
    edited = say(cast.mallory, cast.public, "before")
    edit_message(cast.mallory, edited.client_id, text="after")
    now = timezone.now()
    persist(
        [
            Envelope(uuid.uuid4(), channel.pk, author.pk, f"{number}", now)
            for number in range(PORTION)
            for channel, author in ((cast.public, cast.mallory), (cast.design, cast.bob))
        ],
        keep_rejected=False,
    )
    ban_user(cast.alice, cast.mallory, reason="")
    removal = start_removal(cast.alice, cast.mallory, removes="all")
    before = Channel.objects.get(pk=cast.public.pk).version

    go_on_removing(removal.pk)

    removal.refresh_from_db()
    assert (removal.done, removal.total, removal.has_ended) == (PORTION + 1, PORTION + 1, True)
    public = Channel.objects.get(pk=cast.public.pk)
    assert public.version == before + PORTION + 1
    versions = Message.objects.filter(channel=public, author=cast.mallory).order_by("version")
    assert list(versions.values_list("version", flat=True)) == list(range(before + 1, public.version + 1))
    assert not EarlierText.objects.exists()
    assert len(texts_of(cast.bob)) == PORTION
    changes = signed_in(cast.carol).get(f"/channels/public/changes/?after={before}").content.decode()
    assert changes.count("data-deleted") == PORTION + 1


class Killed(BaseException):
    """As a signal would."""


@contextmanager
def killed_after(statements: int) -> Iterator[None]:
    """End whoever is at work within after so many statements."""
    left = statements

    def count(execute: Any, *call: Any) -> Any:
        nonlocal left
        left -= 1
        if left == -1:  # what undoes the transaction then goes through
            raise Killed
        return execute(*call)

    with connection.execute_wrapper(count), suppress(Killed):
        yield


@pytest.mark.parametrize("statements", range(1, 40, 3))
def test_a_removal_that_was_killed_goes_on_where_it_was(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, statements: int
) -> None:
    monkeypatch.setattr("messaging.actions.removals.PORTION", 2)
    for number in range(5):
        say(cast.mallory, cast.public, f"{number}")
    ban_user(cast.alice, cast.mallory, reason="")
    removal = start_removal(cast.alice, cast.mallory, removes="all")

    with killed_after(statements):
        go_on_removing(removal.pk)
    assert Removal.objects.get().done == 5 - len(texts_of(cast.mallory))
    begin_removal_again(cast.alice, cast.mallory)
    go_on_removing(removal.pk)

    removal.refresh_from_db()
    assert (removal.done, removal.total, texts_of(cast.mallory)) == (5, 5, [])
    go_on_removing(removal.pk)
    assert Removal.objects.get().done == 5


def test_a_page_shows_how_far_it_is_and_has_it_begun_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.actions.removals.PORTION", 2)
    for number in range(3):
        say(cast.mallory, cast.public, f"{number}")
    ban_user(cast.alice, cast.mallory, reason="")
    removal = start_removal(cast.alice, cast.mallory, removes="all")
    alice = signed_in(cast.alice)
    page = alice.get(PAGE).content.decode()
    assert "It begins in a moment" in page
    assert "Go on" not in page

    for statements in range(3, 40):
        with killed_after(statements):
            go_on_removing(removal.pk)
        if Removal.objects.get().done:
            break
    Removal.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    page = alice.get(PAGE).content.decode()
    assert "2 of 3" in page
    assert "Go on" in page
    assert 'http-equiv="refresh"' in page

    assert alice.post(f"{PAGE}removal/again/").status_code == 302
    assert "Go on" not in alice.get(PAGE).content.decode()


def test_what_was_said_before_a_ban_can_be_removed_later(cast: Cast) -> None:
    said(cast.mallory, cast.public, "that day", ago=timedelta(hours=30))
    alice = signed_in(cast.alice)
    assert alice.post(f"{PAGE}removal/", {"removes": "hour"}).status_code == 409
    ban_user(cast.alice, cast.mallory, reason="")
    Ban.objects.update(banned_at=timezone.now() - timedelta(hours=29, minutes=30))

    assert alice.post(f"{PAGE}removal/", {"removes": ""}).status_code == 422
    assert alice.post(f"{PAGE}removal/", {"removes": "hour"}).status_code == 302
    go_on_removing(Removal.objects.get().pk)

    assert texts_of(cast.mallory) == []


def test_a_banned_member_posts_nothing(cast: Cast) -> None:
    mallory = signed_in(cast.mallory)
    ban_user(cast.alice, cast.mallory, reason="")

    post_text(mallory, cast.public, "let me in")

    assert not Message.objects.filter(author=cast.mallory).exists()
