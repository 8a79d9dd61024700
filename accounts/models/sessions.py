"""The browsers in which people are logged in, as each may see of their own."""

from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class UserSession(models.Model):
    """Where a session is used from. What it may do, and whether it still may, Django's own row alone says.

    It goes with that row, however that is deleted here. The database does not insist, or processes of the
    release before, which know nothing of it, could not log anybody out.
    """

    ORIGIN_LENGTH = 100  # characters
    USER_AGENT_LENGTH = 300

    session = models.OneToOneField(Session, models.CASCADE, db_constraint=False, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("user"))
    seen_at = models.DateTimeField(_("last seen"))
    origin = models.CharField(_("from"), max_length=ORIGIN_LENGTH, blank=True)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user} · {self.seen_at:%Y-%m-%d %H:%M:%S}"
