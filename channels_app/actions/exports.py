"""Somebody's places in channels, in the file with all that the site keeps of them."""

from collections.abc import Iterator

from accounts.actions import ExportFile, as_line
from accounts.models import User
from channels_app.models import Channel, Membership
from channels_app.queries import with_others


def count_memberships(user: User) -> int:
    return Membership.objects.filter(user=user).count()


def files_of_memberships(user: User) -> Iterator[ExportFile]:
    yield ExportFile("memberships.jsonl", _memberships(user))


def _memberships(user: User) -> Iterator[bytes]:
    theirs = Channel.objects.visible_to(user).filter(memberships__user=user)
    visible = set(theirs.values_list("pk", flat=True))
    memberships = list(Membership.objects.filter(user=user).select_related("channel").order_by("pk"))
    with_others(user, (one.channel for one in memberships if one.channel_id in visible))
    for one in memberships:
        yield as_line(
            {
                # What it is called now is nothing to who is not in it any more.
                "channel": one.channel.title if one.channel_id in visible else "",
                "address": one.channel.slug,
                "kind": one.channel.kind,
                "role": one.role,
                "joined": one.joined_at,
                "left": one.left_at,
                "read_up_to": one.last_read_seq,
                "cleared_up_to": one.cleared_seq,
                "is_muted": one.is_muted,
                "notifies": one.notifies,
            }
        )
