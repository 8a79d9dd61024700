"""Every read of channels and memberships, scoped to what the person may see."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from accounts.actors import Actor
from accounts.models import AuditEntry, Block, SiteSettings, User
from accounts.queries import LAST_CHARACTER, channel_creators, site_settings, user_by_username
from accounts.queries import named_like as people_named_like
from channels_app.models import MOST_IN_DIRECT, Channel, Invitation, Membership, Role
from channels_app.names import PUBLIC_SLUG, people_key, slug_of
from channels_app.permissions import Seat, may_create_channel, may_remove, may_set_roles, may_withdraw
from chatsite.errors import NotFound
from chatsite.text import KEY_LENGTH, comparison_key, refuse_unstorable

BROWSE_PAGE = 50  # channels
MEMBERS_PAGE = 100  # people
OFFERED = 200  # channels or people, to somebody who is about to jump to one
SHARED_SHOWN = 100  # channels
INVITATIONS_SHOWN = 200
PEOPLE_OFFERED = 20  # where there are more than can be offered at once
BUSIEST = 20  # channels
PEOPLE_MEANT = 20  # by the beginning of a username in a search
MOST_WORDS = 8  # of a search; each is a condition more


def channel_by_slug(actor: Actor, slug: str) -> Channel:
    """The channel that `actor` names by `slug`: its address, or a public one's name of now or of before.

    Raises:
        NotFound: there is none, or not for this actor.
    """
    refuse_unstorable(slug, field="")
    visible = Channel.objects.visible_to(actor)
    named = visible.filter(slug__in={slug, slug_of(slug)})
    # The address first: a public channel may be called as that of another.
    channels = sorted(named, key=lambda channel: channel.slug != slug)
    channel = channels[0] if channels else visible.filter(former_slugs__slug=slug_of(slug)).first()
    if channel is None:
        raise NotFound
    if isinstance(actor, User):
        with_others(actor, [channel])
    return channel


def with_others(user: User, channels: Iterable[Channel]) -> None:
    """Have each direct one of `channels` know its `others`, as `user` sees it; by name, in one query."""
    direct = {channel.pk: channel for channel in channels if channel.is_direct}
    if not direct:
        return
    memberships = Membership.objects.filter(channel__in=direct).exclude(user=user).select_related("user")
    others: dict[int, list[User]] = defaultdict(list)
    for membership in memberships:
        others[membership.channel_id].append(membership.user)
    for channel_id, people in others.items():
        direct[channel_id].others = sorted(people, key=lambda person: person.username)


def direct_of(people: Collection[User]) -> Channel | None:
    """The conversation of exactly these people, when it was opened already."""
    return Channel.objects.filter(people_key=people_key(user.pk for user in people)).first()


def person(username: str) -> User:
    """Somebody with an account whom one can write to.

    Raises:
        NotFound: there is nobody of that name.
    """
    user = user_by_username(username)
    if not user.is_active:
        raise NotFound
    return user


def people_named(usernames: Collection[str]) -> list[User]:
    """Those of the usernames that somebody with an account has, by name; no more than one can write to."""
    storable = [name for name in usernames if len(name) <= KEY_LENGTH and name.isprintable()]
    people = User.objects.filter(username__in=storable[:MOST_IN_DIRECT], is_active=True)
    return list(people.order_by("username"))


def people_to_write_to(user: User, typed: str) -> list[User]:
    """Those whom `user` may write to whose username begins with what is typed, the first few by name."""
    refuse_unstorable(typed, field="q")
    return list(people_named_like(_people_besides(user), typed)[:PEOPLE_OFFERED])


def channels_by_slugs(wishes: Mapping[int, Collection[str]]) -> dict[int, list[Channel]]:
    """For many at once, by user: those of the channels with the slugs given that this user may see."""
    slugs = {slug for some in wishes.values() for slug in some}
    storable = [slug for slug in slugs if len(slug) <= KEY_LENGTH and slug.isprintable()]
    visible = Channel.objects.filter(slug__in=storable).visible_to_each(wishes)
    return {
        user_id: [channel for channel in channels if channel.slug in wishes[user_id]]
        for user_id, channels in visible.items()
    }


def membership_of(user: User, channel: Channel) -> Membership | None:
    """`user`'s membership of `channel`, ended or not; None when they never were in it."""
    membership = Membership.objects.filter(user=user, channel=channel).first()
    channel.note_role(user, membership)
    return membership


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a channel, and whether who looks at them there may change that."""

    user: User
    role: Role
    may_be_managed: bool


def members(viewer: User, channel: Channel, *, after: str) -> tuple[list[Member], bool]:
    """One page of who is in a channel that the viewer may see, by username, and whether there are more.

    Arguments:
        after: the last username of the page before; "" for the first page.
    """
    refuse_unstorable(after, field="after")
    memberships = (
        Membership.objects.filter(channel=channel, left_at=None)
        .filter(user__is_active=True, user__username__gt=after)
        .select_related("user")
        .order_by("user__username")
    )
    page = list(memberships[: MEMBERS_PAGE + 1])
    return [_member(viewer, channel, one) for one in page[:MEMBERS_PAGE]], len(page) > MEMBERS_PAGE


def member(viewer: User, channel: Channel, username: str) -> Member:
    """The one of that name in a channel that the viewer may see.

    Raises:
        NotFound: there is none.
    """
    user = user_by_username(username)
    membership = membership_of(user, channel)
    if membership is None or not membership.is_subscribed:
        raise NotFound
    membership.user = user
    return _member(viewer, channel, membership)


def my_invitations(user: User) -> list[Invitation]:
    """What `user` can accept or decline, the oldest first."""
    pending = Invitation.objects.pending().welcome().filter(user=user)
    return list(pending.select_related("channel", "inviter").order_by("pk"))


@dataclass(frozen=True, slots=True)
class Pending:
    """An invitation, and whether who looks at it may take it back."""

    invitation: Invitation
    may_be_withdrawn: bool


def invitations_to(viewer: User, channel: Channel) -> list[Pending]:
    """Whose answer a channel that the viewer may see waits for, the newest first."""
    newest = Invitation.objects.pending().filter(channel=channel).order_by("-invited_at")
    pending = list(newest.select_related("user", "inviter")[:INVITATIONS_SHOWN])
    for invitation in pending:
        invitation.channel = channel  # whose roles are known
    return [Pending(invitation, may_withdraw.test(viewer, invitation)) for invitation in pending]


def my_memberships(user: User) -> list[Membership]:
    """`user`'s memberships of the channels in the sidebar, each with its channel, by name, `public` first.

    Each has the site's `channel_creators` with it, for `may_create`.
    """
    shown = Q(is_hidden=False) | Q(channel__last_seq__gt=0)
    mine = Membership.objects.filter(shown, user=user, left_at=None, channel__archived_at=None)
    mine = mine.select_related("channel").annotate(channel_creators=channel_creators())  # type: ignore[no-redef]  # as it is meant
    memberships = list(mine)
    with_others(user, (membership.channel for membership in memberships))
    return sorted(memberships, key=_by_name)


def may_create(user: User, memberships: Sequence[Membership]) -> bool:
    """Whether `user` may create channels, by what `my_memberships` read along: every page asks it."""
    if not memberships:
        return may_create_channel.test(user, site_settings())
    site = SiteSettings(channel_creators=memberships[0].channel_creators or SiteSettings.Creators.EVERYONE)
    return may_create_channel.test(user, site)


def shared_channels(viewer: User, person: User) -> list[Channel]:
    """The channels in `viewer`'s sidebar that `person` is in too, by name."""
    theirs = Membership.objects.filter(user=person, left_at=None).values("channel")
    mine = Membership.objects.filter(user=viewer, left_at=None).values("channel")
    shared = Channel.objects.visible_to(viewer).open().named().filter(pk__in=mine).filter(pk__in=theirs)
    return list(shared.order_by("name")[:SHARED_SHOWN])


