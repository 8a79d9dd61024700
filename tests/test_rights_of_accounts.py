"""Who may do what that is about no channel: one's own account, other people, the site, its administration.

As in `tests.test_rights` an address or an action that is in no table fails the suite.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.tokens import default_token_generator
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import ERROR, WARNING, get_messages
from django.test import Client

from accounts import actions
from accounts.actions import (
    ban_user,
    block_user,
    deactivate_user,
    invite_to_site,
    key_for_address,
)
from accounts.actors import SYSTEM
from accounts.models import SMALL, AuditEntry, SiteInvitation, SiteSettings, User, UserSession
from channels_app.models import Membership
from messaging import actions as said
from messaging.actions import report_message
from messaging.live import DatabaseSource
from messaging.models import RejectedMessage, Report
from tests.cast import PASSWORD, Cast, UserFactory, say, signed_in
from tests.messaging.test_rejected import rejection
from tests.pictures import as_upload, file_of, striped
from tests.rights import answer_of, outcome_of, send, undone

# Who comes, in the order of the answers below.
WHO = (
    "superuser",
    "helper",  # an admin with all of Django's permissions
    "admin",  # one with none
    "member",
    "blocked",  # by the person whom it is about
    "themselves",  # the person whom it is about
    "banned",  # an admin until then
    "deactivated",  # an admin until then
    "nobody",
)
# As `tests.rights` says.
OWN, PROVEN, ABSENT = "++++++LLL", "AAAAAALLL", "000000LLL"  # about one's own account
ADMINS, NONE = "+++---LLL", "------LLL"
OPEN = "+++++++++"
PEOPLE = "+++++-LLL"  # others than oneself

Fields: TypeAlias = dict[str, Any]
NEW_WORDS = "another four unrelated words"

# By address and method: what is sent, and what each gets. What an address names is carol's.
TABLE: dict[str, dict[str, tuple[Fields, str]]] = {
    "": {"GET": ({}, OWN)},
    "manifest.webmanifest": {"GET": ({}, OPEN)},
    "service-worker.js": {"GET": ({}, OPEN)},
    "offline/": {"GET": ({}, OPEN)},
    "styleguide/": {"GET": ({}, "+++000LLL")},
    "live/": {
        "GET": ({}, "sssssssss"),
        "POST": ({}, "sssssssss"),
    },  # tests.messaging.test_stream_access has the real one
    "accounts/signup/": {
        "GET": ({}, OPEN),
        "POST": ({"username": "newcomer", "password1": PASSWORD}, OPEN),
    },
    "join/<str:token>/": {
        "GET": ({}, OPEN),
        "POST": ({"username": "newcomer", "password1": PASSWORD}, OPEN),
    },
    "accounts/login/": {
        "GET": ({}, OPEN),
        "POST": ({"login": "{own}", "password": PASSWORD}, "++++++--+"),
    },
    "accounts/logout/": {"GET": ({}, OPEN), "POST": ({}, OPEN)},
    "accounts/service/": {"POST": ({}, "000000000")},  # there is none
    "accounts/service/back/": {"GET": ({}, "000000000")},
    "accounts/service/connect/": {"POST": ({}, ABSENT)},
    "accounts/service/disconnect/": {"POST": ({}, PROVEN)},
    "accounts/password/change/": {
        "GET": ({}, OWN),
        "POST": ({"oldpassword": PASSWORD, "password1": NEW_WORDS}, OWN),
    },
    "accounts/password/reset/": {"GET": ({}, OPEN), "POST": ({"email": "carol@example.com"}, OPEN)},
    "accounts/password/reset/done/": {"GET": ({}, OPEN)},
    "accounts/password/reset/key/<str:uidb36>-<str:key>/": {
        "GET": ({}, OPEN),
        "POST": ({"password1": NEW_WORDS}, OPEN),
    },
    "accounts/email/send/": {"POST": ({}, OWN)},
    "accounts/email/confirm/<str:key>/": {"GET": ({}, OPEN), "POST": ({}, OPEN)},
    "accounts/reauthenticate/": {"GET": ({}, OWN), "POST": ({"password": PASSWORD}, OWN)},
    "accounts/2fa/": {"GET": ({}, OWN)},
    "accounts/2fa/authenticate/": {"GET": ({}, OPEN), "POST": ({"code": "123456"}, OPEN)},  # sent on
    "accounts/2fa/reauthenticate/": {"GET": ({}, PROVEN), "POST": ({"code": "123456"}, PROVEN)},
    "accounts/2fa/app/set-up/": {"GET": ({}, PROVEN), "POST": ({"code": "123456"}, PROVEN)},
    "accounts/2fa/app/remove/": {"GET": ({}, ABSENT), "POST": ({}, ABSENT)},
    "accounts/2fa/codes/": {"GET": ({}, ABSENT)},
    "accounts/2fa/codes/make/": {"GET": ({}, PROVEN), "POST": ({}, PROVEN)},
    "accounts/2fa/passkeys/": {"GET": ({}, OWN)},
    "accounts/2fa/passkeys/add/": {"GET": ({}, PROVEN), "POST": ({"name": "x", "credential": "{}"}, PROVEN)},
    "accounts/2fa/passkeys/log-in/": {"GET": ({}, OPEN), "POST": ({"credential": "{}"}, OPEN)},
    "accounts/2fa/passkeys/reauthenticate/": {"GET": ({}, PROVEN), "POST": ({"credential": "{}"}, PROVEN)},
    "accounts/2fa/passkeys/<int:pk>/rename/": {"GET": ({}, PROVEN), "POST": ({"name": "x"}, PROVEN)},
    "accounts/2fa/passkeys/<int:pk>/remove/": {"GET": ({}, PROVEN), "POST": ({}, PROVEN)},
    "accounts/sessions/": {"GET": ({}, OWN)},
    "accounts/sessions/end-others/": {"POST": ({}, OWN)},
    "accounts/sessions/<int:session_id>/end/": {"POST": ({}, "00000+LLL")},
    "accounts/preferences/": {
        "GET": ({}, OWN),
        "POST": ({"section": "name", "display_name": "Other"}, OWN),
    },
    "accounts/preferences/export/": {"GET": ({}, OWN), "POST": ({}, OWN)},
    "accounts/preferences/export/file/": {"GET": ({}, ABSENT)},  # nobody asked for one
    "accounts/preferences/leave/": {
        "GET": ({}, OWN),
        "POST": ({"way": "deactivate", "password": PASSWORD}, "-+++++LLL"),  # the last one with all rights
    },
    "accounts/preferences/picture/": {"POST": ({"picture": as_upload}, OWN)},
    "accounts/preferences/picture/remove/": {"POST": ({}, OWN)},
    "avatars/<int:user_id>/<slug:digest>/<int:side>.webp": {"GET": ({}, OWN)},
    "people/<str:username>/": {"GET": ({}, OWN)},
    "people/<str:username>/block/": {"POST": ({}, PEOPLE)},
    "people/<str:username>/unblock/": {"POST": ({}, PEOPLE)},
    "people/<str:username>/ban/": {
        "GET": ({}, ADMINS),
        "POST": ({"reason": "Sells watches", "removes": "all"}, ADMINS),
    },
    "people/<str:username>/ban/lift/": {"POST": ({}, ADMINS)},
    "people/<str:username>/ban/removal/": {"POST": ({"removes": "all"}, NONE)},  # not banned
    "people/<str:username>/ban/removal/again/": {"POST": ({}, ADMINS)},
    "direct/": {"GET": ({}, OWN), "POST": ({"person": "{person}"}, "++++--LLL")},
    "direct/<str:username>/": {"GET": ({}, OWN), "POST": ({}, "++++--LLL")},
    "invitations/site/": {"GET": ({}, ADMINS), "POST": ({"days": "1", "uses": "1"}, ADMINS)},
    "invitations/site/<int:invitation_id>/revoke/": {"POST": ({}, ADMINS)},
    "presence/": {"POST": ({"idle": "1"}, OWN)},
    "channels/": {"GET": ({}, OWN)},
    "channels/search/": {"GET": ({}, OWN)},
    "channels/create/": {"GET": ({}, OWN), "POST": ({"name": "other"}, OWN)},
    "channels/sidebar/": {"GET": ({}, OWN)},
}

# Those of the admins whom Django's administration lets in; the others are asked to log in as somebody else.
SUPERUSERS, HELPERS, STAFF, NO_ADMIN = "+--LLLLLL", "++-LLLLLL", "+++LLLLLL", "---LLLLLL"

# The site's administration: what each gets to look at, by address,
ADMIN: dict[str, str] = {
    "admin/": STAFF,
    "admin/login/": "+++---LLL",
    "admin/logout/": "+++++++++",
    "admin/password_change/": STAFF,
    "admin/password_change/done/": STAFF,
    "admin/autocomplete/": NO_ADMIN,
    "admin/jsi18n/": STAFF,
    "admin/r/<path:content_type_id>/<path:object_id>/": STAFF,
    "admin/<str:app_label>/": "++0LLLLLL",
    "admin/<str:url>": "000LLLLLL",
    "admin/accounts/user/<int:user_id>/reset-link/": HELPERS,
    "admin/accounts/user/<id>/password/": HELPERS,
}
# by model, on each of its pages,
PAGES = (
    "",
    "add/",
    "<path:object_id>/history/",
    "<path:object_id>/delete/",
    "<path:object_id>/change/",
    "<path:object_id>/",
)
MODELS: dict[str, tuple[str, str, str, str, str, str]] = {
    "accounts/user": (HELPERS, HELPERS, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "auth/group": (SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS, STAFF),
    "accounts/ban": (HELPERS, NO_ADMIN, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "accounts/sitesettings": (STAFF, NO_ADMIN, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "accounts/auditentry": (HELPERS, NO_ADMIN, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "channels_app/channel": (HELPERS, HELPERS, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "channels_app/membership": (HELPERS, HELPERS, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "messaging/message": (HELPERS, NO_ADMIN, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "messaging/rejectedmessage": (HELPERS, NO_ADMIN, HELPERS, NO_ADMIN, HELPERS, STAFF),
    "messaging/report": (HELPERS, NO_ADMIN, HELPERS, NO_ADMIN, HELPERS, STAFF),
}
# and to do: by the address and the action of a list, or with what a form is sent.
DONE_IN_ADMIN: dict[tuple[str, str], tuple[Fields, str]] = {
    ("admin/accounts/user/", "remove_pictures"): ({}, HELPERS),
    ("admin/accounts/user/", "take_away_two_factor"): ({}, HELPERS),
    ("admin/accounts/ban/", "lift"): ({}, SUPERUSERS),
    ("admin/channels_app/channel/", "archive"): ({}, HELPERS),
    ("admin/channels_app/channel/", "restore"): ({}, HELPERS),
    ("admin/channels_app/membership/", "unsubscribe"): ({}, HELPERS),
    ("admin/messaging/rejectedmessage/", "retry"): ({}, HELPERS),
    ("admin/messaging/rejectedmessage/", "discard"): ({}, HELPERS),
    ("admin/messaging/report/", "settle"): ({}, HELPERS),
    ("admin/messaging/report/", "delete_messages"): ({}, HELPERS),
    ("admin/auth/group/", "delete_selected"): ({}, SUPERUSERS),
    ("admin/accounts/user/add/", ""): (
        {"username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
        HELPERS,
    ),
    ("admin/accounts/user/<path:object_id>/change/", ""): (
        {"display_name": "Other", "is_active": "on"},
        HELPERS,
    ),
    ("admin/accounts/user/<id>/password/", ""): (
        {"usable_password": "true", "password1": NEW_WORDS, "password2": NEW_WORDS},
        HELPERS,
    ),
    ("admin/accounts/user/<int:user_id>/reset-link/", ""): ({}, HELPERS),
    ("admin/accounts/sitesettings/<path:object_id>/change/", ""): (
        {"sign_up": "closed", "channel_creators": "admins"},
        HELPERS,
    ),
    ("admin/auth/group/add/", ""): ({"name": "new"}, SUPERUSERS),
    ("admin/auth/group/<path:object_id>/change/", ""): ({"name": "other"}, SUPERUSERS),
    ("admin/auth/group/<path:object_id>/delete/", ""): ({"post": "yes"}, SUPERUSERS),
    ("admin/channels_app/channel/add/", ""): ({"name": "new-one", "topic": ""}, HELPERS),
    ("admin/channels_app/channel/<path:object_id>/change/", ""): ({"topic": "Other"}, HELPERS),
    ("admin/channels_app/membership/add/", ""): ({"channel": "{channel}", "user": "{key}"}, HELPERS),
    ("admin/password_change/", ""): (
        {"old_password": PASSWORD, "new_password1": NEW_WORDS, "new_password2": NEW_WORDS},
        STAFF,
    ),
    ("admin/logout/", ""): ({}, "+++++++++"),
}

# The actions, of all but nobody: what each gets about carol and about a colleague of the admins, and what
# becomes of carol's streams: = they go on, x they end. To one's own account each does it to theirs.
ACTIONS: dict[str, tuple[Callable[[User, User, "Scene"], object], str, str, str]] = {
    "ask_for_export": (
        lambda actor, _person, _there: actions.ask_for_export(actor),
        "++++++--",
        "++++++--",
        "=",
    ),
    "ban_user": (
        lambda actor, person, _there: actions.ban_user(actor, person, reason=""),
        "+++-----",
        "+-------",
        "x",
    ),
    "block_user": (
        lambda actor, person, _there: actions.block_user(actor, person),
        "+++++---",
        "++++++--",
        "=",
    ),
    "choose_password": (
        lambda actor, _person, _there: actions.choose_password(actor, password=NEW_WORDS),
        "++++++--",
        "++++++--",
        "x",
    ),
    "connect_service": (
        lambda actor, _person, _there: actions.connect_service(actor, provider="oidc", uid="them"),
        "++++++--",
        "++++++--",
        "=",
    ),
    "create_user": (
        lambda actor, _person, _there: actions.create_user(actor, username="new"),
        "+++-----",
        "+++-----",
        "=",
    ),
    "deactivate_user": (
        lambda actor, person, _there: actions.deactivate_user(actor, person),
        "+++--+--",
        "+-------",
        "x",
    ),
    "disconnect_service": (
        lambda actor, _person, _there: actions.disconnect_service(actor),
        "++++++--",
        "++++++--",
        "=",
    ),
    "edit_site": (
        lambda actor, _person, _there: actions.edit_site(actor, sign_up="closed", channel_creators="admins"),
        "+++-----",
        "+++-----",
        "=",
    ),
    "edit_user": (
        lambda actor, person, _there: actions.edit_user(actor, person, display_name="Other", email=""),
        "+++-----",
        "+-------",
        "=",
    ),
    "end_other_sessions": (
        lambda actor, _person, _there: actions.end_other_sessions(actor, here=""),
        "++++++--",
        "++++++--",
        "x",
    ),
    "end_session": (
        lambda actor, person, _there: actions.end_session(actor, a_session_of(person).pk, here=""),
        "00000+--",
        "000000--",
        "x",
    ),
    "give_rights": (
        lambda actor, person, _there: actions.give_rights(
            actor, person, is_staff=True, is_superuser=False, groups=[], permissions=[]
        ),
        "+-------",
        "+-------",
        "=",
    ),
    "invite_to_site": (
        lambda actor, _person, _there: actions.invite_to_site(actor),
        "+++-----",
        "+++-----",
        "=",
    ),
    "leave_site": (
        lambda actor, _person, _there: actions.leave_site(actor, way="delete", password=PASSWORD),
        "-+++++--",
        "-+++++--",
        "x",
    ),
    "lift_ban": (lambda actor, person, _there: actions.lift_ban(actor, person), "+++-----", "+-------", "="),
    "make_reset_link": (
        lambda actor, person, _there: actions.make_reset_link(actor, person),
        "+++-----",
        "+-------",
        "=",
    ),
    "reactivate_user": (
        lambda actor, person, _there: actions.reactivate_user(actor, person),
        "+++--+--",
        "+-------",
        "=",
    ),
    "remove_avatar": (
        lambda actor, person, _there: actions.remove_avatar(actor, person),
        "+++--+--",
        "+-------",
        "=",
    ),
    "revoke_site_invitation": (
        lambda actor, _person, there: actions.revoke_site_invitation(actor, there.invitation.pk),
        "+++-----",
        "+++-----",
        "=",
    ),
    "set_appearance": (
        lambda actor, _person, _there: actions.set_appearance(actor, theme="dark", language="", time_zone=""),
        "++++++--",
        "++++++--",
        "=",
    ),
    "set_avatar": (
        lambda actor, _person, _there: actions.set_avatar(actor, picture=green(), x=None, y=None, side=None),
        "++++++--",
        "++++++--",
        "=",
    ),
    "set_display_name": (
        lambda actor, _person, _there: actions.set_display_name(actor, display_name="Other"),
        "++++++--",
        "++++++--",
        "=",
    ),
    "set_email": (
        lambda actor, _person, _there: actions.set_email(actor, email="", password=PASSWORD),
        "++++++--",
        "++++++--",
        "=",
    ),
    "set_enter": (
        lambda actor, _person, _there: actions.set_enter(actor, enter_sends=True),
        "++++++--",
        "++++++--",
        "=",
    ),
    "set_password": (
        lambda actor, person, _there: actions.set_password(actor, person, password=NEW_WORDS),
        "+++-----",
        "+-------",
        "x",
    ),
    "set_presence": (
        lambda actor, _person, _there: actions.set_presence(actor, shows_presence=False),
        "++++++--",
        "++++++--",
        "=",
    ),
    "take_away_two_factor": (
        lambda actor, person, _there: actions.take_away_two_factor(actor, person),
        "+++-----",
        "+-------",
        "=",
    ),
    "unblock_user": (
        lambda actor, person, _there: actions.unblock_user(actor, person),
        "+++++---",
        "++++++--",
        "=",
    ),
    "ban": (
        lambda actor, person, _there: said.ban(actor, person, reason="", removes="all"),
        "+++-----",
        "+-------",
        "x",
    ),
    "begin_removal_again": (
        lambda actor, person, _there: said.begin_removal_again(actor, person),
        "+++-----",
        "+-------",
        "=",
    ),
    "start_removal": (
        lambda actor, person, _there: said.start_removal(actor, person, removes="all"),
        "--------",
        "--------",
        "=",
    ),
    "delete_reported": (
        lambda actor, _person, there: said.delete_reported(actor, there.report),
        "+++-----",
        "+++-----",
        "=",
    ),
    "settle_report": (
        lambda actor, _person, there: said.settle_report(actor, there.report),
        "+++-----",
        "+++-----",
        "=",
    ),
    "discard_rejected": (
        lambda actor, _person, there: said.discard_rejected(actor, there.rejected),
        "+++-----",
        "+++-----",
        "=",
    ),
    "retry_rejected": (
        lambda actor, _person, there: said.retry_rejected(actor, there.rejected),
        "+++-----",
        "+++-----",
        "=",
    ),
    "tell_browser": (
        lambda actor, _person, _there: said.tell_browser(actor, session_key="x", is_idle=True, people=[]),
        "++++++--",
        "++++++--",
        "=",
    ),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """Everybody, carol whom it is about, and what there is of hers."""

    people: dict[str, User]
    person: User
    colleague: User  # of the admins
    parts: dict[str, object]
    address_key: str
    invitation: SiteInvitation
    report: Report
    rejected: RejectedMessage
    rows: dict[str, int]  # by model, as in an address of the admin: the key of one

    def address(self, route: str) -> str:
        parts = {**self.parts, "object_id": self.row_of(route)}
        if "/email/" in route:
            parts["key"] = self.address_key
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(parts[part[1]]), route)

    def fields_for(self, who: str, fields: Fields) -> Fields:
        own = self.people[who if who in self.people else "themselves"].username
        names = {
            "{own}": own,
            "{person}": self.person.username,
            "{key}": self.person.pk,
            "{channel}": self.rows["channels_app/channel"],
        }
        return {
            name: green() if value is as_upload else names.get(value, value) for name, value in fields.items()
        }

    def row_of(self, route: str) -> object:
        """The key of the row that is looked at, of the model in an address of the admin."""
        return self.rows.get("/".join(route.split("/")[1:3]), self.person.pk)

    def sessions(self) -> dict[str, str]:
        """By who has one: the key of a session."""
        return {who: signed_in(user).session.session_key or "" for who, user in self.people.items()}


def browser(session: str | None) -> Client:
    """A new one each time, so that what an answer does to its session is not there for the next."""
    client = Client()
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    return client


def a_session_of(user: User) -> UserSession:
    return UserSession.objects.filter(user=user).order_by("pk")[0]


def done_in_admin(answer: Any) -> str:
    """As `answer_of`; a form that comes back, or an action of a list that says it was refused, is refused."""
    letter = answer_of(answer)
    if letter != "+":
        return letter
    told = [message.level for message in get_messages(answer.wsgi_request)]
    has_errors = bool(answer.context and answer.context.get("errors"))
    return "-" if has_errors or {WARNING, ERROR} & set(told) else "+"


def pages_of_models() -> dict[str, str]:
    """The rows of every model's pages, by address."""
    return {
        f"admin/{model}/{page}": answers
        for model, pages in MODELS.items()
        for page, answers in zip(PAGES, pages, strict=True)
    }


