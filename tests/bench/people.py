"""Makes people with open sessions, at once and without passwords: `python -m tests.bench.people`, with the
settings of a site; the input is a Gathering in JSON, the last line printed their session keys.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import django

from tests.site import PYTHON, Site

if TYPE_CHECKING:
    from accounts.models import User
    from channels_app.models import Channel

BATCH = 2_000  # rows in a statement


@dataclass(frozen=True, slots=True)
class Gathering:
    """Who is to be where.

    Arguments:
        people: how many, the same ones each time.
        halls: slugs of the channels that everybody is in.
        rooms: how many other channels there are to be.
        rooms_each: in how many of these each person is, evenly spread.
    """

    people: int
    halls: Sequence[str]
    rooms: int = 0
    rooms_each: int = 0

    def rooms_of(self, number: int) -> list[str]:
        """The slugs of the rooms that the person of this number is in."""
        return [_room((number * self.rooms_each + more) % self.rooms) for more in range(self.rooms_each)]


def gather(site: Site, gathering: Gathering) -> list[str]:
    """Have `gathering` be true at `site`; returns a session key of each of its people."""
    printed = site.run(PYTHON, "-m", "tests.bench.people", given=json.dumps(asdict(gathering)))
    keys = json.loads(printed.splitlines()[-1])
    assert len(keys) == gathering.people
    return [str(key) for key in keys]


def _room(number: int) -> str:
    return f"room-{number}"


def make(gathering: Gathering) -> list[str]:
    """The same, inside the site."""
    from accounts.models import User
    from channels_app.models import Channel

    names = [f"person-{number}" for number in range(gathering.people)]
    _make_users(names)
    _make_channels([*gathering.halls, *map(_room, range(gathering.rooms))])
    users = {user.username: user for user in User.objects.filter(username__startswith="person-")}
    people = [users[name] for name in names]
    channels = {channel.slug: channel for channel in Channel.objects.all()}
    _make_memberships(
        (channels[slug], user)
        for number, user in enumerate(people)
        for slug in (*gathering.halls, *gathering.rooms_of(number))
    )
    _count_members()
    return _open_sessions(people)


def _make_users(names: Sequence[str]) -> None:
    from django.contrib.auth.hashers import make_password

    from accounts.models import User

    there = set(User.objects.values_list("username", flat=True))
    User.objects.bulk_create(
        (
            User(username=name, username_shape=name, display_name=name.title(), password=make_password(None))
            for name in names
            if name not in there
        ),
        BATCH,
    )


def _make_channels(slugs: Sequence[str]) -> None:
    from channels_app.models import Channel

    there = set(Channel.objects.values_list("slug", flat=True))
    Channel.objects.bulk_create((Channel(name=slug, slug=slug) for slug in slugs if slug not in there), BATCH)


def _make_memberships(wanted: Iterator[tuple["Channel", "User"]]) -> None:
    from django.utils import timezone

    from channels_app.models import Membership

    now = timezone.now()
    there = set(Membership.objects.values_list("channel", "user"))
    missing = (
        Membership(channel=channel, user=user, joined_at=now, last_read_seq=channel.last_seq)
        for channel, user in wanted
        if (channel.pk, user.pk) not in there
    )
    while some := list(islice(missing, BATCH)):
        Membership.objects.bulk_create(some)


def _count_members() -> None:
    from django.db.models import Count, OuterRef, Subquery
    from django.db.models.functions import Coalesce

    from channels_app.models import Channel, Membership

    subscribed = Membership.objects.filter(channel=OuterRef("pk"), left_at=None)
    counted = subscribed.order_by().values("channel").annotate(count=Count("pk")).values("count")
    Channel.objects.update(member_count=Coalesce(Subquery(counted), 0))


def _open_sessions(people: Sequence["User"]) -> list[str]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.base import VALID_KEY_CHARS
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    store = SessionStore()
    expire_date = timezone.now() + timedelta(days=1)
    sessions = [
        Session(
            session_key=get_random_string(32, VALID_KEY_CHARS),
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=expire_date,
        )
        for user in people
    ]
    Session.objects.bulk_create(sessions, BATCH)
    return [session.session_key for session in sessions]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(make(Gathering(**json.load(sys.stdin)))))
