"""Who may do what: a table of everybody, every address and every kind of channel, tried at the front door.

An address that is in no table fails the suite.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from channels_app.actions import (
    accept_invitation,
    create_channel,
    invite,
    join_channel,
    open_direct,
    set_role,
)
from channels_app.models import Channel, Kind, Membership, Role
from channels_app.names import random_slug
from messaging.live import DatabaseSource
from messaging.models import Message
from tests.cast import Cast, UserFactory, say, signed_in

# Who comes, in the order of the answers below. In a direct conversation the first three are who is in it.
WHO = ("owner", "moderator", "member", "invited", "admin", "outsider", "nobody")

# + done, - refused, 0 not found, x not for this method, L to be logged in first.
ALL, SEES, TALKS = "++++++L", "+++000L", "+++---L"

Answers = dict[Kind, str]


def answers(public: str, private: str, direct: str) -> Answers:
    return {Kind.PUBLIC: public, Kind.PRIVATE: private, Kind.DIRECT: direct}


# By address and method: what is sent, and what each gets. The message is the member's, who is also whom an
# address with a username is about; the invitation is of the owner's to who is invited.
TABLE: dict[str, dict[str, tuple[dict[str, str], Answers]]] = {
    "channels/<str:slug>/": {"GET": ({}, answers(ALL, SEES, SEES))},
    "channels/<str:slug>/messages/": {
        "GET": ({}, answers(ALL, SEES, SEES)),
        "POST": ({"text": "hello", "client_id": "{new}"}, answers(TALKS, SEES, SEES)),
    },
    "channels/<str:slug>/changes/": {"GET": ({}, answers(ALL, SEES, SEES))},
    "channels/<str:slug>/typing/": {"POST": ({}, answers(TALKS, SEES, SEES))},
    "channels/<str:slug>/members/": {"GET": ({}, answers(ALL, SEES, SEES))},
    "channels/<str:slug>/members/<str:username>/": {
        "GET": ({}, answers("++--+-L", "++-000L", "---000L")),
    },
    "channels/<str:slug>/members/<str:username>/role/": {
        "POST": ({"role": "moderator"}, answers("+---+-L", "+--000L", "---000L")),
    },
    "channels/<str:slug>/members/<str:username>/remove/": {
        "POST": ({}, answers("++--+-L", "++-000L", "---000L")),
    },
    "channels/<str:slug>/invitations/": {
        "GET": ({}, answers(TALKS, "++-000L", "---000L")),
        "POST": ({"username": "frank"}, answers(TALKS, "++-000L", "---000L")),
    },
    "channels/invitations/<int:invitation_id>/accept/": {
        "POST": ({}, answers("000+00L", "000+00L", "000000L")),
    },
    "channels/invitations/<int:invitation_id>/decline/": {
        "POST": ({}, answers("000+00L", "000+00L", "000000L")),
    },
    "channels/invitations/<int:invitation_id>/withdraw/": {
        "POST": ({}, answers("++--+-L", "++-000L", "000000L")),
    },
    "channels/<str:slug>/settings/": {
        "GET": ({}, answers("++--+-L", "++-000L", "---000L")),
        "POST": ({"name": "other", "topic": "other"}, answers("++--+-L", "++-000L", "---000L")),
    },
    "channels/<str:slug>/archive/": {"POST": ({}, answers("+---+-L", "+--000L", "---000L"))},
    "channels/<str:slug>/restore/": {"POST": ({}, answers("+---+-L", "+--000L", "---000L"))},
    "channels/<str:slug>/join/": {"POST": ({}, answers(ALL, "---000L", "---000L"))},
    "channels/<str:slug>/unsubscribe/": {
        "GET": ({}, answers("xxxxxxL", SEES, "---000L")),
        "POST": ({}, answers(ALL, "-++000L", "---000L")),  # the only owner of a private one stays
    },
    "channels/<str:slug>/clear/": {"POST": ({}, answers(SEES, SEES, SEES))},
    "channels/<str:slug>/read/": {"POST": ({"seq": "1"}, answers(TALKS, SEES, SEES))},
    "channels/<str:slug>/mute/": {"POST": ({"muted": "true"}, answers(TALKS, SEES, SEES))},
    "channels/<str:slug>/notify/": {"POST": ({"notify": "true"}, answers(TALKS, SEES, SEES))},
    "messages/<uuid:client_id>/": {"GET": ({}, answers(ALL, SEES, SEES))},
    "messages/<uuid:client_id>/status/": {"GET": ({}, answers(ALL, ALL, ALL))},  # of one's own alone
    "messages/<uuid:client_id>/edit/": {
        "GET": ({}, answers("--+---L", "--+000L", "--+000L")),
        "POST": ({"text": "changed"}, answers("--+---L", "--+000L", "--+000L")),
    },
    "messages/<uuid:client_id>/delete/": {
        "GET": ({}, answers("+++-+-L", SEES, "--+000L")),
        # A name that one can see no message of may be of one that comes yet: it never will.
        "POST": ({}, answers("+++-+-L", ALL, "--++++L")),
    },
    "messages/<uuid:client_id>/report/": {
        "GET": ({}, answers("++-+++L", "++-000L", "++-000L")),
        "POST": ({"reason": "Rude"}, answers("++-+++L", "++-000L", "++-000L")),
    },
    "messages/<uuid:client_id>/unread/": {"POST": ({}, answers(TALKS, SEES, SEES))},
}

# What is done about somebody: what a superuser, another site admin, a member, themselves, and nobody get.
ABOUT_WHOM = ("superuser", "admin", "other", "themselves", "nobody")
ABOUT_PEOPLE: dict[str, dict[str, tuple[dict[str, str], str]]] = {
    "people/<str:username>/": {"GET": ({}, "++++L")},
    "people/<str:username>/block/": {"POST": ({}, "+++-L")},
    "people/<str:username>/unblock/": {"POST": ({}, "+++-L")},
    "people/<str:username>/ban/": {
        "GET": ({}, "++--L"),
        "POST": ({"reason": "Sells watches", "removes": "all"}, "++--L"),
    },
    "people/<str:username>/ban/lift/": {"POST": ({}, "++--L")},
    "people/<str:username>/ban/removal/": {"POST": ({"removes": "all"}, "----L")},  # not banned
    "people/<str:username>/ban/removal/again/": {"POST": ({}, "++--L")},
}

# What is about no channel and nobody else's account, or shows of channels what the viewer may see of them.
NO_CHANNEL = re.compile(
    r"^$|^accounts/|^admin/|^avatars/|^manifest\.|^service-worker|^offline/|^styleguide/|^people/|^i18n|"
    r"^channels/(create/|search/|sidebar/)?$|^direct/|^live/$|^presence/$|^join/|^invitations/site/"
)
TOKENS = re.compile(
    r'(csrfmiddlewaretoken" value=")[^"]+|(nonce[=-]"?)[\w+/=-]+|(data-csrf[\w-]*=")[^"]+'
    r'|(name="(?:client_id|attempt|ticket)" value=")[^"]+|(data-ticket=")[^"]+'
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A channel of some kind, with everybody around it."""

    channel: Channel
    people: dict[str, User]
    message: Message
    invitation_id: int

    def address(self, route: str, *, slug: str = "", client_id: str = "", invitation_id: int = 0) -> str:
        parts: dict[str, object] = {
            "slug": slug or self.channel.slug,
            "username": self.people["member"].username,
            "client_id": client_id or self.message.client_id,
            "invitation_id": invitation_id or self.invitation_id,
        }
        return "/" + re.sub(r"<\w+:(\w+)>", lambda part: str(parts[part[1]]), route)

    def client(self, who: str) -> Client:
        return signed_in(self.people[who]) if who in self.people else Client()


