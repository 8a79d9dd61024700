"""What the site's admins decide for everybody, and the links with which they invite people."""

from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class SiteSettings(models.Model):
    """The one row of what holds for the whole site; while it is missing, the defaults hold."""

    class SignUp(models.TextChoices):
        OPEN = "open", _("Open: anybody who reaches the site")
        INVITED = "invited", _("By invitation: with a link from an admin")
        CLOSED = "closed", _("Closed: admins make the accounts")

    class Creators(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        ADMINS = "admins", _("Site admins")

    THE_ROW: ClassVar[int] = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    sign_up = models.CharField(
        _("sign-up"), max_length=8, choices=SignUp.choices, default=SignUp.OPEN, db_default=SignUp.OPEN
    )
    channel_creators = models.CharField(
        _("who may create channels"),
        max_length=8,
        choices=Creators.choices,
        default=Creators.EVERYONE,
        db_default=Creators.EVERYONE,
    )

    class Meta:
        verbose_name = _("site settings")
        verbose_name_plural = _("site settings")
        constraints = [models.CheckConstraint(name="site_settings_are_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class SiteInvitationQuerySet(models.QuerySet["SiteInvitation"]):
    def open(self) -> "SiteInvitationQuerySet":
        """Those that let somebody in now."""
        # Exists, and no join: a use is counted by one UPDATE.
        admins = User.objects.filter(pk=OuterRef("inviter_id"), is_active=True, is_staff=True)
        return self.filter(
            Q(inviter=None) | Exists(admins),
            revoked_at=None,
            expires_at__gt=timezone.now(),
            uses__lt=F("most_uses"),
        )


class SiteInvitation(models.Model):
    """A link with which people sign up; it has a token, of which only the digest is stored."""

    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    inviter = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("inviter"),
        help_text=_("Empty: a command."),
    )
    # An app above this one registers what finds a channel and what joins it (`accounts.actions.on_invited`).
    channel = models.ForeignKey(
        "channels_app.Channel", models.PROTECT, null=True, related_name="+", verbose_name=_("channel")
    )
    invited_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    most_uses = models.PositiveIntegerField(_("most uses"))
    uses = models.PositiveIntegerField(_("uses"), default=0, db_default=0)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = SiteInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation to the site")
        verbose_name_plural = _("invitations to the site")
        constraints = [
            models.CheckConstraint(name="used_no_more_than_may_be", condition=Q(uses__lte=F("most_uses")))
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
