"""Log-in by another service: who gets in, as whom, and what its answers are worth."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from accounts.actions import (
    ban_user,
    deactivate_user,
    edit_site,
    invite_to_site,
    leave_site,
    sign_up_from_service,
)
from accounts.actors import SYSTEM
from accounts.models import Act, AuditEntry, User, UserSession
from accounts.oidc import nonce_of
from channels_app.models import Membership
from tests.accounts.test_two_factor import SECOND_STEP, SET_UP, confirmed, with_app
from tests.app_codes import app_code
from tests.cast import PASSWORD, Cast, signed_in
from tests.chatsite.test_settings import GOOD_KEY, ROOT
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, a_provider, key_of

PREFERENCES, LEAVE = "/accounts/preferences/", "/accounts/preferences/leave/"
CONNECT, DISCONNECT = "/accounts/service/connect/", "/accounts/service/disconnect/"
GO, BACK = "/accounts/service/", "/accounts/service/back/"
BUTTON = "Log in with Example ID"
WRONG = "Example ID did not answer as it should"
ZOE: dict[str, Any] = {
    "sub": "zoe-at-example",
    "preferred_username": "Zoe",
    "name": "Zoë Adler",
    "email": "zoe@example.org",
    "email_verified": True,
}


@pytest.fixture
def provider(cast: Cast, settings: Any) -> Iterator[Provider]:
    cache.clear()  # nothing was tried yet
    with a_provider() as running:
        running.person = dict(ZOE)
        settings.OIDC_ISSUER = running.issuer
        settings.OIDC_CLIENT_ID = CLIENT_ID
        settings.OIDC_CLIENT_SECRET = CLIENT_SECRET
        settings.OIDC_NAME = "Example ID"
        settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.3
        yield running


def led_back(provider: Provider, client: Client, to: str = GO, **fields: str) -> str:
    """The address to which a browser comes back from the provider."""
    to_provider = client.post(to, fields)
    assert to_provider.status_code == 302, to_provider.content.decode()
    address = urlsplit(to_provider["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.issuer}/authorize"
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert asked["redirect_uri"] == f"http://testserver{BACK}"
    back = urlsplit(provider.authorize(asked))
    return f"{back.path}?{back.query}"


def come(provider: Provider, client: Client | None = None, **fields: str) -> Any:
    """Go there, log in and come back."""
    client = client or Client()
    return client.get(led_back(provider, client, **fields))


def who(client: Client) -> str:
    """The name of whoever is logged in; "" when nobody is."""
    user_id = client.session.get("_auth_user_id")
    return User.objects.get(pk=user_id).username if user_id else ""


def assert_refused(answer: Any, client: Client, words: str, status: int) -> None:
    assert (answer.status_code, who(client)) == (status, "")
    page = answer.content.decode()
    assert words in page
    assert "Back to the log-in" in page
    assert "Traceback" not in page


def test_without_a_service_there_is_nothing(cast: Cast) -> None:
    for address in ("/accounts/login/", "/accounts/signup/"):
        page = Client().get(address)
        assert "Log in with" not in page.content.decode().replace("Log in with a passkey", "")
    assert Client().post(GO).status_code == 404
    assert Client().get(BACK).status_code == 404


def test_the_button_is_at_the_door(provider: Provider) -> None:
    for address in ("/accounts/login/", "/accounts/signup/"):
        page = Client().get(address).content.decode()
        assert f">{BUTTON}</button>" in page
        assert f'action="{GO}"' in page
    assert Client(enforce_csrf_checks=True).post(GO).status_code == 403
    assert Client().get(GO).status_code == 405
    assert provider.asked == []


def test_who_comes_first_gets_an_account(provider: Provider) -> None:
    client = Client()
    answer = come(provider, client, next="/channels/")

    assert (answer.status_code, answer["Location"]) == (302, "/channels/")
    user = User.objects.get(username="zoe")
    assert who(client) == "zoe"
    assert (user.display_name, user.email, user.has_verified_email) == ("Zoë Adler", "zoe@example.org", True)
    assert not user.has_usable_password()
    assert Membership.objects.filter(user=user, channel__slug="public").exists()
    assert UserSession.objects.filter(user=user).count() == 1
    acts = AuditEntry.objects.filter(person=user).order_by("pk").values_list("act", flat=True)
    assert list(acts) == [Act.ACCOUNT_CREATED, Act.LOGGED_IN]
    [known] = SocialAccount.objects.all()
    assert (known.user, known.extra_data) == (user, {})
    assert ZOE["sub"] not in str(known.uid)


def test_who_comes_again_is_the_same(provider: Provider) -> None:
    come(provider)
    provider.person |= {"preferred_username": "other", "name": "Other", "email": "other@example.org"}
    client = Client()
    come(provider, client)

    assert who(client) == "zoe"
    assert User.objects.count() == 6
    assert User.objects.get(username="zoe").display_name == "Zoë Adler"


def test_names_there_that_differ_by_case_are_two_people(provider: Provider) -> None:
    come(provider)
    provider.person["sub"] = "ZOE-at-example"
    client = Client()
    come(provider, client)

    assert who(client) == "zoe-2"


def test_another_service_that_calls_somebody_the_same_means_somebody_else(
    provider: Provider, settings: Any
) -> None:
    come(provider)
    with a_provider() as other:
        other.person = dict(ZOE)
        settings.OIDC_ISSUER = other.issuer
        client = Client()
        come(other, client)

    assert who(client) == "zoe-2"


def test_the_next_page_is_one_of_ours(provider: Provider) -> None:
    assert come(provider, next="https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize(
    ("claims", "username"),
    [
        ({"preferred_username": "bob"}, "bob-2"),
        ({"preferred_username": "bоb"}, "bоb-2"),  # with a letter of another script
        ({"preferred_username": "zoe.adler@example.org"}, "zoe.adler"),
        ({"preferred_username": "  Zoe  Adler / "}, "zoe--adler"),
        ({"preferred_username": None}, "zoe"),
        ({"preferred_username": None, "email": None}, "zoë-adler"),
        ({"preferred_username": "…", "email": "no address", "name": "?"}, "user"),
        ({"preferred_username": ["zoe"], "email": 7, "name": {}}, "user"),
        ({"preferred_username": "x" * 90}, "x" * 40),
        ({"preferred_username": "zoe\x00", "name": "Zoë\x00"}, "zoe"),
    ],
)
def test_the_username_is_valid_and_free(provider: Provider, claims: dict[str, Any], username: str) -> None:
    provider.person |= claims
    client = Client()
    come(provider, client)

    assert who(client) == username
    assert client.get("/channels/public/").status_code == 200


def test_nobody_gets_into_an_account_by_its_name_or_address(provider: Provider, cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(email="bob@example.org", verified_email="bob@example.org")
    provider.person |= {"preferred_username": "bob", "email": "bob@example.org"}
    client = Client()
    come(provider, client)

    assert who(client) == "bob-2"
    cast.bob.refresh_from_db()
    assert cast.bob.check_password(PASSWORD)
    assert not SocialAccount.objects.filter(user=cast.bob).exists()


def test_who_comes_twice_at_once_gets_one_account(provider: Provider) -> None:
    come(provider)
    zoe = User.objects.get(username="zoe")
    known = SocialAccount.objects.get(user=zoe)
    for username in ("zoe", "another"):  # looked up before there was an account
        again = sign_up_from_service(
            provider=known.provider,
            uid=known.uid,
            username=username,
            display_name="",
            email="",
            is_email_verified=False,
            token="",
        )
        assert again == zoe
    assert User.objects.count() == 6


def test_an_address_that_the_service_did_not_see_confirmed_is_not(provider: Provider) -> None:
    provider.person["email_verified"] = "true"
    come(provider)

    user = User.objects.get(username="zoe")
    assert (user.email, user.has_verified_email) == ("zoe@example.org", False)


@pytest.mark.parametrize(
    ("mode", "heading", "words"),
    [
        ("closed", "Sign-up is closed", "An admin can make an account for you."),
        ("invited", "Sign-up is by invitation", "you need a link from an admin"),
    ],
)
def test_newcomers_are_let_in_as_at_sign_up(provider: Provider, mode: str, heading: str, words: str) -> None:
    edit_site(SYSTEM, sign_up=mode, channel_creators="everyone")
    client = Client()
    answer = come(provider, client)

    assert (answer.status_code, who(client)) == (403, "")
    assert heading in answer.content.decode()
    assert words in answer.content.decode()
    assert User.objects.count() == 5

    edit_site(SYSTEM, sign_up="open", channel_creators="everyone")
    come(provider)
    edit_site(SYSTEM, sign_up=mode, channel_creators="everyone")
    come(provider, client)
    assert who(client) == "zoe"  # no newcomer any more


def test_an_invitation_is_taken_along(provider: Provider) -> None:
    edit_site(SYSTEM, sign_up="invited", channel_creators="everyone")
    invitation, token = invite_to_site(SYSTEM, uses=1, channel="design")
    client = Client()
    page = client.get(f"/join/{token}/").content.decode()
    assert f'name="invitation" value="{token}"' in page
    come(provider, client, invitation=token)

    assert who(client) == "zoe"
    assert Membership.objects.filter(user__username="zoe", channel__slug="design").exists()
    invitation.refresh_from_db()
    assert invitation.uses == 1

    provider.person |= {"sub": "2", "preferred_username": "yan"}
    late = Client()
    answer = come(provider, late, invitation=token)
    assert "This invitation does not work any more" in answer.content.decode()
    assert who(late) == ""


def end_by_ban(cast: Cast, user: User) -> None:
    ban_user(cast.alice, user, reason="Sells watches")


def end_by_admin(cast: Cast, user: User) -> None:
    deactivate_user(cast.alice, user)


@pytest.mark.parametrize("end", [end_by_ban, end_by_admin])
def test_an_account_that_ended_stays_so(provider: Provider, cast: Cast, end: Any) -> None:
    come(provider)
    end(cast, User.objects.get(username="zoe"))
    client = Client()

    assert_refused(come(provider, client), client, "This account can't log in any more.", 403)
    assert User.objects.count() == 6
    last = AuditEntry.objects.order_by("-pk")[0]
    assert (last.act, last.person) == (Act.LOG_IN_FAILED, User.objects.get(username="zoe"))


def test_who_deleted_the_account_comes_as_a_newcomer(provider: Provider) -> None:
    come(provider)
    gone = User.objects.get(username="zoe")
    leave_site(gone, way="delete", password="zoe")
    client = Client()
    come(provider, client)

    assert who(client) == "zoe-2"
    assert not SocialAccount.objects.filter(user=gone).exists()


def test_the_second_factor_is_asked_for(provider: Provider) -> None:
    come(provider)
    zoe = User.objects.get(username="zoe")
    zoe.set_password(PASSWORD)
    zoe.save()
    _client, secret, _codes = with_app(zoe)
    client = Client()
    answer = come(provider, client)

    assert answer["Location"] == SECOND_STEP
    assert who(client) == ""
    assert client.post(SECOND_STEP, {"code": app_code(secret, steps_ago=-1)}).status_code == 302
    assert who(client) == "zoe"


def test_without_a_password_there_is_none_to_change(provider: Provider) -> None:
    client = Client()
    come(provider, client)

    assert client.get("/accounts/password/change/")["Location"] == "/accounts/password/reset/"
    for address in ("/accounts/preferences/", "/accounts/2fa/", "/accounts/preferences/leave/"):
        assert client.get(address).status_code == 200


def test_without_a_password_the_address_takes_the_username(provider: Provider) -> None:
    client = Client()
    come(provider, client)
    shown = client.get(PREFERENCES)
    page = shown.content.decode()
    assert "Your username" in page
    assert "Current password" not in page
    assert shown.context["sections"]["email"]["password"].value() is None
    assert User.objects.get(username="zoe").password not in page
    fields = {"section": "email", "email": "new@example.org"}

    for typed in ("", "bob"):
        assert client.post(PREFERENCES, {**fields, "password": typed}).status_code == 422
    assert client.post(PREFERENCES, {**fields, "password": "Zoe"}).status_code == 302
    assert User.objects.get(username="zoe").email == "new@example.org"


def test_without_a_password_the_second_factor_is_asked_for_first(provider: Provider) -> None:
    first = Client()
    come(provider, first)
    secret = first.get(SET_UP).context["form"].secret
    assert first.post(SET_UP, {"code": app_code(secret, steps_ago=1)}).status_code == 302
    client = Client()
    come(provider, client)
    assert client.post(SECOND_STEP, {"code": app_code(secret)}).status_code == 302
    fields = {"section": "email", "email": "new@example.org", "password": "zoe"}

    for address, sent in ((LEAVE, {"way": "delete", "password": "zoe"}), (PREFERENCES, fields)):
        answer = client.post(address, sent)
        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
    zoe = User.objects.get(username="zoe")
    assert zoe.email == "zoe@example.org"
    answer = client.post(answer["Location"], {"code": app_code(secret, steps_ago=-1)})

    assert answer["Location"] == f"{PREFERENCES}?saved=email"
    zoe.refresh_from_db()
    assert zoe.email == "new@example.org"


def connected(provider: Provider, client: Client) -> Any:
    """Press Connect, log in there and come back."""
    return client.get(led_back(provider, client, to=CONNECT))


def test_who_has_an_account_connects_it(provider: Provider, cast: Cast) -> None:
    bob = confirmed(cast.bob)
    assert f'action="{CONNECT}"' in bob.get(PREFERENCES).content.decode()
    answer = connected(provider, bob)

    assert (answer.status_code, answer["Location"]) == (302, f"{PREFERENCES}?saved=service")
    assert who(bob) == "bob"
    assert User.objects.count() == 5
    elsewhere = Client()
    come(provider, elsewhere)
    assert who(elsewhere) == "bob"
    assert f'action="{DISCONNECT}"' in bob.get(PREFERENCES).content.decode()
    assert bob.post(DISCONNECT)["Location"] == f"{PREFERENCES}?saved=service"
    later = Client()
    come(provider, later)
    assert who(later) == "zoe"
    acts = AuditEntry.objects.filter(actor=cast.bob, act__startswith="service_").order_by("pk")
    assert list(acts.values_list("act", flat=True)) == [Act.SERVICE_CONNECTED, Act.SERVICE_DISCONNECTED]


def test_who_finds_a_page_open_connects_nothing(provider: Provider, cast: Cast) -> None:
    bob = signed_in(cast.bob)
    for address in (CONNECT, DISCONNECT):
        assert bob.post(address)["Location"].startswith("/accounts/reauthenticate/")
        assert bob.get(address).status_code == 405
        assert Client().post(address)["Location"].startswith("/accounts/login/")
    assert provider.asked == []

    answer = bob.post(bob.post(CONNECT)["Location"], {"password": PASSWORD})
    assert answer["Location"].startswith(f"{provider.issuer}/authorize?")


def test_whom_the_service_knows_is_one_account_here(provider: Provider, cast: Cast) -> None:
    come(provider)
    bob = confirmed(cast.bob)
    page = bob.get(connected(provider, bob)["Location"])
    assert "belongs to somebody else here" in str([toast.text for toast in page.context["toasts"]])
    assert SocialAccount.objects.get().user.username == "zoe"

    provider.person["sub"] = "bob-at-example"
    for _time in range(2):
        connected(provider, bob)
    provider.person["sub"] = "another-at-example"
    page = bob.get(connected(provider, bob)["Location"])
    assert "is connected already" in str([toast.text for toast in page.context["toasts"]])
    assert SocialAccount.objects.filter(user=cast.bob).count() == 1


def test_it_is_connected_to_nobody_who_did_not_begin_it(provider: Provider, cast: Cast) -> None:
    bob = confirmed(cast.bob)
    back = led_back(provider, bob, to=CONNECT)
    session = bob.session
    session["_auth_user_id"] = str(cast.carol.pk)
    session["_auth_user_hash"] = cast.carol.get_session_auth_hash()
    session.save()

    answer = bob.get(back)
    assert answer.status_code == 403
    assert "begun in another browser" in answer.content.decode()
    assert Client().get(led_back(provider, confirmed(cast.bob), to=CONNECT)).status_code == 403
    assert not SocialAccount.objects.exists()


def test_the_only_way_in_stays(provider: Provider) -> None:
    client = Client()
    come(provider, client)
    page = client.get(PREFERENCES).content.decode()
    assert "It is your only way in." in page
    assert DISCONNECT not in page

    answer = client.post(DISCONNECT, follow=True)
    assert "Get a password first" in str([toast.text for toast in answer.context["toasts"]])
    assert SocialAccount.objects.exists()


def test_a_log_in_ends_where_it_was_begun(provider: Provider) -> None:
    back = led_back(provider, Client())
    victim = Client()

    lost = "This log-in was begun in another browser"
    assert_refused(victim.get(back), victim, lost, 403)
    assert_refused(victim.get(f"{BACK}?code=1&state=2"), victim, lost, 403)
    assert_refused(victim.get(BACK), victim, lost, 403)
    assert "/token" not in provider.asked

    client = Client()
    back = led_back(provider, client)
    client.get(back)
    client.logout()
    assert_refused(client.get(back), client, lost, 403)  # once


def test_who_goes_back_is_told_so(provider: Provider) -> None:
    client = Client()
    state = parse_qs(urlsplit(led_back(provider, client)).query)["state"][0]

    answer = client.get(f"{BACK}?error=access_denied&state={state}")
    assert_refused(answer, client, "You went back from Example ID", 403)


def signed_by_another(provider: Provider) -> None:
    provider.signs_with = key_of("somebody else")


def signed_with_the_client_secret(provider: Provider) -> None:
    provider.algorithm, provider.signs_with = "HS256", CLIENT_SECRET


def not_signed(provider: Provider) -> None:
    provider.algorithm, provider.signs_with = "none", None


def of_another_issuer(provider: Provider) -> None:
    provider.token["iss"] = "https://evil.example"


def for_another_client(provider: Provider) -> None:
    provider.token["aud"] = "another"


def from_yesterday(provider: Provider) -> None:
    provider.token["exp"] = 1


def for_ever(provider: Provider) -> None:
    provider.token["exp"] = None


def about_another(provider: Provider) -> None:
    provider.token["sub"] = "bob-at-example"


def of_another_log_in(provider: Provider) -> None:
    provider.token["nonce"] = nonce_of("another")


def of_no_log_in(provider: Provider) -> None:
    provider.token["nonce"] = None


def about_nobody(provider: Provider) -> None:
    provider.person["sub"] = ""


def without_its_keys(provider: Provider) -> None:
    provider.answers["/keys"] = 200, '{"keys": []}'


@pytest.mark.parametrize(
    "is_wrong",
    [
        signed_by_another,
        signed_with_the_client_secret,
        not_signed,
        of_another_issuer,
        for_another_client,
        from_yesterday,
        for_ever,
        about_another,
        about_nobody,
        of_another_log_in,
        of_no_log_in,
        without_its_keys,
    ],
)
def test_a_token_is_worth_something_only_when_all_of_it_is_right(
    provider: Provider, caplog: pytest.LogCaptureFixture, is_wrong: Any
) -> None:
    is_wrong(provider)
    client = Client()
    back = led_back(provider, client)
    with caplog.at_level(logging.WARNING, logger="accounts.adapter"):
        assert_refused(client.get(back), client, WRONG, 502)

    assert f"log-in by {provider.issuer} failed" in caplog.text
    assert User.objects.count() == 5


DISCOVERY = "/.well-known/openid-configuration"
JUNK = [(500, "{}"), (200, "<html>"), (200, "[]"), (200, "null"), (200, "{}"), (200, '{"issuer": 7}')]


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/keys", "/person"])
def test_junk_is_told_and_logged(provider: Provider, caplog: pytest.LogCaptureFixture, path: str) -> None:
    client = Client()
    for junk in JUNK:
        provider.answers.clear()
        back = led_back(provider, client)
        provider.answers[path] = junk
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="accounts.adapter"):
            assert_refused(client.get(back), client, WRONG, 502)

        assert f"log-in by {provider.issuer} failed" in caplog.text, junk
        if path == DISCOVERY:
            assert_refused(client.post(GO), client, WRONG, 502)


def test_it_leads_nobody_to_an_odd_address(provider: Provider) -> None:
    for endpoint in ("ftp://127.0.0.1/", "javascript:alert(1)", "", 7):
        provider.answers[DISCOVERY] = (
            200,
            json.dumps(
                {
                    "issuer": provider.issuer,
                    "authorization_endpoint": endpoint,
                    "token_endpoint": f"{provider.issuer}/token",
                    "jwks_uri": f"{provider.issuer}/keys",
                }
            ),
        )
        client = Client()
        assert_refused(client.post(GO), client, WRONG, 502)


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/keys", "/person"])
def test_one_that_hangs_is_not_waited_for(provider: Provider, path: str) -> None:
    client = Client()
    back = led_back(provider, client)
    provider.hangs_at = path

    assert_refused(client.get(back), client, WRONG, 502)


def test_one_that_is_away_is_told(provider: Provider, settings: Any) -> None:
    with a_provider() as gone:
        settings.OIDC_ISSUER = gone.issuer
    client = Client()

    assert_refused(client.post(GO), client, WRONG, 502)


def test_who_is_here_as_somebody_else_is_that_no_more(provider: Provider, cast: Cast) -> None:
    client = signed_in(cast.bob)
    come(provider, client)

    assert who(client) == "zoe"


def test_it_can_not_be_begun_all_the_time(provider: Provider, settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "log_in": "2/m/ip"}
    for _ in range(3):
        assert come(provider).status_code == 302  # what ends well does not count
    assert [Client().post(GO).status_code for _ in range(3)] == [302, 302, 429]


def in_the_environment(tmp_path: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from chatsite import settings; {code}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "SECRET_KEY": GOOD_KEY, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_environment_says_which_service(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the two\n")
    code = (
        "print(settings.OIDC_ISSUER, settings.OIDC_NAME, settings.OIDC_CLIENT_SECRET, "
        "settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    )
    done = in_the_environment(
        tmp_path,
        code,
        OIDC_ISSUER="https://id.example.org/realm/",
        OIDC_CLIENT_ID="chat",
        OIDC_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
        OIDC_ORIGINS="https://login.example.org",
    )

    assert done.stdout.strip() == (
        "https://id.example.org/realm id.example.org of the two "
        "[\"'self'\", 'https://id.example.org', 'https://login.example.org']"
    ), done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OIDC_ISSUER": "https://id.example.org"}, "OIDC_ISSUER needs OIDC_CLIENT_ID"),
        ({"OIDC_ISSUER": "http://id.example.org"}, "OIDC_ISSUER must be an address"),
        ({"OIDC_ISSUER": "https://id.example.org/; script-src *"}, "OIDC_ISSUER must be an address"),
        ({"OIDC_ORIGINS": "https://id.example.org; script-src *"}, "OIDC_ORIGINS must hold origins"),
        ({"OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "OIDC_CLIENT_SECRET_FILE can't be read"),
    ],
)
def test_a_bad_setting_stops_the_start(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    done = in_the_environment(tmp_path, "", **environment)

    assert done.returncode != 0
    assert words in done.stderr
