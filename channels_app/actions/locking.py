"""How an action begins that changes a channel for others: its row locked, and the right asked then."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.actors import Actor
from accounts.audit import record
from accounts.models import Act, User
from channels_app.models import Channel, Membership
from chatsite.rights import Predicate, require


def locked(channel: Channel) -> Channel:
    """`channel` as it is now, and as it stays until the transaction ends."""
    return Channel.objects.select_for_update().get(pk=channel.pk)


@contextmanager
def looking_after(
    actor: Actor, channel: Channel, right: Predicate, act: Act, *, user: User | None = None
) -> Iterator[Channel]:
    """A transaction with `channel` locked, for who looks after it: what they do to others goes through here.

    It is in the audit log where the channel is public, or the actor is the site itself. Of a private channel
    the site's admins, who read that, are not to know.

    Arguments:
        user: to whom it is done, when it is done to somebody.

    Raises:
        NotAllowed: `right` does not let the actor, as things stand now.
    """
    with transaction.atomic():
        fresh = locked(channel)
        require(right, actor, fresh)
        about, before = fresh.slug, _facts(fresh, user)
        yield fresh
        if fresh.is_public or not isinstance(actor, User):
            record(actor, act, person=user, about=about, before=before, after=_facts(fresh, user))


def _facts(channel: Channel, user: User | None) -> dict[str, object]:
    if user is not None:
        there = Membership.objects.filter(channel=channel, user=user, left_at=None)
        return {"role": there.values_list("role", flat=True).first()}
    return {"name": channel.name, "topic": channel.topic, "archived": channel.is_archived}


def lock_account(user: User) -> User:
    """The account as it is now, locked: before the first row that refers to it is inserted.

    Such a row locks the account a little, and two transactions that have both done so wait for each other
    when they count.
    """
    return User.objects.select_for_update().only("is_active").get(pk=user.pk)
