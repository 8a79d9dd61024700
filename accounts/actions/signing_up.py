"""Getting an account by oneself: whether that is possible, and the links by which admins invite people."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.switching import Step
from accounts.actions.users import create_user
from accounts.actors import SYSTEM, Actor
from accounts.audit import Facts, record
from accounts.models import Act, SiteInvitation, SiteSettings, User
from accounts.permissions import may_invite_to_site, may_sign_up
from accounts.queries import site_invitation_by_token, site_settings, token_digest
from chatsite.errors import Invalid, NotAllowed, NotFound
from chatsite.limits import INVITATION, spend
from chatsite.rights import require

TOKEN_BYTES = 32
USUAL_DAYS, MOST_DAYS = 7, 365
USUAL_USES, MOST_USES = 10, 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """What an app above does for invitations that are to some place of its own, too.

    Attributes:
        find: the id of the channel that an actor names; raises ChatError when they may not invite there.
        join: puts a new user into the channel of the invitation, in the transaction that makes the account.
    """

    find: Callable[[Actor, str], int]
    join: Callable[[User, SiteInvitation], object]


_places: list[Place] = []


def on_invited(place: Place) -> None:
    """Have invitations lead to channels; an app calls this in `ready()`."""
    _places.append(place)


def invite_to_site(
    actor: Actor, *, days: int = USUAL_DAYS, uses: int = USUAL_USES, channel: str = ""
) -> tuple[SiteInvitation, str]:
    """Make a link with which people sign up; returns the invitation, and the token, which is kept nowhere.

    Arguments:
        days: for how long it lets somebody in.
        uses: how many people it lets in.
        channel: the name of a public channel that they join, too; "" for none.

    Raises:
        Invalid: a number is out of bounds, or there is no such channel.
        NotAllowed: the actor is no site admin.
        TooMany: the actor made too many.
    """
    require(may_invite_to_site, actor)
    spend(INVITATION, user=actor.pk if isinstance(actor, User) else None)
    _refuse_outside(days, 1, MOST_DAYS, field="days")
    _refuse_outside(uses, 1, MOST_USES, field="uses")
    channel_id = None
    if channel.strip():
        for place in _places:
            channel_id = place.find(actor, channel)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        invitation = SiteInvitation.objects.create(
            token_digest=token_digest(token),
            inviter=actor if isinstance(actor, User) else None,
            channel_id=channel_id,
            expires_at=timezone.now() + timedelta(days=days),
            most_uses=uses,
        )
        record(actor, Act.SITE_INVITATION_MADE, about=_name(invitation), after=_facts(invitation))
    return invitation, token


def revoke_site_invitation(actor: Actor, invitation_id: int) -> None:
    """Have a link let nobody in any more.

    Raises:
        NotAllowed: the actor is no site admin.
        NotFound: there is none that lets somebody in.
    """
    require(may_invite_to_site, actor)
    with transaction.atomic():
        invitation = SiteInvitation.objects.open().select_for_update().filter(pk=invitation_id).first()
        if invitation is None:
            raise NotFound
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        record(actor, Act.SITE_INVITATION_REVOKED, about=_name(invitation))


def let_in(token: str) -> SiteInvitation | None:
    """The invitation with which a newcomer may sign up now, None when it takes none and they have none.

    Arguments:
        token: of the link by which they came, "" without one.

    Raises:
        NotAllowed: sign-up is closed (`sign_up_closed`), or by invitation alone (`sign_up_by_invitation`).
        NotFound: the link lets nobody in: it is used up, expired, revoked, or never was, told alike.
    """
    site = site_settings()
    invitation = site_invitation_by_token(token) if token else None
    if site.sign_up == SiteSettings.SignUp.CLOSED:
        raise NotAllowed(_("An admin can make an account for you."), code="sign_up_closed")
    if token and invitation is None:
        raise _ended()
    if not may_sign_up.test(invitation, site):
        raise NotAllowed(
            _("To sign up here you need a link from an admin of this site."), code="sign_up_by_invitation"
        )
    return invitation


def sign_up(
    *,
    username: str,
    password: str | None,
    display_name: str,
    email: str,
    token: str,
    is_email_verified: bool = False,
    last_step: Step | None = None,
) -> User:
    """Make the account of somebody who comes by themselves.

    Arguments:
        password: None for who logs in in another way.
        token: of the link by which they came, "" without one.
        is_email_verified, last_step: as `create_user`.

    Raises:
        Conflict, Invalid: as `create_user`.
        NotAllowed, NotFound: as `let_in`.
    """
    invitation = let_in(token)
    return create_user(
        SYSTEM,
        username=username,
        password=password,
        display_name=display_name,
        email=email,
        is_email_verified=is_email_verified,
        last_step=partial(_finish, invitation, last_step),
    )


def _finish(invitation: SiteInvitation | None, last_step: Step | None, user: User) -> None:
    if invitation is not None:
        _use(invitation, user)
    if last_step is not None:
        last_step(user)


def _use(invitation: SiteInvitation, user: User) -> None:
    """Count `user` on the invitation and have them where it leads, unless it ended meanwhile."""
    there = SiteInvitation.objects.open().filter(pk=invitation.pk)
    # One statement that looks and counts: of two who come by the last use the second finds none left.
    if not there.update(uses=F("uses") + 1):
        raise _ended()
    record(SYSTEM, Act.SITE_INVITATION_USED, person=user, about=_name(invitation))
    if invitation.channel_id:
        for place in _places:
            place.join(user, invitation)


def _ended() -> NotFound:
    return NotFound(_("Ask whoever sent it to you for another one."), code="invitation_ended")


def _refuse_outside(number: int, least: int, most: int, *, field: str) -> None:
    if not least <= number <= most:
        raise Invalid(
            _("A number from %(least)s to %(most)s.") % {"least": least, "most": most},
            code=f"{field}_out_of_bounds",
            field=field,
        )


def _name(invitation: SiteInvitation) -> str:
    return f"invitation {invitation.pk}"


def _facts(invitation: SiteInvitation) -> Facts:
    return {
        "expires": invitation.expires_at.isoformat(timespec="seconds"),
        "uses": invitation.most_uses,
        "channel": invitation.channel.label if invitation.channel else "",
    }
