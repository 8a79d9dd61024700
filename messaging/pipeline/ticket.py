"""The posting ticket: what a page carries so that its reader's posts need no question to the database."""

from dataclasses import dataclass

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from channels_app.models import Channel

TICKET_LIFE_S = 600

_SALT = "messaging.ticket"


@dataclass(frozen=True, slots=True)
class Ticket:
    """That this person could read this channel, in one session, when the ticket was made.

    It speeds a post up and grants nothing: `persist` looks again before it stores.
    """

    author_id: int
    username: str
    channel_id: int
    slug: str


def ticket_for(user: User, channel: Channel, *, session_key: str) -> str:
    """A signed ticket for `user` in `channel`, good for TICKET_LIFE_S seconds in that session alone."""
    facts = [user.pk, user.username, channel.pk, channel.slug, _mark_of(session_key)]
    return signing.dumps(facts, salt=_SALT)


def read_ticket(given: str, *, slug: str, session_key: str) -> Ticket | None:
    """The ticket that `ticket_for` signed for the channel `slug` in that session.

    None when it is expired, forged, or of another channel or session: then the session decides, as it does
    without one.
    """
    try:
        *facts, mark = signing.loads(given, salt=_SALT, max_age=TICKET_LIFE_S)
        ticket = Ticket(*facts)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    if ticket.slug != slug or not constant_time_compare(mark, _mark_of(session_key)):
        return None
    return ticket


def _mark_of(session_key: str) -> str:
    """What tells sessions apart and gives no key away."""
    return salted_hmac(_SALT, session_key, algorithm="sha256").hexdigest()[:32]
