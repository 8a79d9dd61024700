"""What people choose for themselves."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.confirming import refuse_wrong_password
from accounts.actions.locking import locked_account
from accounts.actions.mails import Note, tell_by_mail
from accounts.actions.naming import clean_display_name
from accounts.audit import record
from accounts.models import Act, User
from accounts.permissions import may_set_preferences
from accounts.zones import clean_time_zone
from chatsite.errors import Invalid
from chatsite.limits import ARRANGE, limited_together
from chatsite.live.bus import announce
from chatsite.live.events import presence_switched, sessions_changed
from chatsite.rights import require


@limited_together(ARRANGE)
def set_display_name(actor: User, *, display_name: str) -> None:
    """Be called otherwise, everywhere and at once.

    Raises:
        Invalid: the name breaks a rule.
        NotAllowed: the actor's account has ended.
    """
    display_name = clean_display_name(display_name)
    if _choose(actor, display_name=display_name):
        announce(sessions_changed(actor.pk))  # the hubs know the name, for who types


@limited_together(ARRANGE)
def set_email(actor: User, *, email: str, password: str) -> None:
    """Have mail go to another address, or with "" to none.

    Arguments:
        password: as `refuse_wrong_password` wants it: by the address somebody else could get a new one.

    Raises:
        Invalid: the password is another.
        NotAllowed: the actor's account has ended.
        TooMany: it was typed too often; nobody looked whether it is right.
    """
    refuse_wrong_password(actor, password)
    email = User.objects.normalize_email(email)
    with transaction.atomic():
        before = locked_account(actor)
        if before.email != email:
            tell_by_mail(before, Note.ADDRESS)
        _choose(actor, email=email)
        record(
            actor, Act.ACCOUNT_EDITED, person=actor, before={"email": before.email}, after={"email": email}
        )


@limited_together(ARRANGE)
def set_enter(actor: User, *, enter_sends: bool | None) -> None:
    """Choose what Enter does while the actor writes.

    Arguments:
        enter_sends: it sends, it breaks the line, or None: it sends but on a touch screen.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    _choose(actor, enter_sends=enter_sends)


@limited_together(ARRANGE)
def set_appearance(actor: User, *, theme: str, language: str, time_zone: str) -> None:
    """Choose how pages look to the actor.

    Arguments:
        theme: a `User.Theme`.
        language: one that the site speaks; "" as the browser says.
        time_zone: as typed; "" as the browser says.

    Raises:
        Invalid: there is no such theme, language or zone.
        NotAllowed: the actor's account has ended.
    """
    if theme not in User.Theme.values:
        raise Invalid(_("There is no such theme."), code="theme_unknown", field="theme")
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid(_("The site does not speak that language."), code="language_unknown", field="language")
    if _choose(actor, theme=theme, language=language, time_zone=clean_time_zone(time_zone)):
        announce(sessions_changed(actor.pk))  # streams bring messages in the reader's language


@limited_together(ARRANGE)
def set_presence(actor: User, *, shows_presence: bool) -> None:
    """Choose whether others see if the actor is here.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    if _choose(actor, shows_presence=shows_presence):
        announce(presence_switched(actor.pk))


def _choose(actor: User, **chosen: Any) -> bool:
    """Write what the actor chose for themselves; whether it was something else before."""
    require(may_set_preferences, actor, actor)
    return bool(User.objects.filter(pk=actor.pk).exclude(**chosen).update(**chosen))
