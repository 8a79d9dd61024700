"""Who is banned from the site, and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User

REASON_LENGTH = 500  # characters


class Ban(models.Model):
    """That somebody's account was ended by an admin, for a reason: one row for each person, used again.

    It holds until `lifted_at`; what was before is in the audit log. An account that had ended already, as
    `was_active` tells, stays so when the ban is lifted.
    """

    user = models.OneToOneField(
        User, models.PROTECT, primary_key=True, related_name="ban", verbose_name=_("person")
    )
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True)
    banned_at = models.DateTimeField(_("banned"))
    banned_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by whom"),
        help_text=_("Empty: a command, or the site itself."),
    )
    was_active = models.BooleanField(default=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True)

    class Meta:
        verbose_name = _("ban")
        verbose_name_plural = _("bans")

    def __str__(self) -> str:
        return str(self.user)

    @property
    def holds(self) -> bool:
        return self.lifted_at is None
