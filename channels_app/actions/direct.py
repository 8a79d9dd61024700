"""Direct messages: opening the one conversation that some people have."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.queries import is_blocked_between, users_by_usernames
from channels_app.models import MOST_IN_DIRECT, Channel, Kind, Membership
from channels_app.names import DIRECT_SIGN, people_key, random_slug
from channels_app.permissions import may_message
from channels_app.queries import direct_of
from chatsite.errors import Invalid, NotAllowed
from chatsite.limits import ARRANGE, CHANNEL, limited_together, spend
from chatsite.live.bus import announce
from chatsite.live.events import memberships_changed
from chatsite.rights import require
from chatsite.text import comparison_key


@limited_together(ARRANGE)
def open_direct(actor: User, *, usernames: Collection[str]) -> Channel:
    """The conversation of the actor with the people of these names, made when there is none.

    Two of them who open it in the same instant have one. The others see it once something is said.

    Raises:
        Invalid: nobody is named, too many are, or somebody who has no account.
        NotAllowed: the actor's account has ended, or it is of two and one of them blocked the other.
        TooMany: the actor opened too many, or too many that were new.
    """
    require(may_message, actor)
    people = {actor, *_people(usernames)}
    if len(people) == 1:
        raise Invalid(_("Choose somebody to write to."), code="nobody")
    if len(people) > MOST_IN_DIRECT:
        raise _too_many_people()
    if len(people) == 2 and is_blocked_between(*people):
        # Not who blocked whom: who is blocked is not told so.
        raise NotAllowed(_("You and this person can't send each other messages."), code="cut_off")
    channel = direct_of(people)
    if channel is None:
        spend(CHANNEL, user=actor.pk)
        channel = _insert(actor, people)
    unseen = Membership.objects.filter(channel=channel, user=actor, is_hidden=True)
    if unseen.update(is_hidden=False):
        announce(memberships_changed(actor.pk))
    return channel


def _insert(creator: User, people: Collection[User]) -> Channel:
    channel = Channel(
        kind=Kind.DIRECT,
        slug=random_slug(DIRECT_SIGN),
        people_key=people_key(user.pk for user in people),
        creator=creator,
        member_count=len(people),
    )
    now = timezone.now()
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
            Membership.objects.bulk_create(
                Membership(
                    channel=channel, user=user, joined_at=now, notifies=True, is_hidden=user != creator
                )
                for user in people
            )
            announce(*(memberships_changed(user.pk) for user in people))
    except IntegrityError:
        there = direct_of(people)
        if there is None:
            raise
        return there
    return channel


def _people(usernames: Collection[str]) -> list[User]:
    names = {comparison_key(username.strip()) for username in usernames}
    if len(names) > MOST_IN_DIRECT:
        raise _too_many_people()  # before anybody looks for so many
    people = users_by_usernames(names)
    if len(people) < len(names) or not all(user.is_active for user in people):
        raise Invalid(_("There is nobody of that name."), code="nobody")
    return people


def _too_many_people() -> Invalid:
    words = _("At most %(most)s people can have a conversation. Create a private channel for more.")
    return Invalid(words % {"most": MOST_IN_DIRECT}, code="too_many_people")