def scene(cast: Cast, kind: Kind) -> Scene:
    """Bob owns it, dave moderates, carol is in it, erin is invited, alice and mallory are not in it."""
    erin = UserFactory.create(username="erin")
    UserFactory.create(username="frank")
    people = {
        "owner": cast.bob,
        "moderator": cast.dave,
        "member": cast.carol,
        "invited": erin,
        "admin": cast.alice,
        "outsider": cast.mallory,
    }
    invitation_id = 0
    if kind == Kind.DIRECT:
        channel = open_direct(cast.bob, usernames=["dave", "carol"])
    else:
        channel = create_channel(cast.bob, name="scene", kind=kind)
        for user in (cast.dave, cast.carol):
            if kind == Kind.PUBLIC:
                join_channel(user, channel)
            else:
                accept_invitation(user, invite(cast.bob, channel, username=user.username).pk)
        set_role(cast.bob, channel, user=cast.dave, role=Role.MODERATOR)
        invitation_id = invite(cast.bob, channel, username="erin").pk
    message = say(cast.carol, channel, "Between us")
    return Scene(channel, people, message, invitation_id or 999_999)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def send(client: Client, method: str, address: str, fields: dict[str, str]) -> Any:
    filled = {name: value.replace("{new}", str(uuid.uuid4())) for name, value in fields.items()}
    return client.post(address, filled) if method == "POST" else client.get(address, filled)