def browse(user: User, *, name_filter: str, page: str) -> Page[Channel]:
    """One page of the channels that `user` may join, by name, each with `is_member`.

    Arguments:
        name_filter: only channels whose name has this in it; "" for all.
        page: the page's number as given in the address; anything else is the nearest page there is.
    """
    refuse_unstorable(name_filter, field="q")
    channels = Channel.objects.visible_to(user).public().open().with_is_member(user).order_by("slug")
    if wanted := slug_of(name_filter):
        channels = channels.filter(slug__contains=wanted)
    return Paginator(channels, BROWSE_PAGE).get_page(page)


def channels_to_offer(user: User, *, typed: str) -> tuple[list[Channel], bool]:
    """The channels that `user` may join, at most OFFERED of them, and whether there are more.

    Arguments:
        typed: only channels with each of these words in their name, those first that start with them all;
            "" for any, by name.
    """
    refuse_unstorable(typed, field="q")
    channels = Channel.objects.visible_to(user).public().open().without(user)
    wanted = slug_of(_bare(typed))
    for word in _words(wanted):
        channels = channels.filter(slug__contains=word)
    starts = When(slug__gte=wanted, slug__lt=wanted + LAST_CHARACTER, then=0)
    order = [Case(starts, default=1), "slug"] if wanted else ["slug"]
    offered = list(channels.order_by(*order).only("name", "slug")[: OFFERED + 1])
    return offered[:OFFERED], len(offered) > OFFERED


def people_to_offer(user: User, *, typed: str) -> tuple[list[User], bool]:
    """Those whom `user` may write to, and whether there are more: all of a small site, else the first few.

    Arguments:
        typed: only those with each of these words in username or name, those first whose username starts with
            them; "" for any, by username.
    """
    refuse_unstorable(typed, field="q")
    people = _people_besides(user)
    wanted = _bare(typed)
    if not wanted:
        offered = list(people.order_by("username")[: OFFERED + 1])
        has_more = len(offered) > OFFERED
        return offered[: PEOPLE_OFFERED if has_more else OFFERED], has_more
    for word in wanted.split()[:MOST_WORDS]:
        people = people.filter(_is_called(word))
    start = comparison_key(wanted)
    starts = When(username__gte=start, username__lt=start + LAST_CHARACTER, then=0)
    offered = list(people.order_by(Case(starts, default=1), "username")[: PEOPLE_OFFERED + 1])
    return offered[:PEOPLE_OFFERED], len(offered) > PEOPLE_OFFERED


