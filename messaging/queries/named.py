"""One message, found by its name."""

from uuid import UUID

from accounts.actors import Actor
from channels_app.models import Channel
from chatsite.errors import NotFound
from chatsite.rights import Predicate, require
from messaging.models import Message


def message_by_client_id(actor: Actor, client_id: UUID) -> Message:
    """The message of that name, with author and channel.

    Raises:
        NotFound: there is none, it is deleted, or the actor can't see its channel.
    """
    message = (
        Message.objects.shown()
        .select_related("channel")
        .filter(client_id=client_id, channel__in=Channel.objects.visible_to(actor))
        .first()
    )
    if message is None:
        raise NotFound
    return message


def message_to_change(actor: Actor, client_id: UUID, right: Predicate) -> Message:
    """The message of that name, for who wants to do with it what `right` is about.

    Raises:
        NotFound: as `message_by_client_id`.
        NotAllowed: the actor may not change it.
    """
    message = message_by_client_id(actor, client_id)
    require(right, actor, message)
    return message
