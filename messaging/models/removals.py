"""What an admin has removed of somebody's messages, and how far that is."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User

STALLED_AFTER = timedelta(minutes=1)  # without a portion done: whoever did it may be gone


class Removal(models.Model):
    """All that somebody said since a moment, taken away in the background, in portions.

    `reached` is the highest id of a message that was looked at: from there it goes on, whatever ended it.
    `total` is not known before the first portion; at the end it is what was there to be removed.
    """

    person = models.ForeignKey(User, models.PROTECT, related_name="removals", verbose_name=_("of whom"))
    started_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("started by")
    )
    since = models.DateTimeField(_("what was said since"), null=True, help_text=_("Empty: everything."))
    started_at = models.DateTimeField(_("started"))
    total = models.PositiveBigIntegerField(_("messages"), null=True)
    done = models.PositiveBigIntegerField(_("removed"), default=0)
    reached = models.PositiveBigIntegerField(default=0, editable=False)
    seen_at = models.DateTimeField(_("last seen at work"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("removal of messages")
        verbose_name_plural = _("removals of messages")

    def __str__(self) -> str:
        return f"{self.person} · {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    @property
    def is_stalled(self) -> bool:
        """Whether nobody seems to be at it any more."""
        return not self.has_ended and self.seen_at < timezone.now() - STALLED_AFTER
