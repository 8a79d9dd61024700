"""Where an invitation to the site leads besides `public`: what `accounts.actions.on_invited` asks for."""

from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.models import SiteInvitation, User
from channels_app.actions.memberships import subscribe
from channels_app.models import Channel
from channels_app.names import slug_of
from chatsite.errors import Invalid
from chatsite.text import refuse_unstorable


def channel_to_invite_to(actor: Actor, name: str) -> int:
    """The id of the open public channel of that name.

    Raises:
        Invalid: there is none; whether there is a private one is not told.
    """
    refuse_unstorable(name, field="channel")
    public = Channel.objects.visible_to(actor).public().open()
    channel = public.filter(slug=slug_of(name.strip().removeprefix("#"))).first()
    if channel is None:
        raise Invalid(_("There is no public channel of that name."), code="no_such_channel", field="channel")
    return channel.pk


def join_invited(user: User, invitation: SiteInvitation) -> None:
    """Subscribe a new user to where their invitation leads, unless that was archived meanwhile."""
    channel = Channel.objects.open().filter(pk=invitation.channel_id or 0).first()
    if channel is not None:
        subscribe(channel, user)