def own_channels_called(user: User, typed: str) -> list[Channel]:
    """The channels in `user`'s sidebar with each of the words typed in their title, in its order."""
    refuse_unstorable(typed, field="q")
    words = _words(slug_of(_bare(typed)))
    mine = [membership.channel for membership in my_memberships(user)]
    return [channel for channel in mine if all(word in slug_of(channel.title) for word in words)]


def landing_channel() -> Channel:
    """Where somebody lands who came without saying where to."""
    return Channel.objects.get(slug=PUBLIC_SLUG)


def memberships_seen_by(actor: Actor, memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Those of `memberships` that are of channels which `actor` may see."""
    return memberships.filter(~Exists(Channel.objects.hidden_from(actor).filter(pk=OuterRef("channel"))))


def audit_not_hidden_from(actor: Actor, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """Those of `entries` that are about no channel which is hidden from `actor`."""
    return entries.filter(~Exists(Channel.objects.hidden_from(actor).filter(slug=OuterRef("about"))))


def busiest_channels(actor: Actor, *, and_also: str = "") -> list[Channel]:
    """The channels in which something was said last, and the one with the id `and_also`; for admins."""
    visible = Channel.objects.visible_to(actor)
    busiest = list(visible.order_by(F("last_activity_at").desc(nulls_last=True), "pk")[:BUSIEST])
    if and_also.isascii() and and_also.isdecimal() and len(and_also) <= 18:
        busiest += visible.filter(pk=and_also).exclude(pk__in=[channel.pk for channel in busiest])
    return busiest


def named_like(channels: QuerySet[Channel], words: str) -> QuerySet[Channel]:
    """Those of `channels` whose name starts with `words`, by name."""
    start = slug_of(words.strip().removeprefix("#"))
    return channels.filter(slug__gte=start, slug__lt=start + LAST_CHARACTER).order_by("slug")


def channel_or_people(actor: Actor, words: str) -> tuple[Channel | None, list[User]]:
    """What an admin means by `words`: `#channel`, `@person`, or the one of the two that there is."""
    words = words.strip()
    channel = None
    if not words.startswith("@"):
        named = Channel.objects.visible_to(actor).public()
        channel = named.filter(slug=slug_of(words.removeprefix("#"))).first()
    if channel is not None or words.startswith("#"):
        return channel, []
    return None, list(people_named_like(User.objects.all(), words)[:PEOPLE_MEANT])


def memberships_in(memberships: QuerySet[Membership], channel_id: int) -> QuerySet[Membership]:
    """Those of `memberships` in one channel, in the order of the index that finds them."""
    return memberships.filter(channel_id=channel_id).order_by("-user_id")


def find_memberships(actor: Actor, memberships: QuerySet[Membership], words: str) -> QuerySet[Membership]:
    """Those of `memberships` that are in `#channel` or of `@person`, by an index."""
    channel, people = channel_or_people(actor, words)
    if channel is not None:
        return memberships_in(memberships, channel.pk)
    return memberships.filter(user__in=people).order_by("-user_id", "-pk")


def _people_besides(user: User) -> QuerySet[User]:
    """All others, but for those whom `user` blocked. Who blocked them is there: they are not told."""
    is_blocked = Exists(Block.objects.filter(blocker=user, blocked=OuterRef("pk")))
    return User.objects.filter(~is_blocked, is_active=True).exclude(pk=user.pk)


def _member(viewer: User, channel: Channel, membership: Membership) -> Member:
    channel.note_role(membership.user, membership)
    may_be_managed = may_set_roles.test(viewer, channel) or may_remove.test(
        viewer, Seat(channel, membership.user)
    )
    return Member(membership.user, Role(membership.role), may_be_managed)


def _bare(typed: str) -> str:
    """What is typed without the sign of a channel or of a person."""
    return typed.strip().removeprefix("#").removeprefix("@")


def _words(wanted: str) -> list[str]:
    """The words of a slug that are looked for; one that is all dashes is one."""
    return list(filter(None, wanted.split("-")))[:MOST_WORDS] or [wanted]


def _is_called(word: str) -> Q:
    # SQLite compares without case in ASCII alone: most names in other letters begin with a capital one.
    name = Q(display_name__icontains=word) | Q(display_name__icontains=word.capitalize())
    return Q(username__contains=comparison_key(word)) | name


def _by_name(membership: Membership) -> tuple[bool, str, int]:
    channel = membership.channel
    return not channel.is_public_square, slug_of(channel.title), channel.pk
