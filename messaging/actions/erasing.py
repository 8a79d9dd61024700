"""How messages go for good: the rows stay, their texts are gone, and every page learns of it."""

import json
from collections.abc import Iterable, Mapping, Sequence

from django.utils import timezone

from accounts.models import User
from channels_app.models import Channel
from chatsite.live.bus import announce
from chatsite.live.events import channel_changed
from messaging.models import EarlierText, Message, RejectedMessage
from messaging.pipeline.envelope import without_text


def erase(messages: Sequence[Message], channels: Mapping[int, Channel]) -> None:
    """Take `messages` away from everybody, each as the next version of its channel.

    Arguments:
        messages: none of them deleted, read under the locks of their channels.
        channels: these channels by id, locked.
    """
    now = timezone.now()
    for message in messages:
        channel = channels[message.channel_id]
        channel.version += 1
        message.text = message.html = ""
        message.deleted_at, message.version = now, channel.version
    Message.objects.bulk_update(messages, ["text", "html", "deleted_at", "version"])
    EarlierText.objects.filter(message__in=messages).delete()
    changed = [channels[pk] for pk in sorted({message.channel_id for message in messages})]
    for channel in changed:
        channel.save(update_fields=["version"])
    authors = {message.client_id: message.author_id for message in messages}
    rejected = RejectedMessage.objects.select_for_update().filter(client_id__in=authors)
    erase_rejected(one for one in rejected if one.client_id and one.author_id == authors[one.client_id])
    announce(*(channel_changed(channel.pk, channel.version) for channel in changed))


def erase_all_rejected_of(person: User) -> None:
    """Keep no text of what `person`, whose account is deleted, said and was not stored: it never can be."""
    erase_rejected(RejectedMessage.objects.select_for_update().filter(author=person))


def erase_rejected(locked: Iterable[RejectedMessage]) -> None:
    """Keep no text in what was rejected; what is open is decided by that."""
    for rejected in locked:
        rejected.envelope = json.dumps(without_text(json.loads(rejected.envelope)))
        rejected.detail = ""  # an error's words may quote the text
        if rejected.outcome == RejectedMessage.Outcome.OPEN:
            rejected.outcome, rejected.ended_at = RejectedMessage.Outcome.DELETED, timezone.now()
        rejected.save(update_fields=["envelope", "detail", "outcome", "ended_at"])
