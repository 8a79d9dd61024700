"""What admins and moderators look up: messages, reports, rejected messages, removals."""

import json
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.actors import Actor
from accounts.models import User
from channels_app.models import Channel
from channels_app.queries import channel_or_people
from messaging.models import Message, RejectedMessage, Removal, Report
from messaging.pipeline.envelope import channel_in, without_text

REASONS_FROM = 1_000  # newest rejected messages


def find_messages(actor: Actor, messages: QuerySet[Message], words: str) -> QuerySet[Message]:
    """Those of `messages` of that client_id, in `#channel` or by `@person`, newest first, by an index."""
    if client_id := _as_uuid(words):
        return messages.filter(client_id=client_id)
    channel, people = channel_or_people(actor, words)
    if channel is not None:
        return messages_in(messages, channel.pk)
    return messages.filter(author__in=people).order_by("-author_id", "-pk")


def messages_in(messages: QuerySet[Message], channel_id: int) -> QuerySet[Message]:
    """Those of `messages` in one channel, newest first, in the order of the index that finds them."""
    return messages.filter(channel_id=channel_id).order_by("-seq")


def messages_seen_by(actor: Actor, messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those of `messages` that are of channels which `actor` may see.

    Looked up for each row that is read, not joined: see `MessageQuerySet.with_authors`.
    """
    return messages.filter(~Exists(Channel.objects.hidden_from(actor).filter(pk=OuterRef("channel"))))


def is_hidden_from(actor: Actor, message: Message) -> bool:
    """Whether `message` was said in a channel that is hidden from `actor`."""
    return Channel.objects.hidden_from(actor).filter(pk=message.channel_id).exists()


def reported_seen_by(actor: Actor, report: Report) -> Message | None:
    """The message that `report` is about as it is now, if `actor`, who may settle reports, may see it.

    Of a channel that is hidden from them they see it for as long as the report is open.
    """
    message = Message.objects.shown().select_related("channel").filter(pk=report.message_id).first()
    if message is None or report.is_open:
        return message
    return None if is_hidden_from(actor, message) else message


def find_rejected(rejected: QuerySet[RejectedMessage], words: str) -> QuerySet[RejectedMessage]:
    """Those of `rejected` with that client_id."""
    client_id = _as_uuid(words)
    return rejected.filter(client_id=client_id) if client_id else rejected.none()


def find_reports(reports: QuerySet[Report], words: str) -> QuerySet[Report]:
    """Those of `reports` that are of the message with that client_id."""
    client_id = _as_uuid(words)
    return reports.filter(message__client_id=client_id) if client_id else reports.none()


def rejected_seen_by(actor: Actor, rejected: RejectedMessage) -> RejectedMessage:
    """`rejected` as `actor` may see it: without what was said in a channel that is hidden from them."""
    envelope = json.loads(rejected.envelope)
    channel_id = channel_in(envelope)
    if channel_id and Channel.objects.hidden_from(actor).filter(pk=channel_id).exists():
        rejected.envelope, rejected.detail = json.dumps(without_text(envelope)), ""
    return rejected


def rejection_reasons() -> list[str]:
    """The reasons for which messages were rejected lately."""
    newest = RejectedMessage.objects.order_by("-pk").values_list("reason", flat=True)[:REASONS_FROM]
    return sorted(set(newest))


def last_removal(person: User) -> Removal | None:
    """What was begun last to take away what `person` said; for who may ban them."""
    return Removal.objects.filter(person=person).order_by("pk").last()


def _as_uuid(words: str) -> UUID | None:
    try:
        return UUID(words.strip())
    except ValueError:
        return None
