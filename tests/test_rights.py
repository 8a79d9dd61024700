"""Who may do what: a table of everybody, every address and every kind of channel, tried at the front door.

An address or an action that is in no table fails the suite. What is about no channel is in
`tests.test_rights_of_accounts`.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import accounts.actions
from accounts.actions import ban_user, block_user, deactivate_user
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app import actions
from channels_app.actions import (
    accept_invitation,
    create_channel,
    invite,
    join_channel,
    leave_channel,
    open_direct,
    set_role,
)
from channels_app.models import Channel, Kind, Membership, Role
from channels_app.names import random_slug
from messaging import actions as said
from messaging.live import DatabaseSource
from messaging.models import Message
from tests import test_rights_of_accounts as of_accounts
from tests.cast import Cast, UserFactory, say, signed_in
from tests.rights import actions_of, answer_of, outcome_of, routes, send, undone

# Who comes, in the order of the answers below. In a direct conversation the first four are who is in it.
WHO = (
    "owner",
    "moderator",
    "member",
    "blocked",  # a member whom the owner blocked
    "invited",
    "admin",
    "outsider",
    "removed",  # was a member
    "nobody",
    "banned",  # was a member
    "deactivated",  # was a member
)

# As `tests.rights` says.
ALL, SEES, TALKS = "++++++++LLL", "++++0000LLL", "++++----LLL"

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
        "GET": ({}, answers("++---+--LLL", "++--0000LLL", "----0000LLL")),
    },
    "channels/<str:slug>/members/<str:username>/role/": {
        "POST": ({"role": "moderator"}, answers("+----+--LLL", "+---0000LLL", "----0000LLL")),
    },
    "channels/<str:slug>/members/<str:username>/remove/": {
        "POST": ({}, answers("++---+--LLL", "++--0000LLL", "----0000LLL")),
    },
    "channels/<str:slug>/invitations/": {
        "GET": ({}, answers(TALKS, "++--0000LLL", "----0000LLL")),
        "POST": ({"username": "frank"}, answers(TALKS, "++--0000LLL", "----0000LLL")),
    },
    "channels/invitations/<int:invitation_id>/accept/": {
        "POST": ({}, answers("0000+000LLL", "0000+000LLL", "00000000LLL")),
    },
    "channels/invitations/<int:invitation_id>/decline/": {
        "POST": ({}, answers("0000+000LLL", "0000+000LLL", "00000000LLL")),
    },
    "channels/invitations/<int:invitation_id>/withdraw/": {
        "POST": ({}, answers("++---+--LLL", "++--0000LLL", "00000000LLL")),
    },
    "channels/<str:slug>/settings/": {
        "GET": ({}, answers("++---+--LLL", "++--0000LLL", "----0000LLL")),
        "POST": ({"name": "other", "topic": "other"}, answers("++---+--LLL", "++--0000LLL", "----0000LLL")),
    },
    "channels/<str:slug>/archive/": {"POST": ({}, answers("+----+--LLL", "+---0000LLL", "----0000LLL"))},
    "channels/<str:slug>/restore/": {"POST": ({}, answers("+----+--LLL", "+---0000LLL", "----0000LLL"))},
    "channels/<str:slug>/join/": {"POST": ({}, answers(ALL, "----0000LLL", "----0000LLL"))},
    "channels/<str:slug>/unsubscribe/": {
        "GET": ({}, answers("xxxxxxxxLLL", SEES, "----0000LLL")),
        "POST": ({}, answers(ALL, "-+++0000LLL", "----0000LLL")),  # the only owner of a private one stays
    },
    "channels/<str:slug>/clear/": {"POST": ({}, answers("++++000+LLL", SEES, SEES))},
    "channels/<str:slug>/read/": {"POST": ({"seq": "1"}, answers(TALKS, SEES, SEES))},
    "channels/<str:slug>/mute/": {"POST": ({"muted": "true"}, answers(TALKS, SEES, SEES))},
    "channels/<str:slug>/notify/": {"POST": ({"notify": "true"}, answers(TALKS, SEES, SEES))},
    "messages/<uuid:client_id>/": {"GET": ({}, answers(ALL, SEES, SEES))},
    "messages/<uuid:client_id>/status/": {"GET": ({}, answers(ALL, ALL, ALL))},  # of one's own alone
    "messages/<uuid:client_id>/edit/": {
        "GET": ({}, answers("--+-----LLL", "--+-0000LLL", "--+-0000LLL")),
        "POST": ({"text": "changed"}, answers("--+-----LLL", "--+-0000LLL", "--+-0000LLL")),
    },
    "messages/<uuid:client_id>/delete/": {
        "GET": ({}, answers("+++--+--LLL", "+++-0000LLL", "--+-0000LLL")),
        # A name that one can see no message of may be of one that comes yet: it never will.
        "POST": ({}, answers("+++--+--LLL", "+++-++++LLL", "--+-++++LLL")),
    },
    "messages/<uuid:client_id>/report/": {
        "GET": ({}, answers("++-+++++LLL", "++-+0000LLL", "++-+0000LLL")),
        "POST": ({"reason": "Rude"}, answers("++-+++++LLL", "++-+0000LLL", "++-+0000LLL")),
    },
    "messages/<uuid:client_id>/unread/": {"POST": ({}, answers(TALKS, SEES, SEES))},
}

# The actions themselves, of all but nobody: they refuse what no page offers, too.
ACTIONS: dict[str, tuple[Callable[[User, "Scene"], object], Answers]] = {
    "create_channel": (
        lambda actor, there: actions.create_channel(actor, name="other", kind=Kind.PRIVATE),
        answers("++++++++--", "++++++++--", "++++++++--"),
    ),
    "require_may_create": (
        lambda actor, there: actions.require_may_create(actor),
        answers("++++++++--", "++++++++--", "++++++++--"),
    ),
    "edit_channel": (
        lambda actor, there: actions.edit_channel(actor, there.channel, name="other", topic="other"),
        answers("+----+----", "+---------", "----------"),
    ),
    "rename_channel": (
        lambda actor, there: actions.rename_channel(actor, there.channel, name="other"),
        answers("+----+----", "+---------", "----------"),
    ),
    "edit_topic": (
        lambda actor, there: actions.edit_topic(actor, there.channel, topic="other"),
        answers("++---+----", "++--------", "----------"),
    ),
    "archive_channel": (
        lambda actor, there: actions.archive_channel(actor, there.channel),
        answers("+----+----", "+---------", "----------"),
    ),
    "restore_channel": (
        lambda actor, there: actions.restore_channel(actor, there.channel),
        answers("+----+----", "+---------", "----------"),
    ),
    "join_channel": (
        lambda actor, there: actions.join_channel(actor, there.channel),
        answers("++++++++--", "----------", "----------"),
    ),
    "leave_channel": (
        lambda actor, there: actions.leave_channel(actor, there.channel, user=there.people["member"]),
        answers("+++--+----", "+++-------", "----------"),
    ),
    "set_role": (
        lambda actor, there: actions.set_role(
            actor, there.channel, user=there.people["member"], role=Role.OWNER
        ),
        answers("+----+----", "+---------", "----------"),
    ),
    "invite": (
        lambda actor, there: actions.invite(actor, there.channel, username="frank"),
        answers("++++------", "++--------", "----------"),
    ),
    "accept_invitation": (
        lambda actor, there: actions.accept_invitation(actor, there.invitation_id),
        answers("0000+000--", "0000+000--", "00000000--"),
    ),
    "decline_invitation": (
        lambda actor, there: actions.decline_invitation(actor, there.invitation_id),
        answers("0000+000--", "0000+000--", "00000000--"),
    ),
    "withdraw_invitation": (
        lambda actor, there: actions.withdraw_invitation(actor, there.invitation_id),
        answers("++---+--00", "++--000000", "0000000000"),
    ),
    "clear_channel": (
        lambda actor, there: actions.clear_channel(actor, there.channel),
        answers("++++000+--", "++++000+--", "++++0000--"),
    ),
    "undo_clear_channel": (
        lambda actor, there: actions.undo_clear_channel(actor, there.channel),
        answers("++++000+--", "++++000+--", "++++0000--"),
    ),
    "mark_read": (
        lambda actor, there: actions.mark_read(actor, there.channel, seq=1),
        answers("++++------", "++++------", "++++------"),
    ),
    "mark_unread": (
        lambda actor, there: actions.mark_unread(actor, there.channel, seq=1),
        answers("++++------", "++++------", "++++------"),
    ),
    "mute_channel": (
        lambda actor, there: actions.mute_channel(actor, there.channel, is_muted=True),
        answers("++++------", "++++------", "++++------"),
    ),
    "notify_of_channel": (
        lambda actor, there: actions.notify_of_channel(actor, there.channel, notifies=True),
        answers("++++------", "++++------", "++++------"),
    ),
    "channel_to_invite_to": (
        lambda actor, there: actions.channel_to_invite_to(actor, there.channel.name),
        answers("++++++++--", "----------", "----------"),
    ),
    "open_direct": (
        lambda actor, there: actions.open_direct(actor, usernames=["frank"]),
        answers("++++++++--", "++++++++--", "++++++++--"),
    ),
    "edit_message": (
        lambda actor, there: said.edit_message(actor, there.message.client_id, text="changed"),
        answers("--+-----00", "--+-000000", "--+-000000"),
    ),
    "delete_message": (
        lambda actor, there: said.delete_message(actor, there.message.client_id),
        answers("+++--+----", "+++-++++--", "--+-++++--"),
    ),
    "mark_unread_from": (
        lambda actor, there: said.mark_unread_from(actor, there.message.client_id),
        answers("++++----00", "++++000000", "++++000000"),
    ),
    "report_message": (
        lambda actor, there: said.report_message(actor, there.message.client_id, reason=""),
        answers("++-+++++00", "++-+000000", "++-+000000"),
    ),
    "tell_typing": (
        lambda actor, there: said.tell_typing(actor, there.channel),
        answers("++++------", "++++------", "++++------"),
    ),
}

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
    """Bob owns it, dave moderates, carol is in it, alice and mallory are not."""
    UserFactory.create(username="frank")
    others = ("blocked", "invited", "removed", "banned", "deactivated")
    people = {
        "owner": cast.bob,
        "moderator": cast.dave,
        "member": cast.carol,
        "admin": cast.alice,
        "outsider": cast.mallory,
        **{who: UserFactory.create(username=who) for who in others},
    }
    members = [people[who] for who in ("moderator", "member", "blocked", "banned", "deactivated")]
    invitation_id = 0
    if kind == Kind.DIRECT:
        channel = open_direct(cast.bob, usernames=[user.username for user in members])
    else:
        channel = create_channel(cast.bob, name="scene", kind=kind)
        for user in (*members, people["removed"]):
            if kind == Kind.PUBLIC:
                join_channel(user, channel)
            else:
                accept_invitation(user, invite(cast.bob, channel, username=user.username).pk)
        leave_channel(cast.bob, channel, user=people["removed"])
        set_role(cast.bob, channel, user=cast.dave, role=Role.MODERATOR)
        invitation_id = invite(cast.bob, channel, username="invited").pk
    message = say(cast.carol, channel, "Between us")
    block_user(cast.bob, people["blocked"])
    return Scene(channel, people, message, invitation_id or 999_999)


def end_accounts(there: Scene) -> None:
    """End the accounts of those who are gone; who was logged in before is logged in no more."""
    ban_user(SYSTEM, there.people["banned"], reason="")
    deactivate_user(SYSTEM, there.people["deactivated"])
    for who in ("banned", "deactivated"):
        there.people[who].refresh_from_db()


@pytest.fixture(autouse=True)
def stores_at_once(settings: Any) -> None:
    """What is undone must not have left for a queue."""
    settings.PERSIST_DIRECT = True


@pytest.mark.parametrize("kind", Kind)
def test_everybody_may_do_what_the_table_says(cast: Cast, kind: Kind) -> None:
    there = scene(cast, kind)
    clients = {who: there.client(who) for who in WHO}
    end_accounts(there)
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


@pytest.mark.parametrize("kind", Kind)
def test_actions_refuse_what_pages_do_whoever_calls_them(cast: Cast, kind: Kind) -> None:
    there = scene(cast, kind)
    end_accounts(there)
    actors = [there.people[who] for who in WHO if who != "nobody"]
    wrong = {}
    for name, (act, by_kind) in ACTIONS.items():
        found = "".join(outcome_of(partial(act, user, there)) for user in actors)
        if found != by_kind[kind]:
            wrong[name] = found, by_kind[kind]
    assert not wrong


@pytest.mark.parametrize("kind", Kind)
def test_a_stream_brings_what_the_page_shows(cast: Cast, kind: Kind) -> None:
    there = scene(cast, kind)
    end_accounts(there)
    _fields, by_kind = TABLE["channels/<str:slug>/"]["GET"]
    wishes = {user.pk: {there.channel.slug} for user in there.people.values()}

    opened = DatabaseSource().opened(wishes)
    viewers = DatabaseSource().viewers(list(wishes))

    for who, user in there.people.items():
        is_shown = by_kind[kind][WHO.index(who)] == "+"
        assert bool(opened.get(user.pk)) == is_shown, who
        if not user.is_active:
            assert user.pk not in viewers, who
            continue
        is_in = Membership.objects.filter(channel=there.channel, user=user, left_at=None).exists()
        assert (there.channel.pk in viewers[user.pk].joined) == is_in, who


def test_every_address_is_in_a_table() -> None:
    tables = {*TABLE, *of_accounts.TABLE, *of_accounts.ADMIN, *of_accounts.pages_of_models()}
    assert set(routes()) == tables


def test_every_action_is_in_a_table() -> None:
    names = actions_of(accounts.actions) | actions_of(actions) | actions_of(said)
    assert names == {*ACTIONS, *of_accounts.ACTIONS}


def test_what_is_in_no_row_is_for_no_method(cast: Cast) -> None:
    there = scene(cast, Kind.PRIVATE)
    bob = signed_in(cast.bob)
    for route, methods in TABLE.items():
        for method in {"GET", "POST"} - methods.keys():
            with undone():
                assert send(bob, method, there.address(route), {}).status_code == 405, (method, route)


def test_no_address_that_names_a_channel_or_a_message_is_left_out() -> None:
    """Of what is tried for what is hidden, below."""
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
    for who in ("outsider", "removed", "admin", "nobody"):
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
    for who in ("outsider", "removed", "admin"):
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
