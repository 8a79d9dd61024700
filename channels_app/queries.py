"""Every read of channels and memberships, scoped to what the person may see."""

from collections.abc import Collection, Mapping

from django.core.paginator import Page, Paginator
from django.db.models import Case, F, QuerySet, When

from accounts.actors import Actor
from accounts.models import User
from accounts.queries import LAST_CHARACTER
from accounts.queries import named_like as people_named_like
from channels_app.models import Channel, Membership
from channels_app.names import PUBLIC_SLUG, slug_of
from chatsite.errors import NotFound
from chatsite.text import KEY_LENGTH, refuse_unstorable

BROWSE_PAGE = 50  # channels
MEMBERS_PAGE = 100  # people
OFFERED = 200  # channels, to somebody who is about to jump to one
SHARED_SHOWN = 100  # channels
BUSIEST = 20  # channels
PEOPLE_MEANT = 20  # by the beginning of a username in a search


def channel_by_slug(actor: Actor, slug: str) -> Channel:
    """The channel that `actor` names by `slug`, or by its name in any spelling.

    Raises:
        NotFound: there is none, or not for this actor.
    """
    refuse_unstorable(slug, field="")
    channel = Channel.objects.visible_to(actor).filter(slug=slug_of(slug)).first()
    if channel is None:
        raise NotFound
    return channel


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
    return Membership.objects.filter(user=user, channel=channel).first()


def members(channel: Channel, *, after: str) -> tuple[list[User], bool]:
    """One page of who is in a channel that the caller may see, by username, and whether there are more.

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
    people = [membership.user for membership in memberships[: MEMBERS_PAGE + 1]]
    return people[:MEMBERS_PAGE], len(people) > MEMBERS_PAGE


def my_memberships(user: User) -> QuerySet[Membership]:
    """`user`'s memberships of the channels in the sidebar, each with its channel, by name, `public` first."""
    channels = Channel.objects.visible_to(user).open()
    return (
        Membership.objects.filter(user=user, left_at=None, channel__in=channels)
        .select_related("channel")
        .order_by(Case(When(channel__slug=PUBLIC_SLUG, then=0), default=1), "channel__slug")
    )


def shared_channels(viewer: User, person: User) -> list[Channel]:
    """The channels in `viewer`'s sidebar that `person` is in too, by name."""
    theirs = Membership.objects.filter(user=person, left_at=None).values("channel")
    mine = Membership.objects.filter(user=viewer, left_at=None).values("channel")
    shared = Channel.objects.visible_to(viewer).open().filter(pk__in=mine).filter(pk__in=theirs)
    return list(shared.order_by("slug")[:SHARED_SHOWN])


def browse(user: User, *, name_filter: str, page: str) -> Page[Channel]:
    """One page of the channels that `user` may join, by name, each with `is_member`.

    Arguments:
        name_filter: only channels whose name has this in it; "" for all.
        page: the page's number as given in the address; anything else is the nearest page there is.
    """
    refuse_unstorable(name_filter, field="q")
    channels = Channel.objects.visible_to(user).open().with_is_member(user).order_by("slug")
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
    channels = Channel.objects.visible_to(user).open().without(user)
    wanted = slug_of(typed.strip().removeprefix("#"))
    for word in list(filter(None, wanted.split("-"))) or [wanted]:
        channels = channels.filter(slug__contains=word)
    starts = When(slug__gte=wanted, slug__lt=wanted + LAST_CHARACTER, then=0)
    order = [Case(starts, default=1), "slug"] if wanted else ["slug"]
    offered = list(channels.order_by(*order).only("name", "slug")[: OFFERED + 1])
    return offered[:OFFERED], len(offered) > OFFERED


def landing_channel() -> Channel:
    """Where somebody lands who came without saying where to."""
    return Channel.objects.get(slug=PUBLIC_SLUG)


def busiest_channels(*, and_also: str = "") -> list[Channel]:
    """The channels in which something was said last, and the one with the id `and_also`; for admins."""
    busiest = list(Channel.objects.order_by(F("last_activity_at").desc(nulls_last=True), "pk")[:BUSIEST])
    if and_also.isascii() and and_also.isdecimal() and len(and_also) <= 18:
        busiest += Channel.objects.filter(pk=and_also).exclude(pk__in=[channel.pk for channel in busiest])
    return busiest


def named_like(channels: QuerySet[Channel], words: str) -> QuerySet[Channel]:
    """Those of `channels` whose name starts with `words`, by name."""
    start = slug_of(words.strip().removeprefix("#"))
    return channels.filter(slug__gte=start, slug__lt=start + LAST_CHARACTER).order_by("slug")


def channel_or_people(words: str) -> tuple[Channel | None, list[User]]:
    """What an admin means by `words`: `#channel`, `@person`, or the one of the two that there is."""
    words = words.strip()
    channel = None
    if not words.startswith("@"):
        channel = Channel.objects.filter(slug=slug_of(words.removeprefix("#"))).first()
    if channel is not None or words.startswith("#"):
        return channel, []
    return None, list(people_named_like(User.objects.all(), words)[:PEOPLE_MEANT])


def memberships_in(memberships: QuerySet[Membership], channel_id: int) -> QuerySet[Membership]:
    """Those of `memberships` in one channel, in the order of the index that finds them."""
    return memberships.filter(channel_id=channel_id).order_by("-user_id")


def find_memberships(memberships: QuerySet[Membership], words: str) -> QuerySet[Membership]:
    """Those of `memberships` that are in `#channel` or of `@person`, by an index."""
    channel, people = channel_or_people(words)
    if channel is not None:
        return memberships_in(memberships, channel.pk)
    return memberships.filter(user__in=people).order_by("-user_id", "-pk")
