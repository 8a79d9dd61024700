"""What is done in the site's administration and to its security: who, what, to whom, when, from where.

An action writes its entry in its own transaction: there is none of what did not happen, and nothing happens
without one. An entry never has a message's text or a password in it, and is never changed.
"""

from collections.abc import Mapping
from typing import TypeAlias

from django.utils import timezone

from accounts.actors import Actor
from accounts.models import Act, AuditEntry, User
from chatsite.origin import the_origin

Facts: TypeAlias = Mapping[str, object]


def record(
    actor: Actor,
    act: Act,
    *,
    person: User | None = None,
    about: str = "",
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Write down that `actor` did `act`; nothing, when `before` and `after` are given and the same.

    Arguments:
        person: to whom it was done.
        about: what else it was done to, as a person would name it: `#design`, a message's client_id.
        before: what was so before, by field; only what changed is kept.
        after: what is so now.

    Raises:
        django.db.Error: it can't be written; then the act must not be done either.
    """
    was, now = _changed(before or {}, after or {})
    if before is not None and after is not None and not was and not now:
        return
    AuditEntry.objects.create(
        at=timezone.now(),
        actor=actor if isinstance(actor, User) else None,
        act=act,
        person=person,
        about=about[: AuditEntry.ABOUT_LENGTH],
        before=was,
        after=now,
        origin=the_origin()[: AuditEntry.ORIGIN_LENGTH],
    )


def _changed(before: Facts, after: Facts) -> tuple[dict[str, object], dict[str, object]]:
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return (
        {name: value for name, value in before.items() if name in names},
        {name: value for name, value in after.items() if name in names},
    )
