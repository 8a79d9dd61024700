"""Who does not want to hear from whom."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class Block(models.Model):
    """That `blocker` blocked `blocked`; the row goes when they don't any more."""

    blocker = models.ForeignKey(User, models.PROTECT, related_name="blocks", verbose_name=_("who"))
    blocked = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("whom"))
    blocked_at = models.DateTimeField(_("blocked"))

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="one_block_per_pair"),
            models.CheckConstraint(name="nobody_blocks_themselves", condition=~Q(blocker=F("blocked"))),
        ]

    def __str__(self) -> str:
        return f"{self.blocker} · {self.blocked}"
