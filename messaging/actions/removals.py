"""Banning somebody together with what they said, which goes in portions, in the background."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import ban_user
from accounts.actors import Actor
from accounts.audit import record
from accounts.models import Act, Ban, User
from accounts.permissions import may_ban
from accounts.queries import ban_of
from chatsite.background import run_later
from chatsite.errors import Conflict
from chatsite.rights import require
from messaging.actions.erasing import erase, erase_rejected
from messaging.models import Message, RejectedMessage, Removal
from messaging.pipeline.persist import locked_channels
from messaging.queries.admin import last_removal

PORTION = 100  # messages in one transaction: others wait for no more, and a page gets them in one piece
REMOVE_TASK = "messaging.remove_messages"
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def ban(actor: Actor, person: User, *, reason: str, removes: str) -> Ban:
    """Ban `person` from the site, and have what they said removed.

    Arguments:
        removes: a key of SPANS, that much of it; "all"; or "" for nothing.

    Raises:
        Conflict: they are banned already.
        Invalid: the reason breaks a rule.
        NotAllowed: the actor may not ban them.
    """
    with transaction.atomic():
        ban = ban_user(actor, person, reason=reason)
        if removes:
            start_removal(actor, person, removes=removes)
    return ban


def start_removal(actor: Actor, person: User, *, removes: str) -> Removal:
    """Have what `person`, who is banned, said before that removed, wherever it was said.

    Arguments:
        removes: as of `ban`.

    Raises:
        Conflict: they are not banned: more would come while this goes.
        NotAllowed: the actor may not ban them.
    """
    require(may_ban, actor, person)
    ban = ban_of(person)
    if ban is None:
        raise Conflict(_("This person is not banned."), code="not_banned")
    return _start(actor, person, since=ban.banned_at - SPANS[removes] if removes in SPANS else None)


def remove_all_said_by(person: User) -> None:
    """Have all that `person` said removed: a step of deleting an account, when its owner wants that."""
    _start(person, person, since=None)


def begin_removal_again(actor: Actor, person: User) -> None:
    """Go on with the removal of what `person` said that nobody is at any more, from where it stopped.

    Raises:
        NotAllowed: the actor may not ban them.
    """
    require(may_ban, actor, person)
    with transaction.atomic():
        removal = last_removal(person)
        if removal is None or removal.has_ended:
            return
        Removal.objects.filter(pk=removal.pk).update(seen_at=timezone.now())
        run_later(REMOVE_TASK, removal.pk)


def go_on_removing(removal_id: int) -> None:
    """Remove what is left; who was killed at it is called again, and two may be at it at once."""
    removal = Removal.objects.get(pk=removal_id)
    if removal.has_ended:
        return
    if removal.total is None:
        removal.total = _left(removal).count()
        Removal.objects.filter(pk=removal.pk, total=None).update(total=removal.total)
    while _remove_portion(removal):
        pass
    if removal.person.is_deleted:
        # Also what was rejected in the very moment in which they left.
        with transaction.atomic():
            erase_rejected(RejectedMessage.objects.select_for_update().filter(author=removal.person))
    Removal.objects.filter(pk=removal.pk, ended_at=None).update(ended_at=timezone.now(), total=F("done"))


def finish_stalled_removals() -> None:
    """Finish, here and now, the removals that nobody is at any more: the broker was away when they began."""
    for removal in Removal.objects.filter(ended_at=None):
        if removal.is_stalled:
            go_on_removing(removal.pk)


def _start(actor: Actor, person: User, *, since: datetime | None) -> Removal:
    now = timezone.now()
    with transaction.atomic():
        removal = Removal.objects.create(
            person=person,
            started_by=actor if isinstance(actor, User) else None,
            since=since,
            started_at=now,
            seen_at=now,
        )
        record(actor, Act.MESSAGES_REMOVED, person=person, after={"since": _moment(since)})
        run_later(REMOVE_TASK, removal.pk)
    return removal


def _remove_portion(removal: Removal) -> bool:
    """Whether there was one; `removal` knows how far it is then."""
    # By author and id: in that order MariaDB goes along the author's index, not through all messages.
    ahead = _left(removal).filter(pk__gt=removal.reached).order_by("author_id", "pk")
    portion = dict(ahead.values_list("pk", "channel_id")[:PORTION])
    if not portion:
        return False
    with transaction.atomic():
        channels = locked_channels(set(portion.values()))
        messages = list(Message.objects.filter(pk__in=portion, deleted_at=None).order_by("pk"))
        erase(messages, channels)
        removal.reached = max(portion)
        Removal.objects.filter(pk=removal.pk).update(
            done=F("done") + len(messages), reached=removal.reached, seen_at=timezone.now()
        )
    return True


def _left(removal: Removal) -> QuerySet[Message]:
    # Not what was said since: it may go on long after, when the ban is lifted.
    messages = Message.objects.filter(
        author=removal.person_id, deleted_at=None, accepted_at__lte=removal.started_at
    )
    return messages if removal.since is None else messages.filter(accepted_at__gte=removal.since)


def _moment(since: datetime | None) -> str:
    return since.isoformat(timespec="seconds") if since else "ever"
