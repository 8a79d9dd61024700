"""The channel and the membership, with their constraints."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Block, User
from channels_app.names import DIRECT_SIGN, NAME_LENGTH, PRIVATE_SIGN, PUBLIC_SLUG
from chatsite.fields import KeyField

if TYPE_CHECKING:
    from accounts.actors import Actor

TOPIC_LENGTH = 250  # characters
MOST_IN_DIRECT = 9  # people


class Kind(models.TextChoices):
    """Who a channel is for; it never changes.

    PUBLIC: anybody may see and join it. PRIVATE: invited people; for others it does not exist. DIRECT: two or
    more people, the same for ever.
    """

    PUBLIC = "public", _("public")
    PRIVATE = "private", _("private")
    DIRECT = "direct", _("direct messages")


class Role(models.TextChoices):
    """What a member may do besides talk: see `channels_app.permissions`."""

    MEMBER = "member", _("member")
    MODERATOR = "moderator", _("moderator")
    OWNER = "owner", _("owner")


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, actor: "Actor") -> "ChannelQuerySet":
        """The channels that `actor` may know of: what is not among them does not exist for them."""
        if not actor.is_active:
            return self.none()
        if not isinstance(actor, User):
            return self  # SYSTEM
        return self.filter(Q(kind=Kind.PUBLIC) | Q(_is_in(actor)))

    def hidden_from(self, actor: "Actor") -> "ChannelQuerySet":
        """The others: what `visible_to` leaves out."""
        if not actor.is_active:
            return self
        if not isinstance(actor, User):
            return self.none()
        return self.exclude(kind=Kind.PUBLIC).exclude(_is_in(actor))

    def visible_to_each(self, user_ids: Collection[int]) -> dict[int, list["Channel"]]:
        """By user: what `visible_to` leaves of these channels; in three queries, for however many people."""
        users = list(User.objects.filter(pk__in=user_ids, is_active=True).values_list("pk", flat=True))
        channels = list(self)
        closed = [channel.pk for channel in channels if channel.kind != Kind.PUBLIC]
        members: set[tuple[int, int]] = set()
        if closed:
            subscribed = Membership.objects.filter(channel__in=closed, user__in=users, left_at=None)
            members = set(subscribed.values_list("user_id", "channel_id"))
        return {
            user: [one for one in channels if one.kind == Kind.PUBLIC or (user, one.pk) in members]
            for user in users
        }

    def public(self) -> "ChannelQuerySet":
        return self.filter(kind=Kind.PUBLIC)

    def named(self) -> "ChannelQuerySet":
        """All but direct conversations."""
        return self.exclude(kind=Kind.DIRECT)

    def open(self) -> "ChannelQuerySet":
        return self.filter(archived_at=None)

    def cut_off(self) -> "ChannelQuerySet":
        """The conversations of two people one of whom blocked the other."""
        people = Membership.objects.filter(channel=OuterRef("pk")).order_by().values("channel")
        blocks = people.filter(user__blocks__blocked__memberships__channel=OuterRef("pk"))
        two = people.annotate(number=Count("pk")).values("number")
        return self.filter(Exists(blocks), kind=Kind.DIRECT).alias(people=Subquery(two)).filter(people=2)

    def with_is_member(self, user: User) -> "ChannelQuerySet":
        """Each channel with `is_member`: whether `user` is subscribed."""
        return self.annotate(is_member=_is_in(user))

    def without(self, user: User) -> "ChannelQuerySet":
        """Those that `user` is not subscribed to."""
        return self.exclude(_is_in(user))


def _begins_with(first: str, last: str = "") -> Q:
    """That an address begins with the capital letter `first`, or with one up to `last`."""
    return Q(slug__gte=first, slug__lt=chr(ord(last or first) + 1))


ChannelManager = models.Manager.from_queryset(ChannelQuerySet)


class Channel(models.Model):
    """A place to talk. Rows are never deleted: `archived_at` closes a channel.

    `slug` is its address: of a public channel made of its name, of another a random one that no name makes
    (`channels_app.names.random_slug`), so that the two never meet. Its first letter says the kind, and the
    database holds one to the other: a kind can't change.

    `people_key` finds the one conversation of some people.

    `last_seq` numbers messages and `version` counts changes; both are taken under this row's lock.
    `member_count` is of open accounts, as the list of members is; `members_version` is another one for
    another list, be it as long as before.
    """

    name = models.CharField(_("name"), max_length=NAME_LENGTH, help_text=_("Shown as typed."))
    # The default in the database is for processes of the release before, which know public channels alone.
    kind = models.CharField(
        _("kind"),
        max_length=8,
        choices=Kind.choices,
        default=Kind.PUBLIC,
        db_default=Kind.PUBLIC,
        editable=False,
    )
    slug = KeyField(_("slug"), unique=True, editable=False)
    people_key = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
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
    # In a direct one, the others as somebody sees it: set by `channels_app.queries.with_others`; no column.
    others: Sequence[User] = ()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.CheckConstraint(
                name="public_is_never_archived",
                condition=~Q(slug=PUBLIC_SLUG) | Q(archived_at=None),
            ),
            models.CheckConstraint(
                name="kind_is_in_the_address",
                condition=Q(kind=Kind.PUBLIC) & ~_begins_with("A", "Z")
                | Q(kind=Kind.PRIVATE) & _begins_with(PRIVATE_SIGN)
                | Q(kind=Kind.DIRECT) & _begins_with(DIRECT_SIGN),
            ),
            models.CheckConstraint(
                name="direct_is_of_some_people",
                condition=Q(kind=Kind.DIRECT, people_key__isnull=False)
                | ~Q(kind=Kind.DIRECT) & Q(people_key=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.slug

    def get_absolute_url(self) -> str:
        return reverse("messaging:channel", args=[self.slug])

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_public(self) -> bool:
        return self.kind == Kind.PUBLIC

    @property
    def is_private(self) -> bool:
        return self.kind == Kind.PRIVATE

    @property
    def is_direct(self) -> bool:
        return self.kind == Kind.DIRECT

    @cached_property
    def is_cut_off(self) -> bool:
        """Whether it is of two people one of whom blocked the other: nobody says anything there."""
        return self.is_direct and Channel.objects.cut_off().filter(pk=self.pk).exists()

    @property
    def title(self) -> str:
        """Its name; of a direct one, the names of the others."""
        return ", ".join(str(person.display_name) for person in self.others) if self.is_direct else self.name

    @property
    def label(self) -> str:
        """Its title as it stands in a sentence."""
        return f"#{self.name}" if self.is_public else self.title

    def role_of(self, user: User) -> str | None:
        """`user`'s role here, None when they are not in it; asked once of each object that was read."""
        if user.pk not in self._roles:
            membership = Membership.objects.filter(channel=self, user=user, left_at=None)
            self._roles[user.pk] = membership.values_list("role", flat=True).first()
        return self._roles[user.pk]

    def note_role(self, user: User, membership: "Membership | None") -> None:
        """`role_of` that user need not ask: their membership was read already."""
        is_in = membership is not None and membership.is_subscribed
        self._roles[user.pk] = membership.role if membership is not None and is_in else None

    @cached_property
    def _roles(self) -> dict[int, str | None]:
        return {}

    @property
    def is_public_square(self) -> bool:
        """Whether this is the one channel that everybody lands in and nobody can close."""
        return self.slug == PUBLIC_SLUG


