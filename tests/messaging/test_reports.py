"""Reporting a message, and the queue in which admins decide about reports."""

import uuid

import pytest

from accounts.models import Act, AuditEntry
from channels_app.actions import accept_invitation, create_channel, invite
from channels_app.models import Channel, Kind
from chatsite.errors import Conflict, NotAllowed, NotFound
from messaging.actions import delete_message, delete_reported, edit_message, report_message, settle_report
from messaging.models import REPORT_LENGTH, Message, Report
from tests.cast import Cast, say, signed_in

QUEUE = "/admin/messaging/report/"


def page_of(message: Message) -> str:
    return f"/messages/{message.client_id}/report/"


def lair(cast: Cast) -> Channel:
    """A private channel of bob and mallory."""
    channel = create_channel(cast.bob, name="lair", kind=Kind.PRIVATE)
    accept_invitation(cast.mallory, invite(cast.bob, channel, username="mallory").pk)
    return channel


def test_somebody_reports_a_message_once(cast: Cast) -> None:
    message = say(cast.mallory, cast.public, "Buy watches")
    bob = signed_in(cast.bob)
    assert f'action="{page_of(message)}"' in bob.get("/channels/public/").content.decode()
    assert "Buy watches" in bob.get(page_of(message)).content.decode()

    answer = bob.post(page_of(message), {"reason": " An\nadvertisement "})

    assert answer.headers["Location"] == f"/messages/{message.client_id}/"
    report = Report.objects.get()
    assert (report.message, report.reporter, report.reason) == (message, cast.bob, "An advertisement")
    assert bob.post(page_of(message), {"reason": "Once more"}).status_code == 302
    assert Report.objects.get().reason == "An advertisement"
    assert signed_in(cast.carol).post(page_of(message), {"reason": ""}).status_code == 302
    assert Report.objects.count() == 2


def test_a_report_is_refused_of_ones_own_and_of_what_one_does_not_see(cast: Cast) -> None:
    own = say(cast.mallory, cast.public, "Mine")
    hidden = say(cast.mallory, lair(cast), "Between us")
    deleted = say(cast.bob, cast.public, "A slip")
    delete_message(cast.bob, deleted.client_id)

    with pytest.raises(NotAllowed):
        report_message(cast.mallory, own.client_id, reason="")
    for client_id in (hidden.client_id, deleted.client_id, uuid.uuid4()):
        with pytest.raises(NotFound):
            report_message(cast.carol, client_id, reason="")
    answer = signed_in(cast.bob).post(page_of(own), {"reason": "x" * (REPORT_LENGTH + 1)})
    assert answer.status_code == 422
    assert not Report.objects.exists()
    report_message(cast.bob, hidden.client_id, reason="")


def test_the_queue_shows_the_message_as_it_is_now(cast: Cast) -> None:
    message = say(cast.mallory, cast.public, "Buy watches")
    report_message(cast.bob, message.client_id, reason="An advertisement")
    alice = signed_in(cast.alice)
    assert "An advertisement" in alice.get(QUEUE).content.decode()
    assert "Buy watches" not in alice.get(QUEUE).content.decode()
    address = f"{QUEUE}{Report.objects.get().pk}/change/"
    assert "<pre>Buy watches</pre>" in alice.get(address).content.decode()

    edit_message(cast.mallory, message.client_id, text="Nothing")
    assert "<pre>Nothing</pre>" in alice.get(address).content.decode()

    delete_message(cast.mallory, message.client_id)
    page = alice.get(address).content.decode()
    assert "Deleted" in page
    assert "<pre>" not in page
    assert Report.objects.get().is_open


