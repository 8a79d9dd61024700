"""What protects every answer, of every kind: headers, policy, cookies, tokens; and what doors give away."""

import re
import uuid
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from django.test import Client
from PIL import Image

from channels_app.actions import create_channel, invite
from channels_app.models import Kind
from chatsite.settings import CONTENT_SECURITY_POLICY
from tests.accounts.test_passwords import give_address
from tests.cast import PASSWORD, Cast, post_text, say, signed_in
from tests.mailbox import mails
from tests.test_fuzz import plain, routes

GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OUTSIDE_OF_ROUTES = (
    "/healthz",
    "/readyz",
    "/favicon.ico",
    "/robots.txt",
    "/nowhere/",
    "/admin",
    "/static/x.js",
)
LOG_IN, SIGN_UP, RESET = "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"
NOT_OURS = ("/admin", "/styleguide/")  # Django's own; and forms that nobody sends
DIRECTIVES_OF_SCRIPTS = ("script-src", "style-src")


@pytest.fixture
def addresses(cast: Cast) -> list[str]:
    """Every address of the site, with something of the cast behind it wherever there can be."""
    message = say(cast.bob, cast.design, "hello")
    private = create_channel(cast.bob, name="secret", kind=Kind.PRIVATE)
    invitation = invite(cast.bob, private, username="alice")
    there = {
        "slug": private.slug,
        "username": "bob",
        "client_id": message.client_id,
        "invitation_id": invitation.pk,
        "user_id": cast.bob.pk,
        "digest": "0" * 32,
        "side": 96,
        "pk": 1,
    }

    def filled(part: re.Match[str]) -> str:
        return str(there.get(part[1], "1"))

    return ["/" + re.sub(r"<(?:\w+:)?(\w+)>", filled, plain(route)) for route in routes()]


def visitors(cast: Cast) -> dict[str, Client]:
    return {"nobody": Client(), "bob": signed_in(cast.bob), "alice": signed_in(cast.alice)}


def is_page(response: HttpResponseBase) -> bool:
    return response.get("Content-Type", "").startswith("text/html")


def assert_guarded(response: Any, what: object) -> None:
    for name, value in GUARDS.items():
        assert response.get(name) == value, (what, name)
    if response.streaming:
        b"".join(response)  # which closes its file
    assert response.has_header("Cache-Control") or response.status_code in (304, 405), what
    if not is_page(response):
        return
    assert "camera=()" in response["Permissions-Policy"], what
    policy = response["Content-Security-Policy"]
    directives = {words.split()[0]: words.split()[1:] for words in policy.split(";")}
    assert directives["default-src"] == ["'none'"], what
    assert "unsafe" not in policy, what
    assert "http" not in policy, what
    for name in ("base-uri", "frame-ancestors"):
        assert directives[name] == ["'none'"], what


def test_every_answer_is_guarded(cast: Cast, addresses: list[str]) -> None:
    kinds = set()
    for who, client in visitors(cast).items():
        client.raise_request_exception = False
        for address in (*addresses, *OUTSIDE_OF_ROUTES):
            for method in ("get", "post", "head"):
                response = getattr(client, method)(address)
                assert_guarded_unless_plain(response, (who, method, address))
                kinds.add(response.status_code)
            client = signed_in(getattr(cast, who)) if who != "nobody" else client  # log-out is among them
    assert {200, 302, 403, 404, 405, 422} <= kinds


def assert_guarded_unless_plain(response: HttpResponseBase, what: Any) -> None:
    if what[2] == "/healthz":  # it answers before everything, and says one word
        assert response["X-Content-Type-Options"] == "nosniff"
        return
    assert_guarded(response, what)


