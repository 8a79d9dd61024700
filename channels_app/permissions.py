"""Who may do what with a channel."""

from accounts.actors import Actor
from accounts.permissions import is_active, is_site_admin, is_the_person
from channels_app.models import Channel
from chatsite.rights import rule


@rule
def is_open(actor: Actor, channel: Channel) -> bool:
    return not channel.is_archived


@rule
def is_not_the_public_square(actor: Actor, channel: Channel) -> bool:
    return not channel.is_public_square


may_create_channel = is_active
may_change_subscription_of = is_active & (is_the_person | is_site_admin)
may_edit_channel = is_active & is_site_admin
may_clear = is_active
may_mark = is_active
may_mute = is_active
may_be_notified = is_active
may_archive = is_active & is_site_admin & is_not_the_public_square
may_restore = is_active & is_site_admin