def answer_of(response: Any) -> str:
    if response.status_code == 401 or response.get("Location", "").startswith("/accounts/login/"):
        return "L"
    if response.status_code < 400:
        return "+"
    return {403: "-", 409: "-", 404: "0", 405: "x"}.get(response.status_code, str(response.status_code))


def routes() -> Iterator[str]:
    def below(patterns: list[URLPattern | URLResolver], start: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from below(pattern.url_patterns, start + str(pattern.pattern))
            else:
                yield start + str(pattern.pattern)

    return below(get_resolver().url_patterns, "")


@pytest.fixture(autouse=True)
def stores_at_once(settings: Any) -> None:
    """What is undone must not have left for a queue."""
    settings.PERSIST_DIRECT = True


@pytest.mark.parametrize("kind", Kind)
def test_everybody_may_do_what_the_table_says(cast: Cast, kind: Kind) -> None:
    there = scene(cast, kind)
    clients = {who: there.client(who) for who in WHO}
    wanted, found = {}, {}
    for route, methods in TABLE.items():
        for method, (fields, by_kind) in methods.items():
            got = []
            for who in WHO:
                with undone():
                    got.append(answer_of(send(clients[who], method, there.address(route), fields)))
            wanted[method, route] = dict(zip(WHO, by_kind[kind], strict=True))
            found[method, route] = dict(zip(WHO, got, strict=True))
    wrong = {what: (found[what], wanted[what]) for what in wanted if found[what] != wanted[what]}
    assert not wrong


def test_everybody_may_do_about_somebody_what_the_table_says(cast: Cast) -> None:
    admin = UserFactory.create(username="erin", is_staff=True)
    clients = dict(
        zip(ABOUT_WHOM, [*map(signed_in, (cast.alice, admin, cast.bob, cast.carol)), Client()], strict=True)
    )
    wrong = {}
    for route, methods in ABOUT_PEOPLE.items():
        for method, (fields, wanted) in methods.items():
            found = ""
            for who in ABOUT_WHOM:
                with undone():
                    address = "/" + route.replace("<str:username>", cast.carol.username)
                    found += answer_of(send(clients[who], method, address, fields))
            if found != wanted:
                wrong[method, route] = found, wanted
        for method in {"GET", "POST"} - methods.keys():
            address = "/" + route.replace("<str:username>", cast.carol.username)
            assert answer_of(send(clients["superuser"], method, address, {})) == "x", (method, route)
    assert not wrong


@pytest.mark.parametrize("kind", Kind)
def test_a_stream_brings_what_the_page_shows(cast: Cast, kind: Kind) -> None:
    there = scene(cast, kind)
    _fields, by_kind = TABLE["channels/<str:slug>/"]["GET"]
    wishes = {user.pk: {there.channel.slug} for user in there.people.values()}

    opened = DatabaseSource().opened(wishes)
    viewers = DatabaseSource().viewers(list(wishes))

    for who, user in there.people.items():
        is_shown = by_kind[kind][WHO.index(who)] == "+"
        assert bool(opened[user.pk]) == is_shown, who
        is_in = Membership.objects.filter(channel=there.channel, user=user, left_at=None).exists()
        assert (there.channel.pk in viewers[user.pk].joined) == is_in, who


def test_every_address_is_in_a_table() -> None:
    about_channels = {route for route in routes() if not NO_CHANNEL.search(route)}
    assert about_channels == set(TABLE)
    assert {route for route in routes() if route.startswith("people/")} == set(ABOUT_PEOPLE)


def test_what_is_in_no_row_is_for_no_method(cast: Cast) -> None:
    there = scene(cast, Kind.PRIVATE)
    bob = signed_in(cast.bob)
    for route, methods in TABLE.items():
        for method in {"GET", "POST"} - methods.keys():
            with undone():
                assert send(bob, method, there.address(route), {}).status_code == 405, (method, route)


def test_no_address_that_names_a_channel_or_a_message_is_left_out() -> None:
    """Whatever `NO_CHANNEL` lets through."""
    names = re.compile(r"[<:](slug|client_id|\w*channel\w*|\w*message\w*)>")
    assert {route for route in routes() if names.search(route)} <= set(TABLE)


HIDDEN = [Kind.PRIVATE, Kind.DIRECT]
ASKED_BY = [{"Accept": "text/html"}, {"Accept": "application/json"}, {"HX-Request": "true"}]
# Where a name of something hidden may stand besides an address.
ELSEWHERE: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/channels/public/", {"at": "{client_id}"}),
    ("GET", "/channels/public/", {"sent": "{client_id}"}),
    ("GET", "/channels/", {"q": "{name}"}),
    ("GET", "/channels/search/", {"q": "{name}"}),
    ("GET", "/channels/create/", {"name": "{name}"}),
    ("POST", "/channels/create/", {"name": "{name}"}),
    ("POST", "/channels/create/", {"name": "{slug}"}),
    ("GET", "/direct/", {"person": "{slug}", "q": "{name}"}),
    ("POST", "/channels/public/messages/", {"text": "x", "client_id": "{new}", "previous": "{client_id}"}),
]


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("headers", ASKED_BY, ids=lambda headers: "".join(headers.values()))
def test_what_is_hidden_answers_as_what_never_was(cast: Cast, kind: Kind, headers: dict[str, str]) -> None:
    there = scene(cast, kind)
    is_there, never_was = names_of(there), names_that_never_were(there)
    for who in ("outsider", "admin", "nobody"):
        client = there.client(who)
        for route, methods in TABLE.items():
            for method, (fields, _by_kind) in methods.items():
                asked = [
                    told(client, method, there.address(route, **names), fields, headers, names)  # type: ignore[arg-type]
                    for names in (is_there, never_was)
                ]
                assert asked[0] == asked[1], (who, method, route)


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("headers", ASKED_BY, ids=lambda headers: "".join(headers.values()))
def test_a_name_in_a_query_or_a_form_tells_nothing_of_what_is_hidden(
    cast: Cast, kind: Kind, headers: dict[str, str]
) -> None:
    there = scene(cast, kind)
    is_there = {**names_of(there), "name": "scene"}
    never_was = {**names_that_never_were(there), "name": "nests"}
    for who in ("outsider", "admin"):
        client = there.client(who)
        for method, address, fields in ELSEWHERE:
            asked = []
            for names in (is_there, never_was):
                filled = {field: value.format(**names, new="{new}") for field, value in fields.items()}
                asked.append(told(client, method, address, filled, headers, names))
            assert asked[0] == asked[1], (who, method, address, fields)