def test_what_went_wrong_is_guarded_as_well(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = signed_in(cast.bob)
    bob.raise_request_exception = False
    checking = signed_in(cast.bob, checks_csrf=True)
    assert_guarded(checking.post("/channels/create/", {"name": "x"}), "no token")
    assert_guarded(bob.get("/", HTTP_HOST="evil.example"), "another host")
    assert_guarded(bob.post("/channels/create/", {f"f{n}": "" for n in range(1_100)}), "too much")
    monkeypatch.setattr("messaging.views.messages.landing_channel", lambda: 1 / 0)
    broken = bob.get("/")
    assert broken.status_code == 500
    assert_guarded(broken, "a fault")


def test_pictures_and_what_did_not_change_are_guarded(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert bob.post("/accounts/preferences/picture/", {"picture": a_picture()}).status_code == 302
    cast.bob.refresh_from_db()
    address = f"/avatars/{cast.bob.pk}/{cast.bob.avatar_digest}/96.webp"
    picture = bob.get(address)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/webp")
    assert_guarded(picture, "a picture")
    icon = bob.get("/favicon.ico")
    assert_guarded(icon, "an icon")
    unchanged = bob.get("/favicon.ico", headers={"If-Modified-Since": icon["Last-Modified"]})
    assert unchanged.status_code == 304
    assert_guarded(unchanged, "unchanged")


def test_a_policy_has_no_way_around_it() -> None:
    directives: Any = CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    flat = " ".join(str(source) for sources in directives.values() for source in sources)
    assert "unsafe" not in flat
    assert "*" not in flat
    for name in DIRECTIVES_OF_SCRIPTS:
        assert "data:" not in directives[name]
    for name in ("base-uri", "form-action", "frame-ancestors"):
        assert name in directives  # default-src is not asked for these


class Page(HTMLParser):
    """The forms of a page, and what of it a policy would keep from running."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.untokened: list[str] = []
        self.inline: list[str] = []
        self._form: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.inline += [f"{tag} {name}" for name in found if name.startswith("on") or name == "style"]
        if tag in ("script", "style") and "nonce" not in found and found.get("type") != "application/json":
            self.inline.append(tag)
        if tag == "form" and (found.get("method") or "get").lower() == "post":
            self._form = found.get("action") or ""
        if found.get("name") == "csrfmiddlewaretoken":
            self._form = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.untokened.append(self._form)
            self._form = None


def test_every_form_that_posts_has_a_token_and_no_page_runs_what_it_does_not_name(
    cast: Cast, addresses: list[str]
) -> None:
    seen = 0
    for who, client in visitors(cast).items():
        for address in addresses:
            response = client.get(address)
            if not is_page(response) or response.status_code != 200 or address.startswith(NOT_OURS):
                continue
            page = Page(response.content.decode())
            assert not page.untokened, (who, address)
            assert not page.inline, (who, address)
            seen += 1
    assert seen > 20


def test_every_post_wants_its_token(cast: Cast, addresses: list[str]) -> None:
    for address in addresses:
        for accept in ("text/html", "application/json"):
            answer = signed_in(cast.bob, checks_csrf=True).post(address, {}, headers={"Accept": accept})
            assert answer.status_code == 403 or answer.get("Location") == "/", (address, accept)


def test_cookies_are_kept_from_scripts_and_other_sites(cast: Cast, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get(LOG_IN)
    client.post(LOG_IN, {"login": "bob", "password": PASSWORD})
    client.post("/accounts/preferences/", {"section": "appearance", "theme": "dark", "language": "de"})
    client.get("/channels/public/")
    assert {"chat_session", "csrftoken", "theme"} <= set(client.cookies)
    for name, cookie in client.cookies.items():
        if not cookie.value:
            continue
        assert cookie["secure"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["httponly"] or name == "csrftoken", name  # scripts send that one with what they post


def test_a_session_that_somebody_else_chose_is_not_the_one_after_the_log_in(cast: Cast) -> None:
    client = Client()
    client.get(LOG_IN)
    for planted in ("chosen-by-mallory", "x" * 32):
        client.cookies["chat_session"] = planted
        client.post(LOG_IN, {"login": "bob", "password": PASSWORD})
        assert client.cookies["chat_session"].value != planted
        client.post("/accounts/logout/")
    before = signed_in(cast.mallory)
    key = before.cookies["chat_session"].value
    before.post("/accounts/logout/")
    assert Client(HTTP_COOKIE=f"chat_session={key}").get("/channels/public/").status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "evil.example:80", "a b"])
def test_no_other_host_is_answered(cast: Cast, host: str) -> None:
    for address in (LOG_IN, "/channels/public/", "/offline/"):
        answer = signed_in(cast.bob).get(address, HTTP_HOST=host)
        assert answer.status_code == 400
        assert host not in answer.content.decode()


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://evil.example/",
        "/\t/evil.example/",
    ],
)
def test_next_leads_nowhere_else(cast: Cast, elsewhere: str) -> None:
    answers = [
        Client().post(LOG_IN, {"login": "bob", "password": PASSWORD, "next": elsewhere}),
        Client().post(f"{LOG_IN}?next=/", {"login": "bob", "password": PASSWORD, "next": elsewhere}),
        Client().post(
            SIGN_UP, {"username": f"z{uuid.uuid4().hex}", "password1": PASSWORD, "next": elsewhere}
        ),
        signed_in(cast.bob).get(LOG_IN, {"next": elsewhere}),
        signed_in(cast.bob).get(SIGN_UP, {"next": elsewhere}),
        signed_in(cast.bob).post("/accounts/logout/", {"next": elsewhere}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert re.match(r"/(?![/\\\s])", answer["Location"]), answer["Location"]


def test_log_in_says_the_same_of_a_name_that_nobody_has(cast: Cast) -> None:
    there, never = (Client().post(LOG_IN, {"login": name, "password": "wrong"}) for name in ("bob", "b0b"))
    assert there.status_code == never.status_code
    assert neutral(there, "bob") == neutral(never, "b0b")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("sends_mail")
def test_a_forgotten_password_says_the_same_of_an_address_that_nobody_has(cast: Cast) -> None:
    give_address(cast.bob, "bob@example.org")
    there, never = (
        Client().post(RESET, {"email": f"{name}@example.org"}, follow=True) for name in ("bob", "b0b")
    )
    assert len(mails()) == 1
    assert there.redirect_chain == never.redirect_chain
    assert neutral(there, "bob") == neutral(never, "b0b")


def neutral(response: Any, name: str) -> str:
    """The page without what is another each time."""
    text = response.content.decode().replace(name, "…")
    return re.sub(
        r'(csrfmiddlewaretoken" value=")[^"]+|(nonce[=-]"?)[\w+/=-]+|(data-csrf[\w-]*=")[^"]+', "", text
    )


def a_picture(size: tuple[int, int] = (40, 40), kind: str = "PNG") -> BytesIO:
    file = BytesIO()
    Image.new("1", size).save(file, kind)
    file.seek(0)
    file.name = f"picture.{kind.lower()}"
    return file


def test_a_bomb_of_pixels_is_refused_and_a_script_is_no_picture(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    svg = BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    page = BytesIO(b"GIF89a<script>alert(1)</script>")
    svg.name, page.name = "picture.svg", "picture.gif"
    for file in (a_picture((30_000, 30_000)), svg, page):
        answer = bob.post("/accounts/preferences/picture/", {"picture": file})
        assert answer.status_code == 422
        assert answer.context["sections"]["picture"].errors
    cast.bob.refresh_from_db()
    assert cast.bob.avatar_digest == ""


def test_no_static_file_is_a_page() -> None:
    """Of another kind than pages are, and so without a policy: nothing there may run as one."""
    suffixes = {Path(path).suffix for finder in finders.get_finders() for path, _storage in finder.list([])}
    assert not suffixes & {".html", ".htm", ".xhtml", ".xml", ".swf"}


def test_what_somebody_writes_runs_nowhere(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    post_text(bob, cast.design, "<script>alert(1)</script><img src=x onerror=alert(1)>")
    page = Page(bob.get("/channels/design/").content.decode())
    assert not page.inline
