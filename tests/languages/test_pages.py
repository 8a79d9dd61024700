"""Every page in every language: no English is left, and what a reader sees is laid out for their script."""

import json
import re
from functools import cache
from pathlib import Path

import polib
import pytest
from django.test import Client

from chatsite.languages import LANGUAGES
from messaging.models import Message
from tests.cast import Cast, say, signed_in
from tests.languages.catalogues import TRANSLATED, catalogue_of
from tests.languages.unmarked import in_template

CHECKOUT = Path(__file__).resolve().parents[2]
# Names of people, channels, the site, keys and time zones, what people wrote, and dates in shared months.
NAMES = re.compile(
    r"^[@#]?(Chat|public|design|hello|Pixels and words|Everyone, everything.*|#(design|public) · Chat"
    r"|bob|carol|dave|mallory|[A-Z]{2}|Ctrl K|UTC|[\w+-]+(/[\w+-]+)+"
    r"|\w+ (Okafor|Lindqvist|Iyer|Quinn)( · Chat)?|\d+ \w+ \d+)$"
)
# Django's and allauth's own pages are as well translated as they are.
ADMIN = [
    "/admin/",
    "/admin/accounts/user/",
    "/admin/channels_app/channel/",
    "/admin/channels_app/membership/add/",
    "/admin/messaging/message/",
    "/admin/messaging/rejectedmessage/",
]


@cache
def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(catalogue_of(CHECKOUT, language)))


def words_on(page: str) -> set[str]:
    """The texts of a page that have letters, those for its scripts too."""
    sentences = {found.words for found in in_template(page)}
    if script := re.search(r'<script type="application/json" id="words">(.*?)</script>', page, re.DOTALL):
        for said in json.loads(script[1]).values():
            sentences.update(said.values() if isinstance(said, dict) else [said])
    return {sentence for sentence in sentences if re.search(r"[^\W\d_]{2}", sentence)}


def pages_of(cast: Cast, message: Message, language: str) -> dict[str, str]:
    """What each page says to bob, and to who is not logged in yet."""
    stranger, bob = Client(), signed_in(cast.bob)
    for client in (stranger, bob):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    sign_up = {"username": "bob", "password1": "bob", "display_name": "\u200b", "email": "no"}
    answers = {
        "log in": stranger.get("/accounts/login/"),
        "log in, refused": stranger.post("/accounts/login/", {"login": "bob", "password": "wrong"}),
        "sign up": stranger.get("/accounts/signup/"),
        "sign up, refused": stranger.post("/accounts/signup/", sign_up),
        "forgotten password": stranger.get("/accounts/password/reset/"),
        "password": bob.get("/accounts/password/change/"),
        "offline": stranger.get("/offline/"),
        "person": bob.get("/people/carol/"),
        "log out": bob.get("/accounts/logout/"),
        "preferences": bob.get("/accounts/preferences/"),
        "browse": bob.get("/channels/"),
        "browse, nothing": bob.get("/channels/?q=nothing"),
        "create": bob.get("/channels/create/"),
        "create, refused": bob.post("/channels/create/", {"name": " "}),
        "channel": bob.get("/channels/design/?newest=1"),
        "channel, refused": bob.post("/channels/design/messages/", {"text": " "}),
        "empty channel": bob.get("/channels/public/"),
        "guest": signed_in(cast.mallory).get("/channels/design/", HTTP_ACCEPT_LANGUAGE=language),
        "members": bob.get("/channels/design/members/"),
        "edit": bob.get(f"/messages/{message.client_id}/edit/"),
        "delete": bob.get(f"/messages/{message.client_id}/delete/"),
        "not there": bob.get("/nowhere/"),
        "wrong method": bob.get("/channels/design/clear/"),
        "malformed": bob.get("/channels/design/?before=x"),
    }
    return {name: answer.content.decode() for name, answer in answers.items()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_is_left_on_any_page(cast: Cast, language: str) -> None:
    message = say(cast.bob, cast.design, "hello")
    alike = {entry.msgid for entry in catalogue(language) if entry.msgid == entry.msgstr}
    english = pages_of(cast, message, "en")
    left = set()
    for name, page in pages_of(cast, message, language).items():
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page, name
        assert words_on(english[name]), name
        common = words_on(page) & words_on(english[name])
        left |= {
            (name, text) for text in common - alike - set(dict(LANGUAGES).values()) if not NAMES.match(text)
        }
    assert left == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_our_words_in_the_admin_are_translated(cast: Cast, language: str) -> None:
    say(cast.bob, cast.design, "hello")
    alice = signed_in(cast.alice)
    ours = {entry.msgid.lower() for entry in catalogue(language)}
    ours -= {entry.msgstr.lower() for entry in catalogue(language)}
    for path in ADMIN:
        answer = alice.get(path, HTTP_ACCEPT_LANGUAGE=language)
        assert answer.status_code == 200, path
        left = {text for text in words_on(answer.content.decode()) if text.lower() in ours}
        assert left <= {cast.public.name}, path  # a kind of channels is called so, too


@pytest.mark.parametrize(
    ("asked", "answered"), [("zh-CN,zh;q=0.9", "zh-hans"), ("de-AT", "de"), ("tlh, pt", "en")]
)
def test_a_page_is_in_the_language_of_the_browser(client: Client, asked: str, answered: str) -> None:
    answer = client.get("/accounts/login/", HTTP_ACCEPT_LANGUAGE=asked)
    assert f'<html lang="{answered}"' in answer.content.decode()
    assert answer["Content-Language"] == answered
    assert "Accept-Language" in answer["Vary"]


@pytest.mark.parametrize(("language", "name"), LANGUAGES)
def test_who_sends_too_much_is_told_the_limit_in_the_numbers_of_their_language(
    cast: Cast, language: str, name: str
) -> None:
    thousands = {"en": "10,000", "de": "10.000", "es": "10\xa0000", "fr": "10\xa0000"}.get(language, "10000")
    fields = {"text": "x" * 12_000, "client_id": "0189e5a0-0000-4000-8000-000000000000"}
    answer = signed_in(cast.bob).post(
        "/channels/design/messages/", fields, HTTP_ACCEPT_LANGUAGE=language, HTTP_ACCEPT="application/json"
    )
    assert answer.status_code == 422
    assert thousands in answer.json()["message"]


def test_a_message_says_its_own_direction_unless_it_has_none(cast: Cast) -> None:
    for text in ("hello", "مرحبا", "👍 2"):
        say(cast.bob, cast.design, text)
    page = signed_in(cast.bob).get("/channels/design/").content.decode()
    bodies = re.findall(r'<div class="message__body"([^>]*)>([^<]+)', page)
    assert bodies[:3] == [(' dir="auto"', "hello"), (' dir="auto"', "مرحبا"), ("", "👍 2")]
