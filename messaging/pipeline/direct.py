"""Storing a message in the request that brings it: without a broker, and while the broker is away."""

from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext_lazy as _

from chatsite.database import database_needed
from chatsite.errors import Conflict, Unavailable
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.fate import is_settled
from messaging.pipeline.persist import Outcome, persist

# SQLite lets a second writer wait by sleeping, longer and longer, while others pass it. Here they queue up.
_one_writer = Lock()


def store_now(envelope: Envelope, *, previous: UUID | None, previous_accepted_us: int = 0) -> Outcome:
    """Store `envelope`, and say what became of it.

    Arguments:
        previous: the message that its author sent before it and has not seen stored. That one may still be
            in the broker's queue, and must not be overtaken.
        previous_accepted_us: when that one was accepted last, as far as its author knows; see `fate_of`.

    Raises:
        Conflict: `previous` is not stored yet; both can be sent again, in their order.
        Unavailable: the database is away.
    """
    try:
        with database_needed():
            if previous is not None and not is_settled(
                envelope.author_id, previous, accepted_us=previous_accepted_us
            ):
                raise Conflict(
                    _("Your message before this one is still on its way. Send this one again in a moment."),
                    code="resend_previous",
                    field="text",
                )
            with _turn_to_write():
                [outcome] = persist([envelope], keep_rejected=False)
    except (OperationalError, InterfaceError) as fault:
        raise Unavailable(field="text") from fault
    return outcome


def _turn_to_write() -> AbstractContextManager[object]:
    return _one_writer if connection.vendor == "sqlite" else nullcontext()
