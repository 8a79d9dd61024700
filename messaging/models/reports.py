"""What people report of what others said, for the site's admins."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from messaging.models.messages import Message

REPORT_LENGTH = 500  # characters


class Report(models.Model):
    """That somebody wants an admin to look at a message; one for each person and message, never again."""

    class Outcome(models.TextChoices):
        OPEN = "", _("open")
        SETTLED = "settled", _("settled")
        DELETED = "deleted", _("message deleted")

    message = models.ForeignKey(Message, models.PROTECT, related_name="reports", verbose_name=_("message"))
    reporter = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("reported by"))
    reason = models.CharField(_("reason"), max_length=REPORT_LENGTH, blank=True)
    reported_at = models.DateTimeField(_("reported"))
    outcome = models.CharField(
        _("outcome"), max_length=16, blank=True, choices=Outcome.choices, default=Outcome.OPEN
    )
    settled_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("settled by")
    )
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(fields=["message", "reporter"], name="one_report_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.message.client_id} · {self.reporter}"

    @property
    def is_open(self) -> bool:
        return self.outcome == self.Outcome.OPEN
