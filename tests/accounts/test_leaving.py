"""Ending one's own account: until an admin opens it again, or for good."""

import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts.actions import (
    block_user,
    create_user,
    deactivate_user,
    edit_user,
    give_rights,
    leave_site,
    reactivate_user,
    set_password,
)
from accounts.actors import SYSTEM
from accounts.models import AuditEntry, Avatar, Block, User, UserSession
from channels_app.actions import create_channel, invite, open_direct
from channels_app.models import Invitation, Kind, Membership
from chatsite.errors import ChatError, Conflict, NotAllowed
from messaging.actions import go_on_removing
from messaging.models import Message, RejectedMessage, Removal
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import Rejected, persist
from tests.accounts.test_pictures import upload
from tests.accounts.test_sign_up import sign_up
from tests.cast import PASSWORD, Cast, UserFactory, say, signed_in
from tests.messaging.test_timeline import NOON
from tests.pictures import file_of, striped
from tests.threads import run_together

PAGE = "/accounts/preferences/leave/"


@pytest.fixture(autouse=True)
def nobody_guessed_yet() -> None:
    cache.clear()  # how often is counted over all tests


def leave(browser: Client, way: str, password: str = PASSWORD) -> Any:
    return browser.post(PAGE, {"way": way, "password": password}, follow=True)


