"""The audit log: what is in it, what never is, and that nothing takes anything out."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.actions import deactivate_user, edit_user, give_rights, set_password
from accounts.models import Act, AuditEntry, User
from chatsite.errors import NotAllowed
from messaging.actions import discard_rejected
from messaging.models import RejectedMessage
from tests.cast import PASSWORD, Cast, signed_in

LOG_IN = "/accounts/login/"
ADDRESS = "203.0.113.7"


def acts() -> list[tuple[str | None, str, str | None]]:
    """Who did what to whom, after the cast was made."""
    entries = AuditEntry.objects.exclude(act=Act.ACCOUNT_CREATED).order_by("pk")
    return list(entries.values_list("actor__username", "act", "person__username"))


def last() -> AuditEntry:
    return AuditEntry.objects.order_by("pk")[AuditEntry.objects.count() - 1]


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("way_out", ["/accounts/logout/", "/admin/logout/"])
def test_logging_in_and_out_is_written_down_and_from_where(client: Client, cast: Cast, way_out: str) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_staff=True)
    client.post(LOG_IN, {"login": "bob", "password": "wrong"}, REMOTE_ADDR=ADDRESS)
    client.post(LOG_IN, {"login": "bob", "password": PASSWORD}, REMOTE_ADDR=ADDRESS)
    client.post(way_out, REMOTE_ADDR=ADDRESS)

    assert acts() == [
        (None, "log_in_failed", "bob"),
        ("bob", "logged_in", "bob"),
        ("bob", "logged_out", "bob"),
    ]
    assert set(AuditEntry.objects.exclude(act=Act.ACCOUNT_CREATED).values_list("origin", flat=True)) == {
        ADDRESS
    }


def test_what_was_typed_in_vain_is_not_kept(client: Client, cast: Cast) -> None:
    client.post(LOG_IN, {"login": "four secret words", "password": "x"})

    assert acts() == [(None, "log_in_failed", None)]
    assert "secret" not in printed()


def test_an_address_that_is_only_claimed_is_not_believed(client: Client, cast: Cast, settings: Any) -> None:
    forged: dict[str, Any] = {"REMOTE_ADDR": ADDRESS, "HTTP_X_FORWARDED_FOR": "198.51.100.1, 198.51.100.2"}
    client.post(LOG_IN, {"login": "bob", "password": PASSWORD}, **forged)
    assert last().origin == ADDRESS

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    Client().post(LOG_IN, {"login": "bob", "password": "wrong"}, **forged)
    assert last().origin == "198.51.100.2"  # which our own proxy wrote behind what the client claimed


def test_signing_up_and_the_command_make_entries_too(client: Client, cast: Cast) -> None:
    entry = {"username": "erin", "password1": PASSWORD, "display_name": "Erin"}
    client.post("/accounts/signup/", entry, REMOTE_ADDR=ADDRESS)
    made = AuditEntry.objects.get(act=Act.ACCOUNT_CREATED, person__username="erin")
    assert (made.actor, made.origin) == (None, ADDRESS)

    call_command("create_user", "frank", stdout=io.StringIO())
    made = AuditEntry.objects.get(act=Act.ACCOUNT_CREATED, person__username="frank")
    assert (made.actor, made.origin) == (None, "manage.py create_user")


def test_what_an_admin_does_is_written_down_with_before_and_after(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Robert", email="")
    assert (last().before, last().after) == ({"display_name": "Bob Okafor"}, {"display_name": "Robert"})
    set_password(cast.alice, cast.bob, password="another four words")
    give_rights(cast.alice, cast.bob, is_staff=True, is_superuser=False, groups=[], permissions=[])
    assert (last().before, last().after) == ({"is_staff": False}, {"is_staff": True})
    cast.bob.refresh_from_db()
    deactivate_user(cast.alice, cast.bob)

    assert acts() == [
        ("alice", act, "bob")
        for act in ("account_edited", "password_set", "rights_given", "account_deactivated")
    ]
    assert "another four words" not in printed()


def test_what_changes_nothing_and_what_is_refused_is_not_there(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name=cast.bob.display_name, email="")
    with pytest.raises(NotAllowed):
        deactivate_user(cast.mallory, cast.bob)

    assert acts() == []


def test_a_decision_about_a_message_is_there_without_its_text(cast: Cast) -> None:
    rejected = RejectedMessage.objects.create(
        author=cast.bob, digest="1", envelope='{"text": "a secret"}', reason="x", rejected_at=timezone.now()
    )
    discard_rejected(cast.alice, rejected)

    assert acts() == [("alice", "rejected_discarded", "bob")]
    assert "secret" not in printed()


def test_nothing_is_changed_or_taken_out(cast: Cast) -> None:
    entry = last()
    for undo in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(origin="nowhere"),
        lambda: AuditEntry.objects.filter(pk=entry.pk).delete(),
    ):
        with pytest.raises(TypeError):
            undo()

    page = f"/admin/accounts/auditentry/{entry.pk}/"
    alice = signed_in(cast.alice)
    assert alice.get(f"{page}change/").status_code == 200
    assert alice.post(f"{page}change/", {"origin": "nowhere"}).status_code == 403
    assert alice.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.filter(pk=entry.pk, origin=entry.origin).exists()


def test_an_admin_finds_what_somebody_did_or_had_done_to_them(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Robert", email="")
    alice = signed_in(cast.alice)
    found = alice.get("/admin/accounts/auditentry/", {"q": "alice", "act": "account_edited"}).content.decode()
    assert "Robert" in found
    found = alice.get("/admin/accounts/auditentry/", {"q": "carol", "act": "account_edited"}).content.decode()
    assert "Robert" not in found
    assert signed_in(cast.bob).get("/admin/accounts/auditentry/").status_code == 302


def test_the_command_prints_json_and_csv_and_chooses(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Robert", email="")
    [line] = printed("--user", "alice", "--act", "account_edited").splitlines()
    facts = json.loads(line)
    assert (facts["who"], facts["whom"], facts["after"]) == ("alice", "bob", {"display_name": "Robert"})
    rows = list(csv.DictReader(io.StringIO(printed("--format", "csv"))))
    assert len(rows) == AuditEntry.objects.count()
    assert rows[-1]["what"] == "account_edited"

    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    assert printed("--since", tomorrow) == ""
    assert printed("--until", tomorrow) == printed()
    for arguments in (["--since", "31/12"], ["--until", "2026-02-31"], ["--user", "nobody"]):
        with pytest.raises(CommandError):
            printed(*arguments)


@pytest.mark.usefixtures("cast")
def test_a_person_in_the_log_can_not_be_deleted() -> None:
    with pytest.raises(Exception, match="referenced"):
        User.objects.get(username="bob").delete()
