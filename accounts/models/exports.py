"""All that the site keeps of a person, as a file that is made for them."""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User

KEPT_FOR = timedelta(days=7)
STALLED_AFTER = timedelta(minutes=1)


class Export(models.Model):
    """The one that a person has, ready or not; asking again makes it anew.

    `attempt` counts who began to make it: of two at a time, as after one that was taken for dead, the later
    one finishes. `total` is not known before the first line.
    """

    user = models.OneToOneField(
        User, models.PROTECT, primary_key=True, related_name="export", verbose_name=_("user")
    )
    asked_at = models.DateTimeField(_("asked for"))
    seen_at = models.DateTimeField(_("last seen at work"))
    attempt = models.PositiveIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    ended_at = models.DateTimeField(_("made"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")

    def __str__(self) -> str:
        return str(self.user)

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    @property
    def kept_until(self) -> datetime | None:
        return self.ended_at + KEPT_FOR if self.ended_at is not None else None

    @property
    def is_ready(self) -> bool:
        return self.kept_until is not None and timezone.now() < self.kept_until

    @property
    def is_under_way(self) -> bool:
        return not self.has_ended and not self.is_stalled

    @property
    def is_stalled(self) -> bool:
        """Whether nobody seems to be at it any more."""
        return not self.has_ended and self.seen_at < timezone.now() - STALLED_AFTER


class ExportPart(models.Model):
    """A piece of the file. It is in the database, as pictures are: who makes it and who serves it may be on
    machines that share nothing else, and it goes with the row.
    """

    export = models.ForeignKey(Export, models.PROTECT, related_name="parts", verbose_name=_("export"))
    attempt = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("part of an export")
        verbose_name_plural = _("parts of exports")
        constraints = [
            models.UniqueConstraint(fields=["export", "attempt", "number"], name="one_part_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id} · {self.number}"
