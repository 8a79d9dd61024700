"""The address of an account for mail: whoever reads what is sent there says so, by a link in it."""

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.locking import locked_account
from accounts.audit import record
from accounts.models import Act, User
from chatsite.errors import Invalid

GOOD_FOR_S = 3 * 24 * 60 * 60
SALT = "accounts.addresses"


def key_for_address(user: User) -> str:
    """What a mail to the address of `user` has in it, and nobody else can know."""
    return signing.dumps([user.pk, user.email], salt=SALT)


def address_of(key: str) -> tuple[int, str]:
    """The id of the account and the address that `key` was made for.

    Raises:
        Invalid: it is none of ours, or too old.
    """
    try:
        user_id, email = signing.loads(key, salt=SALT, max_age=GOOD_FOR_S)
    except (signing.BadSignature, TypeError, ValueError):
        raise Invalid(_("This link does not work any more."), code="link_old") from None
    return user_id, email


def confirm_address(key: str) -> None:
    """Believe that who has this account reads the mail to its address. Doing it twice is doing it once.

    Raises:
        Invalid: it is none of our keys, too old, or the account has another address by now.
    """
    user_id, email = address_of(key)
    with transaction.atomic():
        user = locked_account(User(pk=user_id))
        if user.email != email or not user.is_active:
            raise Invalid(_("This link does not work any more."), code="link_old")
        if user.verified_email != email:
            user.verified_email = email
            user.save(update_fields=["verified_email"])
            record(user, Act.ADDRESS_CONFIRMED, person=user, after={"email": email})
