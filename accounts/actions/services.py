"""Whether somebody logs in to their account by another service as well: connected, and disconnected again."""

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.locking import locked_account
from accounts.actions.mails import Note, tell_by_mail
from accounts.audit import record
from accounts.models import Act, User
from accounts.permissions import may_set_preferences
from chatsite.errors import Conflict
from chatsite.rights import require


def connect_service(actor: User, *, provider: str, uid: str) -> None:
    """Have whom the service knows by `uid` be logged in as the actor; twice is as good as once.

    Raises:
        Conflict: that leads to another account, or something else leads to this one.
        NotAllowed: the actor's account has ended.
    """
    try:
        with transaction.atomic():
            user = locked_account(actor)
            require(may_set_preferences, user, user)
            known = SocialAccount.objects.filter(user=user, provider=provider).first()
            if known is not None and known.uid == uid:
                return
            if known is not None:
                raise Conflict(_("Somebody else's account there is connected already."), code="connected")
            SocialAccount.objects.create(user=user, provider=provider, uid=uid)
            record(user, Act.SERVICE_CONNECTED, person=user)
            tell_by_mail(user, Note.SERVICE_CONNECTED)
    except IntegrityError:  # one account here for each there
        words = _("That account there belongs to somebody else here.")
        raise Conflict(words, code="connected_elsewhere") from None


def disconnect_service(actor: User) -> None:
    """Have the service log nobody in as the actor any more.

    Raises:
        Conflict: it is the only way in.
        NotAllowed: the actor's account has ended.
    """
    with transaction.atomic():
        user = locked_account(actor)
        require(may_set_preferences, user, user)
        if not user.has_usable_password():
            raise Conflict(_("It is your only way in. Get a password first."), code="only_way_in")
        removed, _by_model = SocialAccount.objects.filter(user=user).delete()
        if removed:
            record(user, Act.SERVICE_DISCONNECTED, person=user)
            tell_by_mail(user, Note.SERVICE_DISCONNECTED)