def green() -> Any:
    return as_upload(file_of(striped(64, 64)))


def scene(cast: Cast) -> Scene:
    helper, one, colleague, blocked, banned, deactivated = (
        UserFactory.create(username=name, is_staff=name != "blocked")
        for name in ("helper", "admin", "colleague", "blocked", "banned", "deactivated")
    )
    helper.user_permissions.set(Permission.objects.all())
    people = {
        "superuser": cast.alice,
        "helper": helper,
        "admin": one,
        "member": cast.bob,
        "blocked": blocked,
        "themselves": cast.carol,
        "banned": banned,
        "deactivated": deactivated,
    }
    block_user(cast.carol, blocked)
    actions.edit_user(SYSTEM, cast.carol, display_name="Carol Lindqvist", email="carol@example.com")
    actions.set_avatar(cast.carol, picture=green(), x=None, y=None, side=None)
    cast.carol.refresh_from_db()
    elsewhere = signed_in(cast.carol).session.session_key
    invitation, token = invite_to_site(SYSTEM)
    report_message(cast.bob, say(cast.carol, cast.design, "Rude").client_id, reason="")
    parts: dict[str, object] = {
        "username": cast.carol.username,
        "user_id": cast.carol.pk,
        "id": cast.carol.pk,
        "digest": cast.carol.avatar_digest,
        "side": SMALL,
        "session_id": UserSession.objects.get(session_id=elsewhere).pk,
        "pk": 1,
        "uidb36": user_pk_to_url_str(cast.carol),
        "key": default_token_generator.make_token(cast.carol),
        "invitation_id": invitation.pk,
        "token": token,
        "content_type_id": ContentType.objects.get_for_model(User).pk,
        "app_label": "accounts",
        "url": "nothing/here/",
    }
    rejected = rejection(cast.bob, cast.public)
    key = key_for_address(cast.carol)
    report = Report.objects.get()
    rows = {
        "auth/group": Group.objects.create(name="helpers").pk,
        "accounts/ban": banned.pk,
        "accounts/sitesettings": SiteSettings.THE_ROW,
        "accounts/auditentry": AuditEntry.objects.order_by("pk")[0].pk,
        "channels_app/channel": cast.design.pk,
        "channels_app/membership": Membership.objects.get(channel=cast.design, user=cast.carol).pk,
        "messaging/message": report.message_id,
        "messaging/rejectedmessage": rejected.pk,
        "messaging/report": report.pk,
    }
    return Scene(people, cast.carol, colleague, parts, key, invitation, report, rejected, rows)


