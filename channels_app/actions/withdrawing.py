"""Invitations that end because who sent them may not any more."""

from django.utils import timezone

from accounts.models import User
from channels_app.models import Channel, Invitation
from chatsite.live.bus import announce
from chatsite.live.events import sidebar_changed


def withdraw_invitations_of(inviter: User, channel: Channel | None = None) -> None:
    """Take back what `inviter` asks others into: `channel`, or without it all; as a part of an action.

    The caller has locked the channels.
    """
    now = timezone.now()
    sent = Invitation.objects.filter(inviter=inviter, ended_at=None, expires_at__gt=now)
    if channel is not None:
        sent = sent.filter(channel=channel)
    invited = list(sent.values_list("user_id", flat=True))
    sent.update(ended_at=now)
    announce(*map(sidebar_changed, invited))
