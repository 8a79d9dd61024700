"""Making channels, and what is done to one as a whole: name, topic, open or archived."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import SYSTEM, Actor
from accounts.models import Act, User
from accounts.permissions import is_active
from accounts.queries import site_settings
from channels_app.actions.locking import lock_account, looking_after
from channels_app.actions.memberships import subscribe
from channels_app.models import TOPIC_LENGTH, Channel, FormerSlug, Kind, Role
from channels_app.names import PRIVATE_SIGN, PUBLIC_SLUG, clean_name, random_slug, slug_of, slug_of_attempt
from channels_app.permissions import (
    may_archive,
    may_create_channel,
    may_edit_topic,
    may_rename,
    may_restore,
)
from chatsite.errors import Conflict, Invalid, NotAllowed
from chatsite.limits import ARRANGE, CHANNEL, limited_together, spend
from chatsite.live.bus import announce
from chatsite.live.events import channel_described
from chatsite.rights import require
from chatsite.text import one_line, refuse_invisible, refuse_unstorable


def create_channel(
    actor: Actor, *, name: str, topic: str = "", kind: str = Kind.PUBLIC, attempt: str = ""
) -> Channel:
    """Create the channel `name`, or take the public one that has that name; either way the actor is in it.

    Two people who create the same public name at the same instant end in one channel. The topic of a channel
    that exists stays as it is; `is_new` of the one returned tells which happened. A private one is always
    new: names of private channels are not unique, and nobody is to learn that one is taken.

    Arguments:
        attempt: what the form that asks for it is called. The same form sent twice makes one private channel.

    Raises:
        Invalid: the name or the topic breaks a rule.
        NotAllowed: the actor may not create channels, and there is no public one of that name.
        TooMany: the actor created too many, and this one would be new.
    """
    require(is_active, actor)
    name, topic = clean_name(name), clean_topic(topic)
    creator = actor if isinstance(actor, User) else None
    if kind == Kind.PRIVATE:
        require_may_create(actor)
        _count(actor)
        return _create_private(_the_creator(actor), name=name, topic=topic, attempt=attempt)
    slug = slug_of(name)
    if _named(slug) is None:
        require_may_create(actor)
        _count(actor)
    with transaction.atomic():
        channel = _named(slug)
        if channel is None:
            if creator is not None:
                lock_account(creator)
            channel = _insert_channel(Channel(name=name, slug=slug, topic=topic, creator=creator))
        if creator is not None:
            subscribe(channel, creator, role=Role.OWNER if channel.is_new else Role.MEMBER)
    return channel


def require_may_create(actor: Actor) -> None:
    """Raise NotAllowed, in words for a person, unless `actor` may create channels on this site."""
    if not may_create_channel.test(actor, site_settings()):
        words = _("Only admins create channels here.")
        raise NotAllowed(words, code="may_not_create_channels", field="name")


@limited_together(ARRANGE)
def edit_channel(actor: Actor, channel: Channel, *, topic: str, name: str | None = None) -> Channel:
    """Give `channel` another topic, and another name unless that is left out.

    Raises:
        Conflict, Invalid, NotAllowed: as `rename_channel` and `edit_topic`; then nothing is changed.
    """
    with transaction.atomic():
        if name is not None and name != channel.name:
            channel = rename_channel(actor, channel, name=name)
        if topic != channel.topic:
            edit_topic(actor, channel, topic=topic)
    return channel


def rename_channel(actor: Actor, channel: Channel, *, name: str) -> Channel:
    """Call `channel` by another name. A public one moves to its address, and the old one leads there.

    Raises:
        Conflict: another public channel has that name, or had it.
        Invalid: the name breaks a rule.
        NotAllowed: the actor may not rename it.
    """
    name = clean_name(name)
    with looking_after(actor, channel, may_rename, Act.CHANNEL_EDITED) as channel:
        former, channel.name = channel.slug, name
        if channel.is_public:
            channel.slug = slug_of(name)
        if channel.slug != former:
            _move(channel, former)
        channel.save(update_fields=["name"])
        announce(channel_described(channel.pk))
    return channel


def edit_topic(actor: Actor, channel: Channel, *, topic: str) -> None:
    """Give `channel` another topic.

    Raises:
        Invalid: the topic is too long.
        NotAllowed: the actor may not edit it.
    """
    topic = clean_topic(topic)
    with looking_after(actor, channel, may_edit_topic, Act.CHANNEL_EDITED) as channel:
        channel.topic = topic
        channel.save(update_fields=["topic"])
        announce(channel_described(channel.pk))


@limited_together(ARRANGE)
def archive_channel(actor: Actor, channel: Channel) -> None:
    """Close `channel`: it can be read, nobody can write in it, and it is not browsed any more.

    Raises:
        Conflict: it is `public`, which everybody lands in.
        NotAllowed: the actor may not archive it.
    """
    if channel.is_public_square:
        raise Conflict(_("The public channel can't be archived."), code="public_is_never_archived")
    with looking_after(actor, channel, may_archive, Act.CHANNEL_ARCHIVED) as channel:
        if not channel.is_archived:
            channel.archived_at = timezone.now()
            channel.save(update_fields=["archived_at"])
            announce(channel_described(channel.pk))


@limited_together(ARRANGE)
def restore_channel(actor: Actor, channel: Channel) -> None:
    """Open an archived `channel` again; one that is open stays as it is.

    Raises:
        NotAllowed: the actor may not restore it.
    """
    with looking_after(actor, channel, may_restore, Act.CHANNEL_RESTORED) as channel:
        channel.archived_at = None
        channel.save(update_fields=["archived_at"])
        announce(channel_described(channel.pk))


def join_public(user: User) -> None:
    """Subscribe a new user to `public`: a step of `accounts.actions.create_user`."""
    subscribe(the_public_channel(), user)


def the_public_channel() -> Channel:
    """The channel `public`, made when it is missing, so that it always exists."""
    channel = Channel.objects.filter(slug=PUBLIC_SLUG).first()
    return channel or create_channel(SYSTEM, name=PUBLIC_SLUG)


def clean_topic(typed: str) -> str:
    """`typed` as it is stored: one line, trimmed.

    Raises:
        Invalid: it is too long or can't be stored.
    """
    refuse_unstorable(typed, field="topic")
    topic = one_line(typed)
    refuse_invisible(topic, field="topic")
    if len(topic) > TOPIC_LENGTH:
        raise Invalid(
            _("A topic has at most %(most)s characters.") % {"most": TOPIC_LENGTH},
            code="topic_too_long",
            field="topic",
        )
    return topic


def _count(actor: Actor) -> None:
    """Count a new channel; outside of a transaction, as `spend` wants it."""
    if isinstance(actor, User):
        spend(CHANNEL, user=actor.pk)


def _create_private(creator: User, *, name: str, topic: str, attempt: str) -> Channel:
    slug = slug_of_attempt(PRIVATE_SIGN, creator.pk, name, attempt) if attempt else random_slug(PRIVATE_SIGN)
    channel = Channel(name=name, topic=topic, creator=creator, kind=Kind.PRIVATE, slug=slug)
    try:
        with transaction.atomic():
            lock_account(creator)
            channel.save(force_insert=True)
            subscribe(channel, creator, role=Role.OWNER)
    except IntegrityError:
        if not attempt:
            raise
        made = Channel.objects.visible_to(creator).filter(slug=slug).first()
        # None: somebody took them out of it since.
        return made or _create_private(creator, name=name, topic=topic, attempt="")
    channel.is_new = True
    return channel


def _named(slug: str) -> Channel | None:
    """The public channel of that address, or the one that had it before."""
    channel = Channel.objects.filter(slug=slug).first()
    return channel or Channel.objects.filter(former_slugs__slug=slug).first()


def _insert_channel(channel: Channel) -> Channel:
    """Insert `channel`, or return the one that has its address since the same instant."""
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
            # Who gave that address up in this instant keeps it: their rename is committed by now.
            if FormerSlug.objects.filter(slug=channel.slug).exists():
                raise IntegrityError
    except IntegrityError:
        there = _named(channel.slug)
        if there is None:
            raise
        return there
    channel.is_new = True
    return channel


def _move(channel: Channel, former: str) -> None:
    """Save the new address of `channel`, and keep the one that it had until now."""
    taken = Conflict(_("Another channel has that name."), code="name_taken", field="name")
    FormerSlug.objects.filter(slug=channel.slug, channel=channel).delete()  # back to a name of before
    try:
        with transaction.atomic():
            channel.save(update_fields=["slug"])
            FormerSlug.objects.create(slug=former, channel=channel)
    except IntegrityError:
        raise taken from None
    if FormerSlug.objects.filter(slug=channel.slug).exists():
        raise taken


def _the_creator(actor: Actor) -> User:
    if isinstance(actor, User):
        return actor
    raise TypeError("a private channel is somebody's: SYSTEM has none")