def end_accounts(there: Scene) -> None:
    ban_user(SYSTEM, there.people["banned"], reason="")
    deactivate_user(SYSTEM, there.people["deactivated"])
    for who in ("banned", "deactivated"):
        there.people[who].refresh_from_db()


@pytest.fixture(autouse=True)
def stores_at_once(settings: Any) -> None:
    """What is undone must not have left for a queue."""
    settings.PERSIST_DIRECT = True


def test_everybody_may_do_what_the_table_says(cast: Cast) -> None:
    there = scene(cast)
    sessions = there.sessions()
    end_accounts(there)
    wrong = {}
    for route, methods in TABLE.items():
        for method, (fields, wanted) in methods.items():
            found = ""
            for who in WHO:
                with undone():
                    entry = there.fields_for(who, fields)
                    found += answer_of(send(browser(sessions.get(who)), method, there.address(route), entry))
            if found != wanted:
                wrong[method, route] = found, wanted
    assert not wrong


def test_actions_refuse_what_pages_do_whoever_calls_them(cast: Cast) -> None:
    there = scene(cast)
    signed_in(there.colleague)
    actors = there.people
    end_accounts(there)
    wrong = {}
    for name, (act, *wanted, _stream) in ACTIONS.items():
        found = [
            "".join(outcome_of(partial(act, actors[who], person, there)) for who in WHO if who in actors)
            for person in (there.person, there.colleague)
        ]
        if found != wanted:
            wrong[name] = found, wanted
    assert not wrong


