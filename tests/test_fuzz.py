"""Whatever is sent to any address, the site answers, and never with a fault of its own.

The addresses are those of the URL conf, so that a new one is among them by itself; what is sent is made of
the names that forms and views know, and of junk.
"""

import logging
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.cache import cache as counters
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from channels_app.actions import invite
from chatsite.admin import ReadOnlyAdmin
from messaging.actions import report_message
from tests.cast import PASSWORD, Cast, say, signed_in
from tests.site import CHECKOUT

FEW, MANY = 50, 1_000
PARAMETER = re.compile(r'(?:GET|POST)(?:\.get(?:list)?\(|\[)"(\w+)"|"(\w+)" in request\.(?:GET|POST)')
ADMIN = re.compile(r"^admin/(?!$|login/)")
OF_EVERY_MODEL = ("add/", *(f"<path:object_id>/{page}" for page in ("", "change/", "delete/", "history/")))
# What Django's admin asks for, besides the fields of its forms.
ADMIN_PARAMETERS = (
    "_changelist_filters", "_continue", "_facets", "_popup", "_save", "_selected_action", "_to_field",
    "action", "all", "app_label", "e", "field_name", "id__exact", "id__in", "model_name", "o", "p", "post",
    "q", "select_across", "term", "user__username__regex",
)  # fmt: skip

JUNK = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202e\ufeff\u200b",
    "\U0010ffff",
    "-1",
    "0",
    "1e309",
    "NaN",
    "9" * 30,
    "٣",
    "²",
    "true",
    "null",
    "[]",
    "../../etc/passwd",
    "//evil.example/",
    "https://evil.example/",
    "javascript:alert(1)",
    "' OR 1=1 --",
    "<script>",
    "%s%n{0}{{7*7}}",
    "x" * 5_000,
    "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
)
LATIN = [junk for junk in JUNK if all(" " <= character <= "\xff" for character in junk)]  # what headers carry
BYTES = st.binary(max_size=12) | st.sampled_from([b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"%ff%00"])
HEADERS = {
    "HTTP_ACCEPT": ["application/json", "text/html", "*/*", "\x00", "application/json;q=x"],
    "HTTP_HOST": ["testserver", "evil.example", "a b", "testserver:99999", "[::1", "", "testserver:x"],
    "HTTP_RANGE": ["bytes=0-", "bytes=-", "bytes=99-1", "lines=1", "bytes=" + "1-2," * 50],
    "HTTP_HX_REQUEST": ["true", "x"],
    "HTTP_HX_CURRENT_URL": ["http://[", "%ff", "https://evil.example/"],
    "HTTP_X_REQUESTED_WITH": ["XMLHttpRequest"],
    "HTTP_ACCEPT_LANGUAGE": ["de", "xx-yy;q=9", "\xff", "a" * 600],
    "HTTP_IF_MODIFIED_SINCE": ["yesterday", "Mon, 99 Foo 0000 00:00:00 GMT"],
    "HTTP_IF_NONE_MATCH": ['"', "*", 'W/"x'],
    "HTTP_ORIGIN": ["null", "https://evil.example", "http://["],
    "HTTP_REFERER": ["http://[", "\xff"],
    "HTTP_X_FORWARDED_FOR": ["1.2.3.4", ",,,", "\xff"],
    "HTTP_X_CSRFTOKEN": ["x", "\xff" * 32],
    "HTTP_ACCEPT_ENCODING": ["gzip", "gzip;q=x", "*"],
}
CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 300,
    "text/plain; charset=nonsense",
    "application/x-www-form-urlencoded; charset=utf-16",
    "\xff",
    "",
)
COOKIES = ("chat_session", "csrftoken", "messages", "theme", "django_language", "time_zone")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its query and body are bytes, as nobody has looked at them yet."""

    method: str
    parts: tuple[str, ...]
    query: bytes
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[tuple[str, str], ...]


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


@cache
def names() -> tuple[str, ...]:
    """Every name that a form has a field of, or that a view asks for."""
    found = {"csrfmiddlewaretoken", "author", "ticket", "next", "page", "p", "o", "all"}
    for form in _subclasses(BaseForm):
        found |= set(getattr(form, "base_fields", {}))
    for package in ("accounts", "channels_app", "messaging", "chatsite"):
        for file in Path(CHECKOUT / package).rglob("*.py"):
            for one, other in PARAMETER.findall(file.read_text()):
                found.add(one or other)
    return tuple(sorted(found))


@cache
def names_in_admin(route: str) -> tuple[str, ...]:
    """Every name that a page of the admin asks for; that any does, where it is of no model."""
    found = {*ADMIN_PARAMETERS, "csrfmiddlewaretoken"}
    pages = list(admin.site._registry.values())
    for page in [page for page in pages if route.startswith(_start_of(page))] or pages:
        found |= {field.name for field in page.opts.get_fields()}
        for shown in page.list_filter:
            found.add(f"{shown}__exact" if isinstance(shown, str) else getattr(shown, "parameter_name", ""))
    return tuple(sorted(found))


def known_in_admin() -> list[str]:
    """What makes sense to it: its actions, choices of its filters, and keys of rows."""
    rows = [page.model._default_manager.first() for page in admin.site._registry.values()]
    actions = [str(name) for page in admin.site._registry.values() for name in page.actions or ()]
    keys = [str(row.pk) for row in rows if row is not None]
    words = ["delete_selected", "on", "yes", "no", "all", "user", "accounts", "open", "everyone", "bob"]
    return [*actions, *keys, *words]


def groups() -> dict[str, list[str]]:
    """The addresses that are tried together: of the admin's pages without a form all of one kind."""
    found: dict[str, list[str]] = {}
    for route in sorted(set(routes())):
        found.setdefault(_group_of(route), []).append(route)
    return found


