"""The message, its earlier texts, what could not or must not be stored, and the workers that store."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from channels_app.models import Channel
from chatsite.text import has_direction


class MessageQuerySet(models.QuerySet["Message"]):
    def shown(self) -> "MessageQuerySet":
        """Messages that are there to be read, with their authors."""
        return self.filter(deleted_at=None).with_authors()

    def with_authors(self) -> "MessageQuerySet":
        """Each message with its author, in a second query.

        Not joined: with few authors and many messages MariaDB begins with the authors, reads all that each
        ever said, and sorts.
        """
        return self.prefetch_related("author")


MessageManager = models.Manager.from_queryset(MessageQuerySet)


class Message(models.Model):
    """One thing somebody said. Rows are never deleted: `deleted_at` marks one whose text is gone.

    `seq` is its number in the channel: 1, 2, 3 … without gaps. `version` is the channel's version at the
    last change of this row. `fingerprint` tells a second delivery of the same message from another message
    under its name, also after an edit; see `messaging.pipeline.envelope`.
    """

    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="messages", verbose_name=_("channel"), db_index=False
    )
    author = models.ForeignKey(User, models.PROTECT, related_name="messages", verbose_name=_("author"))
    client_id = models.UUIDField(_("client id"), unique=True)
    seq = models.PositiveBigIntegerField(_("number"))
    version = models.PositiveBigIntegerField(_("version"))
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    html_version = models.PositiveSmallIntegerField()
    fingerprint = models.BinaryField(max_length=32)
    accepted_at = models.DateTimeField(_("accepted"))
    stored_at = models.DateTimeField(_("stored"))
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = MessageManager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["channel", "seq"], name="one_message_per_number"),
            models.UniqueConstraint(fields=["channel", "version"], name="one_message_per_version"),
            models.CheckConstraint(name="numbers_start_at_one", condition=Q(seq__gte=1)),
            models.CheckConstraint(
                name="deleted_means_no_text", condition=Q(deleted_at=None) | Q(text="", html="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author} · {self.seq}"

    def get_absolute_url(self) -> str:
        return reverse("messaging:permalink", args=[self.client_id])

    @property
    def is_edited(self) -> bool:
        return self.edited_at is not None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def has_direction(self) -> bool:
        return has_direction(self.text)

    @property
    def posted_at(self) -> datetime:
        return self.accepted_at

    @property
    def posted_at_for_programs(self) -> str:
        """As a `time` element says it."""
        return self.posted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def author_username(self) -> str:
        return self.author.username


class EarlierText(models.Model):
    """What a message said before an edit; for admins, and gone when the message is deleted."""

    message = models.ForeignKey(
        Message, models.PROTECT, related_name="earlier_texts", verbose_name=_("message")
    )
    text = models.TextField(_("text"))
    replaced_at = models.DateTimeField(_("replaced"))

    class Meta:
        verbose_name = _("earlier text")
        verbose_name_plural = _("earlier texts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.message_id} · {self.replaced_at:%Y-%m-%d %H:%M}"


class RejectedMessage(models.Model):
    """An envelope that was accepted and then could not be stored, kept with the reason.

    It is whole, unless its author deleted the message: then its text is gone. `outcome` says what became of
    it since; OPEN while nobody decided. Its author may be somebody unknown.
    """

    class Outcome(models.TextChoices):
        OPEN = "", _("open")
        STORED = "stored", _("stored after all")
        DISCARDED = "discarded", _("discarded by an admin")
        DELETED = "deleted", _("deleted by its author")

    client_id = models.UUIDField(_("client id"), null=True, db_index=True)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="rejected_messages", verbose_name=_("author")
    )
    # Of the reason and the message: what is delivered or posted again is still one row.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    envelope = models.TextField(_("envelope"), help_text=_("As it came out of the queue, in JSON."))
    reason = models.CharField(_("reason"), max_length=64)
    detail = models.TextField(_("detail"), blank=True)
    rejected_at = models.DateTimeField(_("rejected"))
    outcome = models.CharField(
        _("outcome"), max_length=16, blank=True, choices=Outcome.choices, default=Outcome.OPEN
    )
    ended_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("rejected message")
        verbose_name_plural = _("rejected messages")

    def __str__(self) -> str:
        return f"{self.client_id} · {self.reason}"


class Tombstone(models.Model):
    """The name of a message that its author deleted before it was stored, so that it never is.

    It counts for envelopes of that author alone: nobody can bury what somebody else says.
    """

    client_id = models.UUIDField(_("client id"))
    author = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("deleted"))

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        constraints = [
            models.UniqueConstraint(fields=["client_id", "author"], name="one_tombstone_per_author"),
        ]

    def __str__(self) -> str:
        return str(self.client_id)


class Worker(models.Model):
    """A process that stores messages, for as long as it keeps saying so; see `messaging.pipeline.roster`."""

    host = models.CharField(_("host"), max_length=190)
    pid = models.PositiveIntegerField(_("process"))
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("seen"))
    in_hand = models.PositiveIntegerField(
        _("messages in hand"), default=0, db_default=0, help_text=_("Taken from the queues, not stored yet.")
    )
    # JSON: by partition, when the oldest of them was accepted, in microseconds since 1970.
    oldest_in_hand = models.CharField(max_length=2000, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        constraints = [
            models.UniqueConstraint(fields=["host", "pid"], name="one_row_per_worker_process"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