def names_of(there: Scene) -> dict[str, object]:
    return {
        "slug": there.channel.slug,
        "client_id": str(there.message.client_id),
        "invitation_id": there.invitation_id,
    }


def names_that_never_were(there: Scene) -> dict[str, object]:
    return {
        "slug": random_slug(there.channel.slug[0]),
        "client_id": str(uuid.uuid4()),
        "invitation_id": there.invitation_id + 1_000,
    }


def told(
    client: Client,
    method: str,
    address: str,
    fields: dict[str, str],
    headers: dict[str, str],
    names: dict[str, object],
) -> tuple[object, ...]:
    """All that an answer tells, and its number of queries; without the names asked for, and tokens."""
    with undone(), CaptureQueriesContext(connection) as asked:
        client.cookies.pop("messages", None)
        request = client.post if method == "POST" else client.get
        filled = {name: value.replace("{new}", str(uuid.UUID(int=7))) for name, value in fields.items()}
        response = request(address, filled, headers=headers)

    def neutral(text: str) -> str:
        for kind, name in names.items():
            written = f"/{name}/" if kind == "invitation_id" else str(name)
            text = text.replace(written, "…").replace(written.lower(), "…")
        return TOKENS.sub(lambda token: next(filter(None, token.groups())), text)

    headers_told = {
        name: neutral(value) for name, value in response.headers.items() if name != "Content-Length"
    }
    return response.status_code, headers_told, neutral(response.content.decode()), len(asked)