def test_a_deactivated_account_is_opened_again_by_an_admin_as_it_was(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    elsewhere = signed_in(cast.bob)
    say(cast.bob, cast.public, "hello")

    answer = leave(bob, "deactivate")

    assert [toast.text for toast in answer.context["toasts"]] == ["Your account is deactivated."]
    for browser in (bob, elsewhere):
        assert browser.get("/channels/public/")["Location"].startswith("/accounts/login/")
    assert "Bob Okafor" in signed_in(cast.carol).get("/channels/public/").content.decode()
    assert AuditEntry.objects.filter(act="account_deactivated", actor=cast.bob, person=cast.bob).count() == 1
    reactivate_user(cast.alice, cast.bob)
    login = {"login": "bob", "password": PASSWORD}
    assert Client().post("/accounts/login/", login)["Location"] == "/"


def test_of_a_deleted_account_nothing_is_left_but_what_was_said(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    block_user(cast.bob, cast.mallory)
    block_user(cast.dave, cast.bob)
    bob_was_here = bob.cookies["chat_session"].value
    upload(bob, file_of(striped(300, 300)))
    bob.post("/accounts/preferences/", {"section": "appearance", "theme": "dark", "time_zone": "Asia/Tokyo"})
    address = {"section": "email", "email": "bob@example.org", "password": PASSWORD}
    bob.post("/accounts/preferences/", address)
    message = say(cast.bob, cast.public, "hello")
    direct = open_direct(cast.carol, usernames=["bob"])
    say(cast.carol, direct, "psst")
    bob.post(f"/channels/{direct.slug}/read/", {"seq": "1"})
    hideout = create_channel(cast.carol, name="hideout", kind=Kind.PRIVATE)
    invite(cast.carol, hideout, username="bob")

    answer = leave(bob, "delete")

    assert [toast.text for toast in answer.context["toasts"]][-1] == "Your account is deleted."
    gone = User.objects.get(pk=cast.bob.pk)
    row = " ".join(str(User.objects.filter(pk=gone.pk).values().get()).split())
    assert not re.search("bob|Okafor|dark|Tokyo|example", row, re.IGNORECASE)
    assert not gone.is_active
    assert not gone.has_usable_password()
    assert not Avatar.objects.filter(user=gone).exists()
    assert not Block.objects.exists()
    assert not UserSession.objects.filter(user=gone).exists()
    assert bob_was_here not in Session.objects.values_list("pk", flat=True)
    assert Membership.objects.filter(user=gone, left_at=None).get().channel == direct
    assert not Membership.objects.filter(user=gone).exclude(last_read_seq=0).exists()
    assert not Invitation.objects.pending().filter(user=gone).exists()
    cast.public.refresh_from_db()
    assert cast.public.member_count == 4
    page = signed_in(cast.carol).get("/channels/public/").content.decode()
    assert "hello" in page
    assert "Deleted user" in page
    assert not re.search(r"\bbob\b|Okafor", page)
    message.refresh_from_db()
    assert message.author == gone


def test_pages_about_who_is_gone_name_nobody(cast: Cast) -> None:
    direct = open_direct(cast.carol, usernames=["bob"])
    leave(signed_in(cast.bob), "delete")
    gone = User.objects.get(pk=cast.bob.pk)
    carol = signed_in(cast.carol)

    page = carol.get(gone.get_absolute_url()).content.decode()
    assert "This account was deleted." in page
    assert "Member since" not in page
    assert gone.username not in page.partition("<main")[2]
    assert carol.get("/people/bob/").status_code == 404
    assert ">Deleted user<" in carol.get(direct.get_absolute_url()).content.decode()
    german = carol.get(gone.get_absolute_url(), headers={"Accept-Language": "de"})
    assert german.context["person"].display_name == german.context["person"].get_full_name()


def test_nobody_takes_the_name_of_who_is_gone(cast: Cast, client: Client) -> None:
    leave(signed_in(cast.bob), "delete")

    for name in ("bob", "BOB", "b\u043eb"):  # the last with a Cyrillic o
        with pytest.raises(Conflict):
            create_user(SYSTEM, username=name)
    assert sign_up(client, "bob").status_code == 200
    assert create_user(SYSTEM, username="bobby").username == "bobby"


def test_a_deleted_account_stays_as_it_is(cast: Cast) -> None:
    leave(signed_in(cast.bob), "delete")
    gone = User.objects.get(pk=cast.bob.pk)
    rights: dict[str, Any] = {"is_staff": True, "is_superuser": True, "groups": [], "permissions": []}

    for act in (
        partial(reactivate_user, cast.alice, gone),
        partial(set_password, cast.alice, gone, password=PASSWORD),
        partial(edit_user, cast.alice, gone, display_name="Bob", email=""),
        partial(give_rights, cast.alice, gone, **rights),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert signed_in(cast.alice).get(f"/admin/accounts/user/{gone.pk}/change/").status_code == 200
    assert "Deleted user" in signed_in(cast.alice).get("/admin/accounts/user/").content.decode()


def test_it_takes_the_password_or_where_there_is_none_the_name(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    for way in ("deactivate", "delete"):
        answer = leave(bob, way, "wrong")
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["password"])
        assert 'value="wrong"' not in answer.content.decode()
    assert leave(bob, "").status_code == 422
    assert leave(bob, "vanish").status_code == 422
    cast.bob.refresh_from_db()
    assert cast.bob.is_active

    set_password(SYSTEM, cast.carol, password=None)
    cast.carol.refresh_from_db()
    carol = signed_in(cast.carol)
    assert leave(carol, "delete", "dave").status_code == 422
    assert leave(carol, "delete", " Carol ").redirect_chain[-1][0] == "/accounts/login/"


def test_who_finds_the_page_open_can_not_guess_for_long(cast: Cast) -> None:
    mallory = signed_in(UserFactory.create(username="guessed"))

    answers = [leave(mallory, "delete", "wrong").status_code for _guess in range(6)]

    assert answers == [422] * 5 + [429]


def test_the_page_is_ones_own(cast: Cast) -> None:
    fields = {"way": "delete", "password": PASSWORD}
    json = {"Accept": "application/json"}
    assert Client().post(PAGE, fields, headers=json).status_code == 401
    assert signed_in(cast.bob, checks_csrf=True).post(PAGE, fields, headers=json).status_code == 403
    assert signed_in(cast.bob).post(PAGE, {**fields, "author": "carol"}, headers=json).status_code == 409
    gone = deactivate_user(cast.alice, cast.bob)
    with pytest.raises(NotAllowed):
        leave_site(gone, way="delete", password=PASSWORD)
    assert User.objects.filter(username="bob").exists()


def test_the_last_with_all_rights_stays(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    for way in ("deactivate", "delete"):
        answer = leave(alice, way)
        assert (answer.status_code, answer.context["form"].refusal.code) == (409, "last_superuser")
    with pytest.raises(Conflict):
        deactivate_user(cast.alice, cast.alice)

    UserFactory.create(username="zoe", is_superuser=True)
    assert leave(alice, "delete").redirect_chain[-1][0] == "/accounts/login/"


@pytest.mark.django_db(transaction=True)
def test_two_with_all_rights_who_leave_together_do_not_both(cast: Cast) -> None:
    zoe = UserFactory.create(username="zoe", is_superuser=True)

    def go(user: User) -> str:
        try:
            leave_site(user, way="delete", password=PASSWORD)
        except ChatError as error:
            return error.code
        return "gone"

    assert sorted(run_together([partial(go, user) for user in (cast.alice, zoe)])) == [
        "gone",
        "last_superuser",
    ]


def test_who_owns_a_private_channel_alone_hands_it_over_first(cast: Cast) -> None:
    create_channel(cast.bob, name="hideout", kind=Kind.PRIVATE)

    answer = leave(signed_in(cast.bob), "delete")

    assert (answer.status_code, answer.context["form"].refusal.code) == (409, "last_owner")
    assert "hideout" in str(answer.context["form"].non_field_errors())
    cast.bob.refresh_from_db()
    assert cast.bob.is_active


def test_what_waits_in_the_queue_of_who_is_gone_is_not_stored(cast: Cast) -> None:
    waiting = Envelope(uuid.uuid4(), cast.public.pk, cast.bob.pk, "too late", NOON)
    leave(signed_in(cast.bob), "delete")

    assert persist([waiting], keep_rejected=False) == [Rejected(waiting.client_id, "author_may_not_post")]


def test_what_was_said_goes_too_where_that_is_wanted(
    cast: Cast, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr("chatsite.background._start", lambda _task, arguments: begun.extend(arguments))
    for channel in (cast.public, cast.design):
        say(cast.bob, channel, "soup at noon")
        say(cast.carol, channel, "hers")
    late = Envelope(uuid.uuid4(), cast.public.pk, cast.bob.pk, "on its way", NOON)
    with django_capture_on_commit_callbacks(execute=True):
        leave(signed_in(cast.bob), "delete_all")
    persist([late], keep_rejected=True)

    [removal_id] = begun
    go_on_removing(removal_id)

    for channel in (cast.public, cast.design):
        page = signed_in(cast.carol).get(channel.get_absolute_url()).content.decode()
        assert "hers" in page
        assert "soup at noon" not in page
    assert "on its way" not in RejectedMessage.objects.get(client_id=late.client_id).envelope
    changes = signed_in(cast.carol).get("/channels/public/changes/?after=2").content.decode()
    assert "data-deleted" in changes
    assert AuditEntry.objects.filter(act="messages_removed", actor=cast.bob).count() == 1


@pytest.mark.parametrize("way", ["delete", "delete_all"])
def test_what_was_never_stored_of_who_is_gone_is_kept_nowhere(cast: Cast, way: str) -> None:
    """Nobody could ever store it: the account writes no more."""
    before = Envelope(uuid.uuid4(), cast.design.pk, cast.mallory.pk, "a secret of hers", NOON)
    after = Envelope(uuid.uuid4(), cast.public.pk, cast.mallory.pk, "another secret", NOON)
    of_others = Envelope(uuid.uuid4(), cast.public.pk, cast.bob.pk, "a secret of his", NOON)
    deactivate_user(cast.alice, cast.bob)
    persist([before, of_others], keep_rejected=True)
    leave(signed_in(cast.mallory), way)
    Removal.objects.update(seen_at=NOON)
    call_command("finish_removals")
    for _delivery in range(2):
        persist([after], keep_rejected=True)

    rows = RejectedMessage.objects.filter(author=cast.mallory)
    assert len(rows) == 2
    for row in rows:
        assert "secret" not in f"{row.envelope}{row.detail}"
        assert row.outcome == RejectedMessage.Outcome.DELETED
    kept = RejectedMessage.objects.get(author=cast.bob)
    assert ("secret" in kept.envelope, kept.outcome) == (True, RejectedMessage.Outcome.OPEN)


def test_what_nobody_began_is_finished_by_a_command(cast: Cast) -> None:
    say(cast.bob, cast.public, "mine")
    leave_site(cast.bob, way="delete_all", password=PASSWORD)
    call_command("finish_removals")
    assert Message.objects.filter(author=cast.bob, deleted_at=None).count() == 1  # somebody may be at it

    Removal.objects.update(seen_at=NOON)
    call_command("finish_removals")

    assert not Message.objects.filter(author=cast.bob, deleted_at=None).exists()
    assert Removal.objects.get().has_ended
