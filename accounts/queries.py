"""Every read of accounts."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import F, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.actors import Actor
from accounts.devices import Device, device_of
from accounts.models import (
    LARGE,
    SMALL,
    AuditEntry,
    Avatar,
    Ban,
    Block,
    Export,
    ExportPart,
    SiteInvitation,
    SiteSettings,
    User,
    UserSession,
)
from chatsite.errors import NotFound
from chatsite.text import comparison_key, refuse_unstorable

INVITATIONS_SHOWN = 200
MOST_SESSIONS = 100  # of one person, on a page


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A browser in which somebody is logged in; the key of the session is not in it."""

    session_id: int
    device: Device
    origin: str
    seen_at: datetime
    is_here: bool


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """What somebody logs in with besides the password; `codes_left` are for when they have lost it."""

    app: Authenticator | None
    passkeys: list[Authenticator]
    codes_left: int

    @property
    def are_on(self) -> bool:
        return bool(self.app or self.passkeys)


Narrow: TypeAlias = Callable[[Actor, QuerySet[AuditEntry]], QuerySet[AuditEntry]]

_narrows_audit: list[Narrow] = []

LAST_CHARACTER = "\U0010ffff"


def user_by_username(username: str) -> User:
    """The user of that name, in any spelling.

    Raises:
        NotFound: there is none.
    """
    refuse_unstorable(username, field="username")
    user = User.objects.filter(username=comparison_key(username.strip())).first()
    if user is None:
        raise NotFound
    return user


def users_by_usernames(usernames: Collection[str]) -> list[User]:
    """The users of these names, in any spelling, in one query; fewer where nobody has one of them."""
    for username in usernames:
        refuse_unstorable(username, field="username")
    return list(User.objects.filter(username__in={comparison_key(name.strip()) for name in usernames}))


def named_like(users: QuerySet[User], words: str) -> QuerySet[User]:
    """Those of `users` whose username starts with `words`, by name."""
    start = comparison_key(words.strip().removeprefix("@"))
    # A range, not LIKE: both databases look it up in the index of the username, whatever its collation.
    return users.filter(username__gte=start, username__lt=start + LAST_CHARACTER).order_by("username")


def ban_of(user: User) -> Ban | None:
    """The ban that holds against `user`; for who may ban them."""
    return Ban.objects.select_related("banned_by").filter(user=user, lifted_at=None).first()


def bans_of(bans: QuerySet[Ban], words: str) -> QuerySet[Ban]:
    """Those of `bans` that are of people whose username starts with `words`."""
    return bans.filter(user__in=[user.pk for user in named_like(User.objects.all(), words)[:PEOPLE_MEANT]])


def has_blocked(user: User, other: User) -> bool:
    """Whether `user` blocked `other`; nobody else is told."""
    return Block.objects.filter(blocker=user, blocked=other).exists()


def is_blocked_between(one: User, other: User) -> bool:
    """Whether one of the two blocked the other."""
    either = Q(blocker=one, blocked=other) | Q(blocker=other, blocked=one)
    return Block.objects.filter(either).exists()


def blocked_by(user: User) -> list[User]:
    """Whom `user` blocked, by name."""
    blocks = Block.objects.filter(blocker=user).select_related("blocked").order_by("blocked__username")
    return [block.blocked for block in blocks]


def users_with_email(email: str) -> list[User]:
    """Those who can log in and are known to read the mail to that address, in whatever case it is written."""
    users = User.objects.filter(email__iexact=email, is_active=True).exclude(email="")
    # MariaDB takes more for the same than case: mail must not go to who only looks like it.
    return [user for user in users if user.has_verified_email and user.email.casefold() == email.casefold()]


def is_known_to_service(user: User) -> bool:
    """Whether they can log in by another service."""
    is_known: bool = SocialAccount.objects.filter(user=user).exists()
    return is_known


def avatar_of(user_id: int, side: int) -> tuple[str, bytes]:
    """The picture of that user with that side in pixels, behind its digest.

    Raises:
        NotFound: they have none, or none of that size.
    """
    columns = {SMALL: "small", LARGE: "large"}
    if side not in columns:
        raise NotFound
    found = Avatar.objects.filter(user=user_id).values_list("digest", columns[side]).first()
    if found is None:
        raise NotFound
    digest, picture = found
    return digest, bytes(picture)


def users_of_sessions(keys: Collection[str]) -> dict[str, User]:
    """Who is logged in in each of the sessions, by its key, as `django.contrib.auth.get_user` says for one.

    A session that ended, one in which nobody is logged in, and one whose user has another password or no
    active account any more are left out.
    """
    sessions = {session.session_key: session.get_decoded() for session in _sessions(keys)}
    ids = {facts[SESSION_KEY] for facts in sessions.values() if SESSION_KEY in facts}
    users = {str(user.pk): user for user in User.objects.filter(pk__in=ids, is_active=True)}
    return {
        key: user
        for key, facts in sessions.items()
        if (user := users.get(facts.get(SESSION_KEY, ""))) is not None and _is_of(user, facts)
    }


