"""The channel and the membership, with their constraints."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from channels_app.names import NAME_LENGTH, PUBLIC_SLUG
from chatsite.fields import KeyField

if TYPE_CHECKING:
    from accounts.actors import Actor

TOPIC_LENGTH = 250  # characters


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, actor: "Actor") -> "ChannelQuerySet":
        """The channels that `actor` may know of: what is not among them does not exist for them."""
        return self if actor.is_active else self.none()

    def visible_to_each(self, user_ids: Collection[int]) -> dict[int, list["Channel"]]:
        """By user: what `visible_to` leaves of these channels; in a query or two, for however many people."""
        users = User.objects.filter(pk__in=user_ids, is_active=True)
        channels = list(self)
        return dict.fromkeys(users.values_list("pk", flat=True), channels)

    def open(self) -> "ChannelQuerySet":
        return self.filter(archived_at=None)

    def with_is_member(self, user: User) -> "ChannelQuerySet":
        """Each channel with `is_member`: whether `user` is subscribed."""
        return self.annotate(is_member=_is_subscribed(user))

    def without(self, user: User) -> "ChannelQuerySet":
        """Those that `user` is not subscribed to."""
        return self.exclude(_is_subscribed(user))


def _is_subscribed(user: User) -> Exists:
    return Exists(Membership.objects.filter(channel=OuterRef("pk"), user=user, left_at=None))


ChannelManager = models.Manager.from_queryset(ChannelQuerySet)


class Channel(models.Model):
    """A place to talk. Rows are never deleted: `archived_at` closes a channel.

    `last_seq` numbers messages and `version` counts changes; both are taken under this row's lock.
    `member_count` is of open accounts, as the list of members is; `members_version` is another one for
    another list, be it as long as before.
    """

    name = models.CharField(_("name"), max_length=NAME_LENGTH, help_text=_("Shown as typed."))
    slug = KeyField(_("slug"), unique=True, editable=False)
    topic = models.CharField(_("topic"), max_length=TOPIC_LENGTH, blank=True)
    creator = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("creator")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)
    member_count = models.PositiveIntegerField(_("members"), default=0, editable=False)
    members_version = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    last_seq = models.PositiveBigIntegerField(_("messages"), default=0, editable=False)
    version = models.PositiveBigIntegerField(_("version"), default=0, editable=False)
    last_activity_at = models.DateTimeField(_("last activity"), null=True, blank=True, editable=False)

    objects = ChannelManager()

    # Whether this object is from the `create_channel` that made the channel; no column.
    is_new = False

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.CheckConstraint(
                name="public_is_never_archived",
                condition=~Q(slug=PUBLIC_SLUG) | Q(archived_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("messaging:channel", args=[self.slug])

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_public_square(self) -> bool:
        """Whether this is the one channel that everybody lands in and nobody can close."""
        return self.slug == PUBLIC_SLUG


class Membership(models.Model):
    """A user's subscription to a channel. The row outlives it: `left_at` says that it ended.

    `removed_at` is the same moment when somebody else ended it.

    `cleared_seq` hides what is at or below it from this user alone, whatever they join or leave afterwards;
    `cleared_seq_before` is what Undo goes back to. `last_read_seq` is how far the user has read, and
    `unread_marks` how often they marked something as unread: a device that knows of fewer is behind.
    """

    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="memberships", verbose_name=_("channel")
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("user"))
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    cleared_seq = models.PositiveBigIntegerField(_("cleared up to"), default=0)
    cleared_seq_before = models.PositiveBigIntegerField(default=0, editable=False)
    # The defaults in the database are for processes of the release before, which don't know these columns.
    last_read_seq = models.PositiveBigIntegerField(_("read up to"), default=0, db_default=0)
    unread_marks = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    is_muted = models.BooleanField(_("muted"), default=False, db_default=False)
    notifies = models.BooleanField(_("notifies of every message"), default=False, db_default=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["channel", "user"], name="one_membership_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.channel}"

    @property
    def is_subscribed(self) -> bool:
        return self.left_at is None

    @property
    def is_notified(self) -> bool:
        """Whether each message here is worth a notice: what decides that is here and nowhere else."""
        return self.is_subscribed and self.notifies and not self.is_muted

    @property
    def read_up_to(self) -> int:
        """The number up to which nothing is unread: what was cleared counts as read."""
        return max(self.last_read_seq, self.cleared_seq)