class FormerSlug(models.Model):
    """An address that a public channel had under an earlier name; it leads there, and is nobody else's."""

    slug = KeyField(_("slug"), unique=True)
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="former_slugs", verbose_name=_("channel")
    )

    class Meta:
        verbose_name = _("former slug")
        verbose_name_plural = _("former slugs")

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A user's subscription to a channel. The row outlives it: `left_at` says that it ended.

    `removed_at` is the same moment when somebody else ended it. Whoever comes back is a plain member.
    A direct conversation `is_hidden` from those who did not open it, until something is said.

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
    role = models.CharField(
        _("role"), max_length=16, choices=Role.choices, default=Role.MEMBER, db_default=Role.MEMBER
    )
    is_hidden = models.BooleanField(_("hidden"), default=False, db_default=False)

    # What was read along with it by `channels_app.queries.my_memberships`; no column.
    channel_creators: str | None = None

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


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> "InvitationQuerySet":
        """Those that wait for an answer."""
        return self.filter(ended_at=None, expires_at__gt=timezone.now(), channel__archived_at=None)

    def welcome(self) -> "InvitationQuerySet":
        """Those of somebody whom the invited did not block: of the others they are to hear nothing."""
        blocks = Block.objects.filter(blocker=OuterRef("user"), blocked=OuterRef("inviter"))
        return self.exclude(Exists(blocks))


class Invitation(models.Model):
    """What asks somebody into a channel: one row for each person and channel, used again.

    It is open until `ended_at` or `expires_at`, whatever ended it: accepted, declined or withdrawn. While the
    invited blocks the inviter it is open for everybody but them, so that who is blocked is not told so.
    """

    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="invitations", verbose_name=_("channel")
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="invitations", verbose_name=_("user"))
    inviter = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("invited by"))
    invited_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = models.Manager.from_queryset(InvitationQuerySet)()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(fields=["channel", "user"], name="one_invitation_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.channel}"


def _is_in(user: User) -> Exists:
    """Whether `user` is in the channel that a query is about."""
    return Exists(Membership.objects.filter(channel=OuterRef("pk"), user=user, left_at=None))
