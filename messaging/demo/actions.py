"""What the command `demo` does: gathers the team, and has it talk for a month."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import create_user, refuse_taken_username
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app.actions import create_channel, join_channel, open_direct
from channels_app.models import Channel, Kind, Membership
from channels_app.names import slug_of
from chatsite.errors import Conflict
from messaging.actions import delete_message, edit_message
from messaging.demo.month import MONTH, conversation
from messaging.demo.team import EVERYBODY, PEOPLE, PLACES, Place
from messaging.demo.threads import DELETED
from messaging.models import Message
from messaging.names import new_client_id
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.load import load

SETTLING = timedelta(hours=1)  # from the making of the team to its first word
MOST_CHANGED = 20  # messages that are edited or deleted after a conversation
STILL_UNREAD = 4  # the last messages of each channel


def gather_team(*, password: str, among_others: bool = False) -> list[User]:
    """Make the demo's people and channels, or take those that are there.

    Arguments:
        password: of the accounts that are new.
        among_others: do it even where other people already talk; what is theirs stays as it is.

    Returns:
        The accounts that are new.

    Raises:
        Conflict: a username of the demo is somebody else's, or other people already talk here. Nothing was
            written.
    """
    there = {user.username: user for user in User.objects.filter(username__in=EVERYBODY)}
    _refuse_to_be_somebody_else(there)
    if not among_others:
        _refuse_to_talk_among_others()
    made = [
        create_user(
            SYSTEM,
            username=person.username,
            password=password,
            display_name=person.display_name,
            email=person.email,
        )
        for person in PEOPLE
        if person.username not in there
    ]
    there.update((user.username, user) for user in made)
    for place in PLACES:
        _open(place, [there[username] for username in place.members])
    return made


def talk(*, seed: int, count: int) -> Iterator[int]:
    """Have the team say `count` messages, spread over the last month or what is left of it.

    On a new site the same `seed` makes the same conversation. Some messages are edited or deleted afterwards.

    Yields:
        How many messages were stored, after each transaction.

    Raises:
        Conflict: a channel of the demo is archived.
    """
    people = {user.username: user for user in User.objects.filter(username__in=EVERYBODY)}
    channels = {
        place.name: _open(place, [people[username] for username in place.members]) for place in PLACES
    }
    there = Channel.objects.filter(pk__in=[channel.pk for channel in channels.values()])
    # A second conversation with the same seed is another one, and has other client_ids.
    round_ = f"{seed} {there.aggregate(there=Sum('last_seq'))['there']}"
    end = timezone.now()
    latest = [channel.last_activity_at for channel in channels.values() if channel.last_activity_at]
    begin = min(end, max([end - MONTH, *(moment + timedelta(microseconds=1) for moment in latest)]))
    _date_before(begin, people.values(), channels.values())
    changes: list[tuple[User, UUID, str]] = []

    def envelopes() -> Iterator[Envelope]:
        words, names = Random(f"words {round_}"), Random(f"names {round_}")  # noqa: S311  # no secrets
        for said in conversation(words, count=count, begin=begin, end=end):
            client_id = new_client_id(said.at, source=names)
            author = people[said.author]
            if said.later and len(changes) < MOST_CHANGED:
                changes.append((author, client_id, said.later))
            yield Envelope(client_id, channels[said.place].pk, author.pk, said.text, said.at)

    yield from load(envelopes())
    for author, client_id, later in changes:
        if later == DELETED:
            delete_message(author, client_id)
        else:
            edit_message(author, client_id, text=later)
    _have_read_most(people.values(), channels.values())


def _open(place: Place, members: list[User]) -> Channel:
    """The channel of the demo that is meant by `place`, made if it is not there; with its members in it."""
    creator = members[0]
    if place.kind == Kind.DIRECT:
        return open_direct(creator, usernames=place.members)
    channel = None
    if place.kind == Kind.PRIVATE:
        channel = Channel.objects.filter(kind=place.kind, name=place.name, creator=creator).first()
    channel = channel or create_channel(creator, name=place.name, topic=place.topic, kind=place.kind)
    for member in members:
        join_channel(SYSTEM, channel, user=member)
    return channel


def _date_before(begin: datetime, people: Iterable[User], channels: Iterable[Channel]) -> None:
    """Have those who talk from `begin` on be there by then, and where they talk too."""
    before = begin - SETTLING
    team, places = [user.pk for user in people], [channel.pk for channel in channels]
    Channel.objects.filter(pk__in=places, created_at__gt=before).update(created_at=before)
    memberships = Membership.objects.filter(channel__in=places, user__in=team)
    memberships.filter(joined_at__gt=before).update(joined_at=before)
    User.objects.filter(pk__in=team, date_joined__gt=before).update(date_joined=before)


def _have_read_most(people: Iterable[User], channels: Iterable[Channel]) -> None:
    """A month of unread messages would be no picture of a team that talks."""
    channel = Channel.objects.filter(pk=OuterRef("channel"))
    most = channel.annotate(most=Greatest("last_seq", Value(STILL_UNREAD)) - STILL_UNREAD).values("most")
    Membership.objects.filter(
        channel__in=[channel.pk for channel in channels], user__in=[user.pk for user in people]
    ).update(last_read_seq=Subquery(most[:1]))


def _refuse_to_be_somebody_else(there: dict[str, User]) -> None:
    taken = []
    for person in PEOPLE:
        if person.username in there:
            is_free = there[person.username].email == person.email
        else:
            is_free = _is_free(person.username)
        if not is_free:
            taken.append(person.username)
    if taken:
        raise Conflict(
            _("Somebody else has these usernames, or ones that look like them: %(taken)s.")
            % {"taken": ", ".join(taken)},
            code="username_taken",
        )


def _is_free(username: str) -> bool:
    try:
        refuse_taken_username(username)
    except Conflict:
        return False
    return True


def _refuse_to_talk_among_others() -> None:
    others = User.objects.exclude(username__in=EVERYBODY)
    who_talk = others.filter(Exists(Message.objects.filter(author=OuterRef("pk"))))
    slugs = [slug_of(place.name) for place in PLACES if place.kind == Kind.PUBLIC]
    their_channels = Channel.objects.filter(slug__in=slugs, creator__in=others)
    if who_talk.exists() or their_channels.exists():
        raise Conflict(
            _("Other people already talk here, and the demo's messages can't be taken back."),
            code="others_talk_here",
        )
