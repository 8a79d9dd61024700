"""The user: who somebody is, and their picture. What they may do is in each app's permissions.py."""

import hashlib
import zoneinfo
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.pictures import SIDES
from chatsite.errors import ChatError
from chatsite.fields import KeyField, TextColumn
from chatsite.text import comparison_key

SMALL, LARGE = SIDES
HUES = range(0, 360, 30)  # degrees on the colour wheel; the style sheet has a rule for each
DELETED_SIGN = "~"  # begins the usernames of deleted accounts; no name that somebody chose has it
DELETED_NAME = _("Deleted user")


class DisplayNameField(TextColumn):
    """What others see. Of who deleted their account none is kept; they see that, in their language."""

    def from_db_value(self, value: str, _expression: object, _connection: object) -> Any:
        return value or DELETED_NAME

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options  # the column is a plain one


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account through the one action that makes accounts.

        Raises:
            ValidationError: the action refused; Django's own commands know no other refusal.
        """
        from accounts.actions import create_user
        from accounts.actors import SYSTEM

        try:
            return create_user(SYSTEM, username=username, password=password, **fields)
        except ChatError as error:
            raise ValidationError(str(error.message), code=error.code) from error

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account that may use the whole admin."""
        return self.create_user(username, password, **fields, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=comparison_key((username or "").strip()))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. Rows are never deleted: `is_active` ends an account.

    Of one that its owner deleted the row is left without anything of theirs (`is_deleted`).
    """

    class Theme(models.TextChoices):
        SYSTEM = "", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    username = KeyField(_("username"), unique=True, error_messages={"unique": _("That username is taken.")})
    # What the username looks like (accounts.names.username_shape): nobody can pass for somebody else.
    username_shape = KeyField(unique=True, editable=False)
    display_name = DisplayNameField(_("display name"), max_length=80)
    email = models.EmailField(_("e-mail address"), blank=True)
    # The one whose mail they have shown to read. `email` counts as theirs while it is the same, so that what
    # writes that need not know of this.
    verified_email = models.EmailField(blank=True, default="", db_default="", editable=False)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Clear this instead of deleting the account.")
    )
    is_staff = models.BooleanField(
        _("site admin"), default=False, help_text=_("May use this admin and moderate the site.")
    )
    # The defaults in the database are for processes of the release before, which don't know these columns.
    shows_presence = models.BooleanField(
        _("shows presence"),
        default=True,
        db_default=True,
        help_text=_("Others see whether this person is here."),
    )
    language = models.CharField(
        _("language"),
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: as the browser says."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: as the browser says."),
    )
    theme = models.CharField(
        _("theme"), max_length=8, blank=True, choices=Theme.choices, default=Theme.SYSTEM, db_default=""
    )
    enter_sends = models.BooleanField(
        _("Enter sends"), null=True, default=None, help_text=_("Unknown: it does, but on a touch screen.")
    )
    # Of their picture, "" without one: its address is made of it, and a message knows it with its author.
    avatar_digest = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.username

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return comparison_key(username.strip())

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.username])

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def is_deleted(self) -> bool:
        """Whether nothing is left of the account but this row."""
        return self.username.startswith(DELETED_SIGN)

    @property
    def local_time(self) -> datetime | None:
        """What their clock says now; None when they chose no zone that is known here."""
        with suppress(KeyError, ValueError, OSError):
            return timezone.localtime(timezone=zoneinfo.ZoneInfo(self.time_zone)) if self.time_zone else None
        return None

    @property
    def has_verified_email(self) -> bool:
        return bool(self.email) and self.email == self.verified_email

    @property
    def avatar_url(self) -> str:
        """The address of the picture as it is beside a name; "" without one."""
        return self._avatar_url(SMALL)

    @property
    def large_avatar_url(self) -> str:
        """The address of the picture as it is on a page about the person; "" without one."""
        return self._avatar_url(LARGE)

    @property
    def initials(self) -> str:
        """One or two letters for the avatar: of the first and the last word of the display name."""
        words = self.display_name.split() or [self.username]
        letters = [words[0][0], words[-1][0]] if len(words) > 1 else [words[0][0]]
        return "".join(letters).upper()

    @property
    def hue(self) -> int:
        """The avatar's colour in degrees, the same for the same username everywhere."""
        digest = hashlib.blake2s(self.username.encode(), digest_size=2).digest()
        return HUES[int.from_bytes(digest) % len(HUES)]

    def _avatar_url(self, side: int) -> str:
        return reverse("avatar", args=[self.pk, self.avatar_digest, side]) if self.avatar_digest else ""


class Avatar(models.Model):
    """The picture of a person, in the two sizes in which pages show it.

    It is in the database and not on a disk: any number of processes on any number of machines read it there,
    a backup has it with everything else, and it changes in one transaction with the account that names it.
    There is little of it (`accounts.pictures.STORED_BYTES`), and browsers ask for it once.
    """

    user = models.OneToOneField(
        User, models.PROTECT, primary_key=True, related_name="avatar", verbose_name=_("user")
    )
    digest = models.CharField(max_length=32)
    small = models.BinaryField()
    large = models.BinaryField()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return str(self.user)