def test_a_report_is_found_by_its_message_and_decided_on_its_page(cast: Cast) -> None:
    message, other = (say(cast.mallory, cast.public, text) for text in ("Buy watches", "Buy clocks"))
    for one in (message, other):
        report_message(cast.bob, one.client_id, reason="")
    alice = signed_in(cast.alice)

    [found] = alice.get(QUEUE, {"q": str(message.client_id)}).context["cl"].result_list
    assert found.message == message
    assert not alice.get(QUEUE, {"q": "watches"}).context["cl"].result_list

    buttons = [f'name="action" value="{name}"' for name in ("settle", "delete_messages")]
    page = alice.get(f"{QUEUE}{found.pk}/change/").content.decode()
    assert all(button in page for button in buttons)
    settle_report(cast.alice, found)
    page = alice.get(f"{QUEUE}{found.pk}/change/").content.decode()
    assert not any(button in page for button in buttons)


def test_a_report_is_settled_by_an_admin_once(cast: Cast) -> None:
    message = say(cast.mallory, cast.public, "Hello")
    report_message(cast.bob, message.client_id, reason="")
    report = Report.objects.get()
    with pytest.raises(NotAllowed):
        settle_report(cast.bob, report)
    with pytest.raises(NotAllowed):
        delete_reported(cast.mallory, report)
    alice = signed_in(cast.alice)

    alice.post(QUEUE, {"action": "settle", "_selected_action": [report.pk]})

    report.refresh_from_db()
    assert (report.outcome, report.settled_by) == (Report.Outcome.SETTLED, cast.alice)
    assert report.settled_at is not None
    entry = AuditEntry.objects.get(act=Act.REPORT_SETTLED)
    assert (entry.actor, entry.person, entry.about) == (cast.alice, cast.mallory, str(message.client_id))
    for decide in (settle_report, delete_reported):
        with pytest.raises(Conflict):
            decide(cast.alice, report)
    assert not Message.objects.get().is_deleted
    assert alice.get(QUEUE).context["cl"].result_count == 0
    assert alice.get(f"{QUEUE}?outcome=settled").context["cl"].result_count == 1


def test_a_reported_message_is_deleted_for_everybody(cast: Cast) -> None:
    message = say(cast.mallory, cast.public, "Buy watches")
    for who in (cast.bob, cast.carol):
        report_message(who, message.client_id, reason="")
    before = Channel.objects.get(pk=cast.public.pk).version
    alice = signed_in(cast.alice)

    first = Report.objects.order_by("pk")[0]
    alice.post(QUEUE, {"action": "delete_messages", "_selected_action": [first.pk]})

    message.refresh_from_db()
    assert message.is_deleted
    assert message.version == before + 1
    assert set(Report.objects.values_list("outcome", "settled_by__username")) == {("deleted", "alice")}
    entry = AuditEntry.objects.get(act=Act.MESSAGE_DELETED)
    assert (entry.actor, entry.person, entry.about) == (cast.alice, cast.mallory, str(message.client_id))
    changes = signed_in(cast.dave).get(f"/channels/public/changes/?after={before}").content.decode()
    assert "data-deleted" in changes


def test_a_report_lets_admins_see_that_one_message_of_a_private_channel(cast: Cast) -> None:
    channel = lair(cast)
    message = say(cast.mallory, channel, "Between us")
    say(cast.mallory, channel, "Something else")
    report_message(cast.bob, message.client_id, reason="")
    report = Report.objects.get()
    address = f"{QUEUE}{report.pk}/change/"
    alice = signed_in(cast.alice)

    page = alice.get(address).content.decode()
    assert "Between us" in page
    for hidden in ("Something else", "lair", channel.slug):
        assert hidden not in page
    assert alice.get(f"/messages/{message.client_id}/").status_code == 404

    settle_report(cast.alice, report)
    assert "Between us" not in alice.get(address).content.decode()


def test_a_reported_message_of_a_private_channel_can_be_deleted(cast: Cast) -> None:
    message = say(cast.mallory, lair(cast), "Between us")
    report_message(cast.bob, message.client_id, reason="")

    delete_reported(cast.alice, Report.objects.get())

    assert Message.objects.get(pk=message.pk).is_deleted


def test_a_member_sees_no_queue(cast: Cast) -> None:
    assert signed_in(cast.bob).get(QUEUE).status_code == 302
    assert signed_in(cast.alice).get(QUEUE).status_code == 200
