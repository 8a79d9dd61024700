"""Logging in and out, where somebody is logged in, and ending it from elsewhere."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.audit import record
from accounts.devices import device_of
from accounts.models import Act, User, UserSession
from accounts.permissions import may_set_preferences
from chatsite.errors import NotFound
from chatsite.live.bus import announce
from chatsite.live.events import sessions_changed
from chatsite.origin import the_origin
from chatsite.rights import require

SEEN_EVERY = timedelta(minutes=5)
MOST_REMEMBERED = 10_000  # sessions

_noted_at: dict[str, datetime] = {}  # by session key: what this process need not look up again yet


def note_log_in(user: User) -> None:
    """Write down that `user` logged in."""
    record(user, Act.LOGGED_IN, person=user)


def note_log_out(user: User) -> None:
    """Write down that `user` logged out."""
    record(user, Act.LOGGED_OUT, person=user)


def note_failed_log_in(username: str) -> None:
    """Write down that somebody tried to log in as `username`.

    A name that nobody has is not kept: it may be a password in the wrong field.
    """
    user = User.objects.filter(username=User.normalize_username(username)).first()
    record(SYSTEM, Act.LOG_IN_FAILED, person=user)


def note_session(user: User, session_key: str, *, user_agent: str) -> None:
    """Remember that `user` is here now in that session, with what browser and from where.

    Once in SEEN_EVERY: in between it asks the database nothing.
    """
    now = timezone.now()
    if session_key in _noted_at and now - _noted_at[session_key] < SEEN_EVERY:
        return
    if len(_noted_at) >= MOST_REMEMBERED:
        _noted_at.clear()
    _noted_at[session_key] = now
    seen = {
        "user": user,
        "seen_at": now,
        "origin": the_origin()[: UserSession.ORIGIN_LENGTH],
        "user_agent": user_agent[: UserSession.USER_AGENT_LENGTH],
    }
    known, is_new = UserSession.objects.get_or_create(session_id=session_key, defaults=seen)
    # Another process may have noted it a moment ago.
    if not is_new and now - known.seen_at >= SEEN_EVERY:
        UserSession.objects.filter(pk=known.pk).update(**seen)


def end_session(actor: User, session_id: int, *, here: str) -> None:
    """Log the actor out in another browser, at once.

    Arguments:
        session_id: of a `UserSession`.
        here: the key of the session in which the actor asks for it.

    Raises:
        NotAllowed: the actor's account has ended.
        NotFound: the actor has no such session elsewhere.
    """
    require(may_set_preferences, actor, actor)
    with transaction.atomic():
        ended = UserSession.objects.filter(pk=session_id, user=actor).exclude(session_id=here).first()
        if ended is None:
            raise NotFound
        Session.objects.filter(pk=ended.session_id).delete()
        record(
            actor,
            Act.SESSION_ENDED,
            person=actor,
            about=f"{device_of(ended.user_agent).name}, {ended.origin}",
        )
        announce(sessions_changed(actor.pk))


def end_all_sessions(user: User) -> None:
    """Log `user` out everywhere, as a part of an action that says so to the hubs and the audit log."""
    keys = list(UserSession.objects.filter(user=user).values_list("session_id", flat=True))
    Session.objects.filter(pk__in=keys).delete()


def end_other_sessions(actor: User, *, here: str) -> None:
    """Log the actor out in every browser but the one whose session has the key `here`.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    require(may_set_preferences, actor, actor)
    with transaction.atomic():
        keys = list(
            UserSession.objects.filter(user=actor)
            .exclude(session_id=here)
            .values_list("session_id", flat=True)
        )
        Session.objects.filter(pk__in=keys).delete()
        record(actor, Act.OTHER_SESSIONS_ENDED, person=actor, after={"ended": len(keys)})
        announce(sessions_changed(actor.pk))
