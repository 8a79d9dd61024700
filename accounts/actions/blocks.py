"""Blocking somebody: no direct messages between the two, and what they say elsewhere is folded."""

from django.utils import timezone

from accounts.models import Block, User
from accounts.permissions import may_block
from chatsite.limits import BLOCK, spend
from chatsite.live.bus import announce
from chatsite.live.events import sidebar_changed
from chatsite.rights import require


def block_user(actor: User, user: User) -> None:
    """Hear no more from `user`; blocking twice is blocking once. They are not told.

    Raises:
        NotAllowed: it is the actor themselves, or their account has ended.
        TooMany: the actor did that too often.
    """
    require(may_block, actor, user)
    spend(BLOCK, user=actor.pk)
    Block.objects.get_or_create(blocker=actor, blocked=user, defaults={"blocked_at": timezone.now()})
    announce(sidebar_changed(actor.pk))  # what that person asks them into is not there any more


def unblock_user(actor: User, user: User) -> None:
    """Hear from `user` again.

    Raises:
        NotAllowed: it is the actor themselves, or their account has ended.
        TooMany: the actor did that too often.
    """
    require(may_block, actor, user)
    spend(BLOCK, user=actor.pk)
    Block.objects.filter(blocker=actor, blocked=user).delete()
    announce(sidebar_changed(actor.pk))
