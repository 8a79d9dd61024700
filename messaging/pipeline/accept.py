"""Taking a message from its author: checked, then on its way into the database."""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from channels_app.models import Channel
from chatsite.errors import ChatError, Conflict, Invalid, NotAllowed, Words
from messaging.models import Message
from messaging.permissions import may_post
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import Rejected, persist
from messaging.pipeline.publish import publish
from messaging.texts import clean_text

# The embedded default is one process on SQLite, which lets a second writer wait by sleeping, longer and
# longer, while others pass it. Here they queue up.
_one_writer = Lock()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is safe: stored already, or in the broker's queue and to be stored.

    `fingerprint` is the envelope's: it tells this message from another that takes its name meanwhile.
    """

    client_id: UUID
    fingerprint: bytes
    accepted_at: datetime
    is_stored: bool


def accept(
    author: User, channel: Channel, *, text: str, client_id: UUID, previous: UUID | None = None
) -> Accepted:
    """Take what `author` says in `channel`; the same call twice is one message.

    With a broker the message is in its queue when this returns; in the embedded default it is stored.

    Raises:
        Invalid: the text breaks a rule.
        NotAllowed: the author may not post there.
        Conflict: the client_id is another message's.
        Unavailable: the message could not be made safe; the same call may be tried again.
    """
    envelope = Envelope(
        client_id=client_id,
        channel_id=channel.pk,
        author_id=author.pk,
        text=clean_text(text),
        accepted_at=timezone.now(),
    )
    known = Message.objects.filter(client_id=client_id).values_list("fingerprint", flat=True).first()
    if known is not None:
        if bytes(known) != envelope.fingerprint:
            raise refusal_for("client_id_taken")
        return Accepted(client_id, envelope.fingerprint, envelope.accepted_at, is_stored=True)
    if channel.is_archived:
        raise refusal_for("channel_archived")
    if not may_post.test(author, channel):
        raise refusal_for("author_may_not_post")
    if settings.BROKER_URL:
        publish(envelope)
        return Accepted(client_id, envelope.fingerprint, envelope.accepted_at, is_stored=False)
    with _one_writer:
        [outcome] = persist([envelope], keep_rejected=False)
    if isinstance(outcome, Rejected):
        raise refusal_for(outcome.reason)
    return Accepted(client_id, envelope.fingerprint, envelope.accepted_at, is_stored=True)


def refusal_for(reason: str) -> ChatError:
    """The error that tells a person why a message was refused; `reason` is a code of `persist`."""
    kind, message = _REFUSALS.get(reason, _NOT_STORABLE)
    return kind(message, code=reason, field="text")


_NOT_STORABLE = (Invalid, _("This message could not be stored. An admin can see why."))
_REFUSALS: dict[str, tuple[type[ChatError], Words]] = {
    "client_id_taken": (Conflict, _("Another message was sent from this form. Send this one again.")),
    "channel_archived": (NotAllowed, _("This channel is archived: nobody can write in it.")),
    "author_may_not_post": (NotAllowed, _("Join the channel to write in it.")),
    "no_such_channel": (NotAllowed, _("This channel is gone.")),
}
