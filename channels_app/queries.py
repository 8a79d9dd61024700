"""Every read of channels and memberships, scoped to what the person may see."""

from django.core.paginator import Page, Paginator
from django.db.models import Case, QuerySet, When

from accounts.actors import Actor
from accounts.models import User
from channels_app.models import Channel, Membership
from channels_app.names import PUBLIC_SLUG, slug_of
from chatsite.errors import NotFound
from chatsite.text import refuse_unstorable

BROWSE_PAGE = 50  # channels


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


def membership_of(user: User, channel: Channel) -> Membership | None:
    """`user`'s membership of `channel`, ended or not; None when they never were in it."""
    return Membership.objects.filter(user=user, channel=channel).first()


def my_channels(user: User) -> QuerySet[Channel]:
    """The channels in `user`'s sidebar, by name, `public` first."""
    return (
        Channel.objects.visible_to(user)
        .joined_by(user)
        .open()
        .order_by(Case(When(slug=PUBLIC_SLUG, then=0), default=1), "slug")
    )


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


def landing_channel() -> Channel:
    """Where somebody lands who came without saying where to."""
    return Channel.objects.get(slug=PUBLIC_SLUG)
