"""Reporting what somebody said, and what an admin decides about that."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.audit import record
from accounts.models import Act, User
from channels_app.models import Channel
from chatsite.errors import Conflict, Invalid
from chatsite.limits import REPORT, spend
from chatsite.rights import require
from chatsite.text import one_line, refuse_unstorable
from messaging.actions.erasing import erase
from messaging.models import REPORT_LENGTH, Message, Report
from messaging.permissions import may_report, may_settle_reports
from messaging.queries.named import message_to_change


def report_message(actor: User, client_id: UUID, *, reason: str) -> Message:
    """Have the site's admins look at a message of somebody else's; reporting twice is reporting once.

    They see that message for as long as the report is open, wherever it was said.

    Raises:
        Invalid: the reason is too long.
        NotAllowed: it is the actor's own.
        NotFound: there is no such message, it is deleted, or the actor can't see its channel.
        TooMany: the actor reported too many.
    """
    message = message_to_change(actor, client_id, may_report)
    reason = one_line(reason)
    refuse_unstorable(reason, field="reason")
    if len(reason) > REPORT_LENGTH:
        words = _("At most %(most)s characters.")
        raise Invalid(words % {"most": REPORT_LENGTH}, code="too_long", field="reason")
    spend(REPORT, user=actor.pk)
    Report.objects.get_or_create(
        message=message, reporter=actor, defaults={"reason": reason, "reported_at": timezone.now()}
    )
    return message


def settle_report(actor: Actor, report: Report) -> None:
    """Decide that nothing is left to be done about it.

    Raises:
        Conflict: it was decided already.
        NotAllowed: the actor is no admin.
    """
    require(may_settle_reports, actor)
    with transaction.atomic():
        if not _decide(actor, Report.Outcome.SETTLED, pk=report.pk):
            raise _decided()
        record(actor, Act.REPORT_SETTLED, person=report.message.author, about=str(report.message.client_id))


def delete_reported(actor: Actor, report: Report) -> None:
    """Delete the message, wherever it was said; what else was reported of it is decided, too.

    Raises:
        Conflict: it was decided already.
        NotAllowed: the actor is no admin.
    """
    require(may_settle_reports, actor)
    with transaction.atomic():
        channel = Channel.objects.select_for_update().get(pk=report.message.channel_id)
        message = Message.objects.with_authors().get(pk=report.message_id)
        # This one first: what was settled lets nobody delete a message that they can't see.
        if not _decide(actor, Report.Outcome.DELETED, pk=report.pk):
            raise _decided()
        _decide(actor, Report.Outcome.DELETED, message=message)
        if not message.is_deleted:
            erase([message], {channel.pk: channel})
            record(actor, Act.MESSAGE_DELETED, person=message.author, about=str(message.client_id))


def _decide(actor: Actor, outcome: Report.Outcome, **which: object) -> int:
    """How many of `which` were open, and are decided now."""
    settled_by = actor if isinstance(actor, User) else None
    still_open = Report.objects.filter(outcome=Report.Outcome.OPEN, **which)
    return still_open.update(outcome=outcome, settled_by=settled_by, settled_at=timezone.now())


def _decided() -> Conflict:
    return Conflict(_("This report is settled already."), code="settled")