def _start_of(page: "admin.ModelAdmin[Any]") -> str:
    return f"admin/{page.opts.app_label}/{page.opts.model_name}/"


def _group_of(route: str) -> str:
    for page in admin.site._registry.values():
        kind = route.removeprefix(_start_of(page))
        has_form = kind in ("add/", "<path:object_id>/change/") and not isinstance(page, ReadOnlyAdmin)
        if kind != route and kind and not has_form and kind in OF_EVERY_MODEL:
            return f"admin/…/{kind}"
    return route


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


def values(known: list[str]) -> SearchStrategy[bytes]:
    """What stands for a value, as it goes over the wire."""
    texts = st.sampled_from(known) | st.sampled_from(JUNK) | st.text(max_size=8)
    return texts.map(lambda text: urllib.parse.quote(text, errors="replace").encode()) | BYTES


def fields(known: list[str], asked_for: tuple[str, ...]) -> SearchStrategy[bytes]:
    name = st.sampled_from(asked_for).map(str.encode) | BYTES
    pair = st.tuples(name, values(known)).map(b"=".join)
    return st.lists(pair, max_size=6).map(b"&".join)


def requests(route: str, known: list[str]) -> SearchStrategy[Asked]:
    asked_for = names_in_admin(route) if ADMIN.search(route) else names()
    parts = len(re.findall(r"<|\(\?P<", route))
    part = st.sampled_from(known) | st.sampled_from(JUNK).filter(bool) | st.text(min_size=1, max_size=8)
    header = st.sampled_from(sorted(HEADERS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]))
    )
    cookie = st.tuples(
        st.sampled_from(COOKIES), st.sampled_from(LATIN) | st.text('aZ09:-_="\xff', max_size=9)
    )
    body = (
        fields(known, asked_for)
        | st.binary(max_size=40)
        | st.sampled_from([b"{", b'{"a": [', b"--x\r\n", b"x=" + b"%" * 9])
    )
    return st.builds(
        Asked,
        method=st.sampled_from(["GET", "POST", "POST", "POST", "HEAD", "PUT", "OPTIONS"]),
        parts=st.tuples(*[part] * parts),
        query=fields(known, asked_for),
        body=body,
        content_type=st.sampled_from(CONTENT_TYPES[:1] * 6 + CONTENT_TYPES),
        headers=st.lists(header, max_size=2).map(tuple),
        cookies=st.lists(cookie, max_size=1).map(tuple),
    )


