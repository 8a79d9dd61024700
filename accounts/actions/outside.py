"""The accounts of people who log in by another service."""

import secrets
from collections.abc import Iterator
from functools import partial

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError

from accounts.actions.naming import DISPLAY_NAME_LENGTH, clean_display_name
from accounts.actions.signing_up import sign_up
from accounts.models import User
from accounts.names import USERNAME_LENGTH, username_like
from chatsite.errors import Conflict, Invalid
from chatsite.text import one_line

NAMED_WITHOUT = "user"  # whom the service gives no name of use
MOST_NUMBERED = 20  # of one name, before a number is drawn
DRAWN = 5


def sign_up_from_service(
    *,
    provider: str,
    uid: str,
    username: str,
    display_name: str,
    email: str,
    is_email_verified: bool,
    token: str,
) -> User:
    """Make the account of somebody whom the service knows and the site does not.

    It has no password. Whoever has the name or the address here already keeps both and is not touched.

    Arguments:
        provider: with `uid`, who they are to the service; it leads to this account from now on.
        username: what they would be called; they get the nearest that is free.
        display_name: what others would see; the username when it can't be shown.
        token: of the invitation with which they came, "" without one.

    Raises:
        Conflict: no name near to it is free.
        NotAllowed, NotFound: as `let_in`.
    """
    for name in _names(username_like(username) or username_like(display_name) or NAMED_WITHOUT):
        try:
            return sign_up(
                username=name,
                password=None,
                display_name=_shown(display_name),
                email=email,
                is_email_verified=is_email_verified,
                token=token,
                last_step=partial(_remember, provider, uid),
            )
        except (Conflict, IntegrityError) as error:
            # They may have come twice at once.
            known = SocialAccount.objects.filter(provider=provider, uid=uid).select_related("user").first()
            if known is not None:
                user: User = known.user
                return user
            if not isinstance(error, Conflict):
                raise
            refusal = error
    raise refusal


def _remember(provider: str, uid: str, user: User) -> None:
    SocialAccount.objects.create(provider=provider, uid=uid, user=user)


def _names(name: str) -> Iterator[str]:
    yield name
    start = name[: USERNAME_LENGTH - len("-000000")]
    yield from (f"{start}-{number}" for number in range(2, MOST_NUMBERED))
    yield from (f"{start}-{secrets.randbelow(1_000_000)}" for _ in range(DRAWN))


def _shown(display_name: str) -> str:
    try:
        return clean_display_name(one_line(display_name)[:DISPLAY_NAME_LENGTH])
    except Invalid:
        return ""
