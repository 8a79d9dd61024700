"""Telling others that somebody writes a message. Nothing of it is stored."""

from accounts.models import User
from channels_app.models import Channel
from chatsite.limits import CHANGE, limited, spend_here
from chatsite.live.bus import announce
from chatsite.live.events import typing
from chatsite.rights import require
from messaging.permissions import may_post
from messaging.pipeline.ticket import Ticket


@limited(CHANGE)
def tell_typing(actor: User, channel: Channel) -> None:
    """Tell who has `channel` open that the actor writes there.

    Raises:
        NotAllowed: the actor may not post there.
    """
    require(may_post, actor, channel)
    announce(typing(channel.pk, actor.pk))


def tell_typing_with_ticket(ticket: Ticket) -> None:
    """As `tell_typing`, without a question to the database."""
    spend_here(CHANGE, user=ticket.author_id)
    announce(typing(ticket.channel_id, ticket.author_id))