def plain(route: str) -> str:
    """`route` as `path` would have it, also one that is a regular expression."""
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", route).translate(str.maketrans("", "", "^$"))


def address(route: str, parts: tuple[str, ...]) -> str:
    """The path of `route`, with what its parts of some type always take where the junk would not do."""
    left = list(parts)

    def filled(part: re.Match[str]) -> str:
        value = left.pop(0)
        if part[0].startswith("<uuid:"):
            return value if re.fullmatch(r"[0-9a-f-]{36}", value) else JUNK[-1]
        if part[0].startswith("<int:"):
            return value if re.fullmatch(r"[0-9]+", value) else "9" * 25
        return value

    return "/" + re.sub(r"<(?:\w+:)?\w+>", filled, plain(route))


def ask(client: Client, route: str, asked: Asked) -> HttpResponseBase:
    """As a browser would that was written by somebody who means harm."""
    path = urllib.parse.quote(address(route, asked.parts), errors="replace")
    for name, value in asked.cookies:
        client.cookies[name] = value
    return client.generic(
        asked.method,
        path,
        asked.body,
        content_type=asked.content_type,
        QUERY_STRING=asked.query.decode("latin-1"),
        **dict(asked.headers),  # type: ignore[arg-type]  # none of them is a parameter of Django's
    )


class Undo(Exception):
    """Ends a transaction of which nothing is to stay."""


def fuzz(cast: Cast, group: list[str], *, times: int) -> None:
    message = say(cast.bob, cast.design, "hello")
    invitation = invite(cast.dave, cast.design, username="mallory")
    known = [
        "bob", "design", "public", PASSWORD, str(message.client_id), str(invitation.pk), str(cast.bob.pk),
        cast.design.slug, "name", "appearance", "email", "private", "member", "1",
    ]  # fmt: skip
    ticket = signed_in(cast.bob).get("/channels/design/").context["ticket"]
    known.append(ticket)
    session = signed_in(cast.bob).cookies["chat_session"].value
    who = st.sampled_from(["bob", "alice", ""])
    if ADMIN.search(group[0]):
        report_message(cast.carol, message.client_id, reason="")
        Group.objects.create(name="helpers")
        known = known_in_admin()
        who = st.sampled_from(["alice", "alice", "alice", "bob"])

    @settings(max_examples=times)
    @given(data=st.data(), route=st.sampled_from(group), person=who)
    def answers(data: st.DataObject, route: str, person: str) -> None:
        asked = data.draw(requests(route, known))
        client = Client(raise_request_exception=False)
        if person == "bob":
            client.cookies["chat_session"] = session
        elif person:
            client.force_login(getattr(cast, person))
        try:
            with transaction.atomic():
                response = ask(client, route, asked)
                body = b"".join(response) if getattr(response, "streaming", False) else b""
                # This server has no streams, and says so (`messaging.stream`).
                is_no_stream = route == "live/" and response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
                assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or is_no_stream, body
                raise Undo
        except Undo:
            pass

    answers()


@pytest.fixture(autouse=True)
def nothing_is_counted(settings: Any, database: None) -> Iterator[None]:
    """And nothing logged: a line for each refusal takes longer than the answer."""
    settings.LIMITS = dict.fromkeys(settings.LIMITS, "")
    counters.clear()
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.embedded  # each request is undone, which a worker would not see
@pytest.mark.parametrize("group", groups())
def test_no_address_ever_breaks(cast: Cast, group: str) -> None:
    fuzz(cast, groups()[group], times=FEW)


@pytest.mark.long
@pytest.mark.embedded
@pytest.mark.parametrize("group", groups())
def test_no_address_ever_breaks_however_often(cast: Cast, group: str) -> None:
    fuzz(cast, groups()[group], times=MANY)


def test_the_names_that_forms_and_views_know_are_tried() -> None:
    ours = {"text", "client_id", "previous", "q", "before", "after", "at", "section", "username"}
    assert ours <= set(names())
    assert {"outcome", "lifted", "is_staff", "is_active__exact", "sign_up"} <= set(names_in_admin("admin/"))