def sessions_of(user: User, *, here: str) -> list[ShownSession]:
    """Where `user` is logged in, first here and then where they were seen last.

    Arguments:
        here: the key of the session in which they ask.
    """
    known = UserSession.objects.filter(user=user, session__expire_date__gt=timezone.now())
    alive = [
        ShownSession(one.pk, device_of(one.user_agent), one.origin, one.seen_at, one.session_id == here)
        for one in known.select_related("session").order_by("-seen_at")[:MOST_SESSIONS]
        if _is_of(user, one.session.get_decoded())
    ]
    return sorted(alive, key=lambda one: not one.is_here)


def sessions_alive(keys: Collection[str]) -> set[str]:
    """Those of the sessions that have not ended."""
    return set(_sessions(keys).values_list("session_key", flat=True))


def who_shows_presence(user_ids: Collection[int]) -> set[int]:
    """Those of the users that let others see whether they are here; whose account ended never does."""
    users = User.objects.filter(pk__in=user_ids, is_active=True, shows_presence=True)
    return set(users.values_list("pk", flat=True))


def _sessions(keys: Collection[str]) -> QuerySet[Session]:
    return Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())


def _is_of(user: User, facts: dict[str, str]) -> bool:
    """Whether the session was begun with the password that the user has now."""
    if facts.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(facts.get(HASH_SESSION_KEY, ""), known) for known in hashes)


PEOPLE_MEANT = 20  # by the beginning of a username in a search


def second_factors_of(user: User) -> SecondFactors:
    """What `user` logs in with besides the password."""
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    kinds = {factor.type: factor for factor in factors}
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
    return SecondFactors(
        app=kinds.get(Authenticator.Type.TOTP),
        passkeys=[factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
    )


def on_audit_seen(narrow: Narrow) -> None:
    """Have `narrow(actor, entries)` leave out what is about a place that `actor` can't see.

    An app calls this in `ready()`.
    """
    _narrows_audit.append(narrow)


def audit_seen_by(actor: Actor, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """Those of `entries` that `actor` may read in the admin. Who runs the site reads all (`audit_log`)."""
    for narrow in _narrows_audit:
        entries = narrow(actor, entries)
    return entries


def audit_of(entries: QuerySet[AuditEntry], words: str) -> QuerySet[AuditEntry]:
    """Those of `entries` that people whose username starts with `words` did, or that were done to them."""
    people = [user.pk for user in named_like(User.objects.all(), words)[:PEOPLE_MEANT]]
    return entries.filter(Q(actor__in=people) | Q(person__in=people))


def audit_log(
    *, since: datetime | None, until: datetime | None, act: str, user: User | None
) -> QuerySet[AuditEntry]:
    """The audit log, the oldest first, for who runs the site.

    Arguments:
        since: from this moment on; None is from the beginning.
        until: before this moment; None is to the end.
        act: one of `Act`; "" is all.
        user: what this person did or had done to them; None is everybody.
    """
    entries = AuditEntry.objects.select_related("actor", "person").order_by("pk")
    if since is not None:
        entries = entries.filter(at__gte=since)
    if until is not None:
        entries = entries.filter(at__lt=until)
    if act:
        entries = entries.filter(act=act)
    if user is not None:
        entries = entries.filter(Q(actor=user) | Q(person=user))
    return entries


def site_settings() -> SiteSettings:
    """What holds for the whole site, as it is now."""
    return SiteSettings.objects.filter(pk=SiteSettings.THE_ROW).first() or SiteSettings()


def channel_creators() -> Subquery:
    """`SiteSettings.channel_creators`, to be read along with something else; null while there is no row."""
    return Subquery(SiteSettings.objects.filter(pk=SiteSettings.THE_ROW).values("channel_creators"))


def open_site_invitations() -> list[SiteInvitation]:
    """The links that let somebody in, the newest first, at most INVITATIONS_SHOWN."""
    invitations = SiteInvitation.objects.open().select_related("inviter", "channel")
    return list(invitations.order_by("-pk")[:INVITATIONS_SHOWN])


def site_invitation_by_token(token: str) -> SiteInvitation | None:
    """The invitation of that token, if it lets somebody in now."""
    invitations = SiteInvitation.objects.open().select_related("channel")
    return invitations.filter(token_digest=token_digest(token)).first()


def token_digest(token: str) -> str:
    """What is stored of the token of an invitation. It is long and random, so that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def audit_log_of_own(user: User) -> QuerySet[AuditEntry]:
    """What the audit log says of what `user` did, or somebody who was not logged in did to them.

    Not what others did: who reported them to the admins, for one, is nothing for them to read.
    """
    theirs = Q(actor=user) | Q(actor=None, person=user)
    return AuditEntry.objects.filter(theirs).select_related("person").order_by("pk")


def export_of(user: User) -> Export:
    """What was made of all that the site keeps of `user`.

    Raises:
        NotFound: nothing, or it is not ready, or not kept any more.
    """
    export = Export.objects.filter(user=user).first()
    if export is None or not export.is_ready:
        raise NotFound
    return export


def export_part(export_id: int, number: int) -> bytes | None:
    """A piece of that file; None behind its end."""
    parts = ExportPart.objects.filter(export=export_id, attempt=F("export__attempt"), number=number)
    content = parts.values_list("content", flat=True).first()
    return bytes(content) if content is not None else None


def export_parts(export_id: int) -> Iterator[bytes]:
    """All pieces of that file, read one by one."""
    number = 0
    while (part := export_part(export_id, number)) is not None:
        yield part
        number += 1
