"""Who may do what with a message."""

from accounts.actors import Actor
from accounts.models import User
from accounts.permissions import is_active, is_site_admin
from channels_app.models import Channel, Membership
from channels_app.permissions import is_cut_off, is_moderator, is_not_direct, is_open, looks_after_site
from chatsite.rights import rule
from messaging.models import Message


@rule
def is_subscribed(actor: Actor, channel: Channel) -> bool:
    return (
        isinstance(actor, User)
        and Membership.objects.filter(channel=channel, user=actor, left_at=None).exists()
    )


@rule
def is_author(actor: Actor, message: Message) -> bool:
    return actor == message.author


@rule
def is_in_an_open_channel(actor: Actor, message: Message) -> bool:
    return not message.channel.is_archived


@rule
def is_where_they_are_cut_off(actor: Actor, message: Message) -> bool:
    return is_cut_off.test(actor, message.channel)


@rule
def moderates_its_channel(actor: Actor, message: Message) -> bool:
    return may_moderate.test(actor, message.channel)


may_moderate = is_active & is_not_direct & (is_moderator | looks_after_site)
may_post = is_active & is_open & ~is_cut_off & is_subscribed
# An edit says something, too.
may_edit = is_active & is_author & is_in_an_open_channel & ~is_where_they_are_cut_off
may_delete = is_active & (is_author | moderates_its_channel) & is_in_an_open_channel
# What could not be stored is read and decided by who looks after the site, whoever wrote it.
may_decide_rejected = is_active & is_site_admin
may_report = is_active & ~is_author
# A report is what lets an admin see a message of a channel that is hidden from them, and delete it.
may_settle_reports = is_active & is_site_admin