def test_streams_end_with_what_ends_the_right_to_them(cast: Cast) -> None:
    """As the hub decides, whenever it hears that something is another."""
    there = scene(cast)
    source = DatabaseSource()
    wrong = {}
    for name, (act, about_carol, _about_a_colleague, wanted) in ACTIONS.items():
        if "+" not in about_carol:
            continue
        # By herself where it is about one's own account, else by an admin.
        actor = there.people["themselves" if about_carol[WHO.index("themselves")] == "+" else "superuser"]
        session = a_session_of(there.person).session_id
        before = source.viewers([there.person.pk])[there.person.pk]
        with undone():
            act(actor, there.person, there)
            after = source.viewers([there.person.pk]).get(there.person.pk)
            goes_on = after is not None and after.mark == before.mark and session in source.alive([session])
        if ("=" if goes_on else "x") != wanted:
            wrong[name] = goes_on
    assert not wrong


def test_what_is_in_no_row_is_for_no_method(cast: Cast) -> None:
    there = scene(cast)
    sessions = there.sessions()
    for route, methods in TABLE.items():
        for method in {"GET", "POST"} - methods.keys():
            with undone():
                answer = send(browser(sessions["superuser"]), method, there.address(route), {})
            assert answer_of(answer) == "x", (method, route)


def test_everybody_sees_in_the_administration_what_the_table_says(cast: Cast) -> None:
    there = scene(cast)
    sessions = there.sessions()
    end_accounts(there)
    wrong = {}
    for route, wanted in {**ADMIN, **pages_of_models()}.items():
        found = ""
        for who in WHO:
            with undone():
                found += answer_of(send(browser(sessions.get(who)), "GET", there.address(route), {}))
        if found != wanted:
            wrong[route] = found, wanted
    assert not wrong


def test_everybody_does_in_the_administration_what_the_table_says(cast: Cast) -> None:
    there = scene(cast)
    sessions = there.sessions()
    end_accounts(there)
    wrong = {}
    for (route, name), (fields, wanted) in DONE_IN_ADMIN.items():
        found = ""
        for who in WHO:
            chosen = {"action": name, "_selected_action": there.row_of(route)}
            entry = chosen if name else there.fields_for(who, fields)
            with undone():
                answer = send(browser(sessions.get(who)), "POST", there.address(route), entry)
                found += done_in_admin(answer)
        if found != wanted:
            wrong[route, name] = found, wanted
    assert not wrong
