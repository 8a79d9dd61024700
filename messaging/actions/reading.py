"""What a person does to messages by reading them; how far they have read is in the membership."""

from uuid import UUID

from accounts.models import User
from channels_app.actions import mark_unread
from messaging.models import Message
from messaging.queries.named import message_by_client_id


def mark_unread_from(actor: User, client_id: UUID) -> Message:
    """Take that message and what was said after it for unread by the actor, what was said before for read.

    Returns:
        The message, with its channel.

    Raises:
        NotAllowed: the actor is not in the channel.
        NotFound: there is no such message, it is deleted, or the actor cleared it or can't see its channel.
    """
    message = message_by_client_id(actor, client_id)
    mark_unread(actor, message.channel, seq=message.seq)
    return message
