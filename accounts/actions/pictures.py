"""The picture that people are shown by."""

import hashlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.locking import account_to_edit, locked_account
from accounts.actors import Actor
from accounts.audit import record
from accounts.models import LARGE, SMALL, Act, Avatar, User
from accounts.permissions import may_set_preferences
from accounts.pictures import MOST_BYTES, Cut, squares_of
from chatsite.errors import Invalid
from chatsite.limits import ARRANGE, limited_together
from chatsite.rights import require


@limited_together(ARRANGE)
def set_avatar(
    actor: User, *, picture: "UploadedFile[Any]", x: float | None, y: float | None, side: float | None
) -> None:
    """Be shown by a picture.

    Arguments:
        x, y, side: the square of it that is shown, as in `accounts.pictures.Cut`; None: the middle.

    Raises:
        Invalid: it is too large, or no picture.
        NotAllowed: the actor's account has ended.
    """
    require(may_set_preferences, actor, actor)
    if (picture.size or 0) > MOST_BYTES:
        raise Invalid(
            _("That file is too large: a picture has at most %(most)s MB.") % {"most": MOST_BYTES >> 20},
            code="picture_too_large",
            field="picture",
        )
    cut = Cut() if x is None or y is None or side is None else Cut(x, y, side)
    squares = squares_of(BytesIO(picture.read()), cut)
    digest = hashlib.blake2s(squares[SMALL] + squares[LARGE], digest_size=16).hexdigest()
    with transaction.atomic():
        user = locked_account(actor)
        Avatar.objects.update_or_create(
            user=user, defaults={"digest": digest, "small": squares[SMALL], "large": squares[LARGE]}
        )
        user.avatar_digest = digest
        user.save(update_fields=["avatar_digest"])


@limited_together(ARRANGE)
def remove_avatar(actor: Actor, user: User) -> None:
    """Have `user` be shown by initials again. Doing it twice is doing it once.

    Raises:
        NotAllowed: the actor may not edit this account.
    """
    with transaction.atomic():
        user = account_to_edit(actor, user)
        had_one = bool(user.avatar_digest)
        Avatar.objects.filter(user=user).delete()
        user.avatar_digest = ""
        user.save(update_fields=["avatar_digest"])
        if actor != user:
            before, after = {"picture": had_one}, {"picture": False}
            record(actor, Act.ACCOUNT_EDITED, person=user, before=before, after=after)
