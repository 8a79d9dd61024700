"""All that the site keeps of somebody, as a file that is made for them."""

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.actions import (
    ask_for_export,
    block_user,
    deactivate_user,
    leave_site,
    make_export,
    set_display_name,
)
from accounts.actions import exports as making
from accounts.models import EXPORT_KEPT_FOR, AuditEntry, Export, ExportPart
from channels_app.actions import accept_invitation, create_channel, invite, leave_channel, rename_channel
from channels_app.models import Kind
from chatsite.errors import NotAllowed
from messaging.actions import delete_message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from tests.accounts.test_pictures import upload
from tests.cast import PASSWORD, Cast, say, signed_in
from tests.messaging.test_timeline import NOON
from tests.pictures import file_of, striped
from tests.waiting import wait_for

BUTTON = "/accounts/preferences/export/"
FILE = "/accounts/preferences/export/file/"
PREFERENCES = "/accounts/preferences/"
SCRIPT = {"HX-Request": "true"}


def loaded(browser: Client) -> zipfile.ZipFile:
    answer = browser.get(FILE, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    body = answer.getvalue()
    assert len(body) == int(answer["Content-Length"])
    file = zipfile.ZipFile(io.BytesIO(body))
    assert file.testzip() is None
    return file


def lines(file: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read(name).splitlines()]


def test_it_has_all_that_the_site_keeps_of_who_asked(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    block_user(cast.bob, cast.mallory)
    upload(bob, file_of(striped(300, 300)))
    bob.post(PREFERENCES, {"section": "appearance", "theme": "dark"})
    say(cast.bob, cast.public, "hello <world>")
    say(cast.bob, cast.design, "größer")
    say(cast.carol, cast.design, "not mine")
    gone = say(cast.bob, cast.design, "taken back")
    delete_message(cast.bob, gone.client_id)

    assert bob.post(BUTTON).status_code == 302
    make_export(cast.bob.pk)

    file = loaded(bob)
    assert {name for name in file.namelist() if "." in name} == {
        "README.txt",
        "account.json",
        "preferences.json",
        "picture.webp",
        "sessions.jsonl",
        "blocked.jsonl",
        "memberships.jsonl",
        "messages/public.jsonl",
        "messages/design.jsonl",
        "audit.jsonl",
    }
    assert "bob" in file.read("README.txt").decode()
    assert json.loads(file.read("account.json"))["display_name"] == "Bob Okafor"
    assert json.loads(file.read("preferences.json"))["theme"] == "dark"
    assert file.read("picture.webp")[8:12] == b"WEBP"
    assert [line["whom"] for line in lines(file, "blocked.jsonl")] == ["mallory"]
    assert [line["channel"] for line in lines(file, "memberships.jsonl")] == ["public", "design"]
    assert [line["text"] for line in lines(file, "messages/public.jsonl")] == ["hello <world>"]
    assert [line["text"] for line in lines(file, "messages/design.jsonl")] == ["größer"]
    assert [line["what"] for line in lines(file, "audit.jsonl")] == ["account_created", "data_exported"]
    assert AuditEntry.objects.filter(act="data_exported", actor=cast.bob, person=cast.bob).count() == 1


def test_what_others_did_and_what_is_hidden_now_is_not_in_it(cast: Cast) -> None:
    hideout = create_channel(cast.carol, name="hideout", kind=Kind.PRIVATE)
    accept_invitation(cast.bob, invite(cast.carol, hideout, username="bob").pk)
    say(cast.bob, hideout, "I was here")
    leave_channel(cast.carol, hideout, user=cast.bob)
    rename_channel(cast.carol, hideout, name="without bob")
    leave_channel(cast.alice, cast.design, user=cast.bob)

    ask_for_export(cast.bob)
    make_export(cast.bob.pk)

    file = loaded(signed_in(cast.bob))
    assert lines(file, f"messages/{hideout.slug}.jsonl")[0]["text"] == "I was here"
    assert lines(file, "memberships.jsonl")[-1]["channel"] == ""
    everything = b"".join(file.read(name) for name in file.namelist())
    assert b"without bob" not in everything
    assert b"hideout" not in everything
    assert b"member_removed" not in everything


def test_a_long_history_is_read_and_stored_in_portions(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PART_BYTES", 500)
    monkeypatch.setattr("messaging.actions.exports.READ", 7)
    said = [f"{n} {uuid.uuid4()}" for n in range(150)]
    persist(
        [Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, text, NOON) for text in said],
        keep_rejected=False,
    )
    ask_for_export(cast.bob)

    make_export(cast.bob.pk)

    assert ExportPart.objects.filter(export=cast.bob.pk).count() > 10
    assert [line["text"] for line in lines(loaded(signed_in(cast.bob)), "messages/design.jsonl")] == said


def test_a_picture_of_the_way(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert "Export my data" in bob.get(PREFERENCES).content.decode()
    assert bob.get(FILE).status_code == 404

    page = bob.post(BUTTON, follow=True).content.decode()
    assert "<progress" in page
    assert "Export my data" not in page
    assert bob.get(FILE).status_code == 404
    assert 'hx-trigger="every 2s"' in bob.get(BUTTON, headers=SCRIPT).content.decode()

    make_export(cast.bob.pk)
    ready = bob.get(BUTTON, headers=SCRIPT).content.decode()
    assert "hx-trigger" not in ready
    assert f'href="{FILE}"' in ready
    assert bob.get(BUTTON).status_code == 302  # where there is no script, the page itself


def test_it_is_for_nobody_else(cast: Cast) -> None:
    ask_for_export(cast.bob)
    make_export(cast.bob.pk)

    assert Client().get(FILE)["Location"].startswith("/accounts/login/")
    for person in (cast.carol, cast.alice):
        assert signed_in(person).get(FILE).status_code == 404
    assert signed_in(cast.bob, checks_csrf=True).post(BUTTON).status_code == 403
    gone = deactivate_user(cast.alice, cast.bob)
    with pytest.raises(NotAllowed):
        ask_for_export(gone)


def test_one_is_made_at_a_time(cast: Cast) -> None:
    ask_for_export(cast.bob)
    asked_at = Export.objects.get(user=cast.bob).asked_at
    ask_for_export(cast.bob)
    assert Export.objects.get(user=cast.bob).asked_at == asked_at
    assert AuditEntry.objects.filter(act="data_exported").count() == 1

    make_export(cast.bob.pk)
    before = Export.objects.get(user=cast.bob).ended_at
    make_export(cast.bob.pk)  # the queue brings it again
    assert Export.objects.get(user=cast.bob).ended_at == before


def test_who_was_killed_at_it_is_followed_by_somebody_who_begins_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PART_BYTES", 100)
    say(cast.bob, cast.design, "hello")
    ask_for_export(cast.bob)
    store = making._Parts._store

    def die(parts: Any, size: int) -> None:
        store(parts, size)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(making._Parts, "_store", die)
        with pytest.raises(KeyboardInterrupt):
            make_export(cast.bob.pk)
    assert ExportPart.objects.filter(export=cast.bob.pk).exists()
    assert signed_in(cast.bob).get(FILE).status_code == 404

    make_export(cast.bob.pk)
    assert lines(loaded(signed_in(cast.bob)), "messages/design.jsonl")[0]["text"] == "hello"


def test_of_two_at_it_the_later_one_finishes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PART_BYTES", 100)
    ask_for_export(cast.bob)
    store, others = making._Parts._store, [lambda: make_export(cast.bob.pk)]

    def be_overtaken(parts: Any, size: int) -> None:
        store(parts, size)
        if others:
            others.pop()()

    with monkeypatch.context() as slow:
        slow.setattr(making._Parts, "_store", be_overtaken)
        make_export(cast.bob.pk)

    assert "README.txt" in loaded(signed_in(cast.bob)).namelist()
    assert set(ExportPart.objects.values_list("attempt", flat=True)) == {2}


def test_one_that_stopped_is_begun_again_by_its_owner(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    bob.post(BUTTON)
    long_ago = timezone.now() - 2 * EXPORT_KEPT_FOR
    Export.objects.update(seen_at=long_ago, asked_at=long_ago)
    assert "seems to have stopped" in bob.get(PREFERENCES).content.decode()

    assert "<progress" in bob.post(BUTTON, follow=True).content.decode()
    assert Export.objects.get(user=cast.bob).asked_at > long_ago


def test_it_is_kept_for_some_days(cast: Cast) -> None:
    for person in (cast.bob, cast.carol):
        ask_for_export(person)
        make_export(person.pk)
    Export.objects.filter(user=cast.bob).update(ended_at=timezone.now() - EXPORT_KEPT_FOR)

    assert signed_in(cast.bob).get(FILE).status_code == 404
    assert "Export my data" in signed_in(cast.bob).get(PREFERENCES).content.decode()
    call_command("clear_exports")

    assert set(Export.objects.values_list("user__username", flat=True)) == {"carol"}
    assert set(ExportPart.objects.values_list("export__user__username", flat=True)) == {"carol"}


def test_who_deletes_their_account_leaves_no_copy(cast: Cast) -> None:
    ask_for_export(cast.bob)
    make_export(cast.bob.pk)

    leave_site(cast.bob, way="delete", password=PASSWORD)

    assert not Export.objects.exists()
    assert not ExportPart.objects.exists()
    make_export(cast.bob.pk)
    assert not Export.objects.exists()


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_process_itself_makes_it(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    set_display_name(cast.bob, display_name="Robert")
    bob.post(BUTTON)

    wait_for(lambda: bob.get(FILE).status_code == 200, what="the export")

    assert json.loads(loaded(bob).read("account.json"))["display_name"] == "Robert"
