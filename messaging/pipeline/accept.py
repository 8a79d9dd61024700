"""Taking a message from its author: checked, then on its way into the database; and waiting for it there."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from channels_app.models import Channel
from chatsite.database import database_needed
from chatsite.errors import ChatError, Conflict, Invalid, NotAllowed, Words
from chatsite.limits import POST, spend_here
from messaging.models import Message
from messaging.permissions import may_post
from messaging.pipeline.direct import store_now
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.fate import reason_against
from messaging.pipeline.persist import Rejected
from messaging.pipeline.publish import BrokerAway, publish
from messaging.pipeline.ticket import Ticket
from messaging.texts import clean_text

STORED_POLL_S = 0.05

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is safe: stored already, or in the broker's queue and to be stored.

    `fingerprint` and `accepted_us` are the envelope's: the one tells this message from another that takes its
    name meanwhile, the other this post of it from an earlier one.
    """

    client_id: UUID
    author_id: int
    fingerprint: bytes
    accepted_us: int
    is_stored: bool


def accept(
    author: User,
    channel: Channel,
    *,
    text: str,
    client_id: UUID,
    previous: UUID | None = None,
    previous_accepted_us: int | None = None,
) -> Accepted:
    """Take what `author` says in `channel`; the same call twice is one message.

    With a broker the message is in its queue when this returns. Without one, or while it is away, it is
    stored.

    Arguments:
        previous: the message that the author sent there before this one and has not seen stored yet.
        previous_accepted_us: when that one was accepted last, as far as the author knows, in microseconds
            since 1970. The rejection of an earlier post of it does not let this one pass.

    Raises:
        Invalid: the text breaks a rule.
        TooMany: the author posts faster than the site takes it.
        NotAllowed: the author may not post there.
        Conflict: the client_id is another message's; or `previous` is still on its way, and this one would
            overtake it (`resend_previous`).
        Unavailable: the message could not be made safe; the same call may be tried again.
    """
    spend_here(POST, user=author.pk)
    envelope = _envelope(author.pk, channel.pk, text, client_id)
    known = Message.objects.filter(client_id=client_id).values_list("fingerprint", flat=True).first()
    if known is not None:
        if bytes(known) != envelope.fingerprint:
            raise refusal_for("client_id_taken")
        return _accepted(envelope, is_stored=True)
    if channel.is_archived:
        raise refusal_for("channel_archived")
    if channel.is_cut_off:
        raise refusal_for("cut_off")
    if not may_post.test(author, channel):
        raise refusal_for("author_may_not_post")
    return _take(envelope, previous, previous_accepted_us)


def accept_with_ticket(
    ticket: Ticket,
    *,
    text: str,
    client_id: UUID,
    previous: UUID | None = None,
    previous_accepted_us: int | None = None,
) -> Accepted:
    """As `accept`, without a question to the database as long as the broker takes the message.

    What `accept` would refuse for another reason than its text, `persist` rejects later.
    """
    spend_here(POST, user=ticket.author_id)
    envelope = _envelope(ticket.author_id, ticket.channel_id, text, client_id)
    return _take(envelope, previous, previous_accepted_us)


def wait_until_stored(accepted: Accepted, *, timeout_s: float) -> bool:
    """Whether an accepted message is in the database within `timeout_s` seconds.

    Ends early when it was rejected: then it never will be.

    Raises:
        OperationalError, InterfaceError: the database is away.
    """
    stored = Message.objects.filter(client_id=accepted.client_id, fingerprint=accepted.fingerprint)
    deadline = time.monotonic() + timeout_s
    with database_needed():
        while not stored.exists():
            if time.monotonic() >= deadline or rejection_of(accepted):
                return False
            time.sleep(STORED_POLL_S)
    return True


def rejection_of(accepted: Accepted) -> str:
    """The reason why an accepted message was rejected after all; "" when it was not.

    What its author sent before under the same name, and was rejected then, is told apart by the moment at
    which it was accepted.
    """
    return reason_against(accepted.author_id, accepted.client_id, accepted_us=accepted.accepted_us)


def _envelope(author_id: int, channel_id: int, text: str, client_id: UUID) -> Envelope:
    return Envelope(client_id, channel_id, author_id, text=clean_text(text), accepted_at=timezone.now())


def _take(envelope: Envelope, previous: UUID | None, previous_accepted_us: int | None) -> Accepted:
    if settings.BROKER_URL and not settings.PERSIST_DIRECT:
        try:
            publish(envelope)
        except BrokerAway:
            pass  # stored below, as without one
        else:
            _log(envelope, way="queue")
            return _accepted(envelope, is_stored=False)
    outcome = store_now(envelope, previous=previous, previous_accepted_us=previous_accepted_us or 0)
    if isinstance(outcome, Rejected):
        raise refusal_for(outcome.reason)
    _log(envelope, way="direct" if settings.BROKER_URL else "embedded")
    return _accepted(envelope, is_stored=True)


def _log(envelope: Envelope, *, way: str) -> None:
    facts = {"client_id": str(envelope.client_id), "channel_id": envelope.channel_id, "way": way}
    logger.info("accepted", extra=facts)


def _accepted(envelope: Envelope, *, is_stored: bool) -> Accepted:
    return Accepted(
        envelope.client_id,
        envelope.author_id,
        envelope.fingerprint,
        envelope.accepted_us,
        is_stored=is_stored,
    )


def refusal_for(reason: str) -> ChatError:
    """The error that tells a person why a message was refused; `reason` is a code of `persist`."""
    kind, message = _REFUSALS.get(reason, _NOT_STORABLE)
    return kind(message, code=reason, field="text")


_NOT_STORABLE = (Invalid, _("This message could not be stored. An admin can see why."))
_REFUSALS: dict[str, tuple[type[ChatError], Words]] = {
    "client_id_taken": (Conflict, _("Another message was sent from this form. Send this one again.")),
    "channel_archived": (NotAllowed, _("This channel is archived: nobody can write in it.")),
    "author_may_not_post": (NotAllowed, _("Join the channel to write in it.")),
    "cut_off": (NotAllowed, _("You can't send each other messages.")),
    "no_such_channel": (NotAllowed, _("This channel is gone.")),
}
