"""The second factor: switched on and off, asked for at log-in, and no way around it."""

import io
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.actions import edit_user, take_away_two_factor
from accounts.models import Act, AuditEntry, User
from accounts.sealing import unseal
from chatsite.errors import NotAllowed
from tests.app_codes import app_code
from tests.cast import PASSWORD, Cast, signed_in
from tests.mailbox import mails
from tests.threads import run_together

LOG_IN = "/accounts/login/"
INDEX = "/accounts/2fa/"
SET_UP = "/accounts/2fa/app/set-up/"
REMOVE = "/accounts/2fa/app/remove/"
CODES = "/accounts/2fa/codes/"
MAKE_CODES = "/accounts/2fa/codes/make/"
SECOND_STEP = "/accounts/2fa/authenticate/"
HERE = "/channels/public/"


@pytest.fixture(autouse=True)
def nothing_was_tried_yet() -> None:
    cache.clear()


def confirmed(user: User) -> Client:
    """A browser in which `user` is logged in and has just typed the password again."""
    client = signed_in(user)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def with_app(user: User) -> tuple[Client, str, list[str]]:
    """A browser of theirs, the secret of the app that they set up in it, and their recovery codes."""
    client = confirmed(user)
    secret = client.get(SET_UP).context["form"].secret
    answer = client.post(SET_UP, {"code": app_code(secret)}, follow=True)
    assert answer.redirect_chain == [(CODES, 302)]
    return client, secret, answer.context["unused_codes"]


def past_the_password(username: str = "bob", **more: str) -> Client:
    client = Client()
    answer = client.post(LOG_IN, {"login": username, "password": PASSWORD, **more})
    assert answer["Location"] == SECOND_STEP
    return client


def is_in(client: Client) -> bool:
    return client.get(HERE).status_code == 200


def acts(*, since: int = 0) -> list[Any]:
    entries = AuditEntry.objects.exclude(act__in=[Act.ACCOUNT_CREATED, Act.LOGGED_IN]).order_by("pk")
    return list(entries.values_list("actor__username", "act", "person__username"))[since:]


def test_who_switches_it_on_needs_a_code_from_then_on(cast: Cast) -> None:
    _client, secret, _codes = with_app(cast.bob)

    client = past_the_password(next="/channels/design/")
    assert not is_in(client)
    assert client.get(LOG_IN)["Location"] == SECOND_STEP  # it is still open
    page = client.get(SECOND_STEP).content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert "data-passkey" not in page
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        answer = client.post(SECOND_STEP, {"code": app_code(secret)})
        assert answer["Location"] == "/channels/design/"
        assert is_in(client)

    assert acts() == [("bob", act, "bob") for act in ("app_added", "recovery_codes_made", "two_factor_on")]
    assert AuditEntry.objects.filter(act=Act.LOGGED_IN, person=cast.bob).count() == 1


def test_a_wrong_code_lets_nobody_in_and_is_written_down(cast: Cast) -> None:
    with_app(cast.bob)
    client = past_the_password()

    answer = client.post(SECOND_STEP, {"code": "000000"})

    assert "Incorrect code" in answer.content.decode()
    assert not is_in(client)
    assert acts()[-1] == (None, "second_factor_failed", "bob")


def test_who_guesses_codes_is_stopped_even_with_the_right_one(cast: Cast) -> None:
    _client, secret, codes = with_app(cast.dave)
    client = past_the_password("dave")

    for _guess in range(5):
        assert client.post(SECOND_STEP, {"code": "000000"}).status_code == 200
    for code in (app_code(secret, steps_ago=-1), codes[0]):
        answer = client.post(SECOND_STEP, {"code": code})
        assert answer.status_code == 429
        assert 50 <= int(answer["Retry-After"]) <= 60
        page = answer.content.decode()
        assert re.search(r"That was too often in a short time\. Try again in \d\d seconds\.", page)
        assert 'autocomplete="one-time-code"' in page
        assert code not in page

    assert not is_in(client)
    assert [act for _who, act, _whom in acts()].count("second_factor_failed") == 5


def test_a_minute_later_there_is_one_more_try_and_with_the_right_one_all_are_back(cast: Cast) -> None:
    _client, secret, codes = with_app(cast.dave)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        client = past_the_password("dave")
        for _guess in range(5):
            client.post(SECOND_STEP, {"code": "000000"})

    with time_machine.travel(now + timedelta(seconds=61), tick=False):
        assert client.post(SECOND_STEP, {"code": "000000"}).status_code == 200
        assert client.post(SECOND_STEP, {"code": codes[0]}).status_code == 429
    with time_machine.travel(now + timedelta(seconds=122), tick=False):
        assert client.post(SECOND_STEP, {"code": app_code(secret)}).status_code == 302
        assert is_in(client)
        client = past_the_password("dave")
        statuses = [client.post(SECOND_STEP, {"code": "000000"}).status_code for _guess in range(6)]
    assert statuses == [200] * 5 + [429]


def test_wrong_codes_are_counted_whatever_becomes_of_the_table_of_limits(cast: Cast, settings: Any) -> None:
    _client, _secret, codes = with_app(cast.dave)
    client = past_the_password("dave")
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "no_such_table"}}

    statuses = [client.post(SECOND_STEP, {"code": "000000"}).status_code for _guess in range(5)]

    assert statuses == [200] * 5
    assert client.post(SECOND_STEP, {"code": codes[0]}).status_code == 429


def test_wrong_codes_count_together_wherever_they_are_asked_for(cast: Cast) -> None:
    bob, _secret, codes = with_app(cast.bob)
    client = past_the_password()
    for _guess in range(3):
        client.post(SECOND_STEP, {"code": "000000"})
    confirm = "/accounts/2fa/reauthenticate/"
    for _guess in range(2):
        assert bob.post(confirm, {"code": "000000"}).status_code == 200

    refused = bob.post(confirm, {"code": codes[0]})

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) <= 60
    assert "Try again in" in refused.content.decode()
    assert client.post(SECOND_STEP, {"code": codes[0]}).status_code == 429
    with_app(cast.carol)
    assert past_the_password("carol").post(SECOND_STEP, {"code": "000000"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_codes_at_once_no_more_are_looked_at(cast: Cast) -> None:
    with_app(cast.bob)
    clients = [past_the_password() for _rival in range(8)]

    answers = run_together([partial(client.post, SECOND_STEP, {"code": "000000"}) for client in clients])

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 3


def test_a_code_is_good_once_as_long_as_it_is_good_at_all(cast: Cast) -> None:
    _client, secret, _codes = with_app(cast.bob)
    start = timezone.now() + timedelta(minutes=10)
    with time_machine.travel(start, tick=False):
        code = app_code(secret)
        client = past_the_password()
        client.post(SECOND_STEP, {"code": code})
        assert is_in(client)

    with time_machine.travel(start + timedelta(seconds=30), tick=False):
        assert code == app_code(secret, steps_ago=1)
        for typed in (code, f"{code[:3]} {code[3:]}"):
            cache.clear()  # which may be away, or be another machine's
            client = past_the_password()
            client.post(SECOND_STEP, {"code": typed})
            assert not is_in(client)


def test_a_recovery_code_works_once(cast: Cast) -> None:
    _client, _secret, codes = with_app(cast.bob)
    assert len(set(codes)) == 10

    client = past_the_password()
    client.post(SECOND_STEP, {"code": codes[3]})
    assert is_in(client)
    used = AuditEntry.objects.get(act=Act.RECOVERY_CODE_USED)
    assert (used.person, used.after) == (cast.bob, {"left": 9})

    client = past_the_password()
    client.post(SECOND_STEP, {"code": codes[3]})
    assert not is_in(client)


def test_recovery_codes_are_shown_once_with_a_file_of_them(cast: Cast) -> None:
    client = confirmed(cast.bob)
    secret = client.get(SET_UP).context["form"].secret
    page = client.post(SET_UP, {"code": app_code(secret)}, follow=True).content.decode()

    [file] = re.findall(
        r'href="data:text/plain;charset=utf-8,([0-9A%]+)" download="recovery-codes.txt"', page
    )
    codes = re.findall(r"<code>(\d+)</code>", page)
    assert file.split("%0A") == [*codes, ""]
    assert codes[0] not in client.get(CODES).content.decode()

    page = client.post(MAKE_CODES, follow=True).content.decode()
    new = re.findall(r"<code>(\d+)</code>", page)
    assert not set(new) & set(codes)
    client = past_the_password()
    client.post(SECOND_STEP, {"code": codes[0]})
    assert not is_in(client)
    assert acts()[-2:] == [("bob", "recovery_codes_made", "bob"), (None, "second_factor_failed", "bob")]


@pytest.mark.parametrize("path", [SET_UP, "/accounts/2fa/passkeys/add/", MAKE_CODES])
def test_who_finds_a_page_open_is_asked_for_the_password(cast: Cast, path: str) -> None:
    client = signed_in(cast.bob)

    answer = client.get(path)
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    page = client.get(answer["Location"])
    assert 'autocomplete="current-password"' in page.content.decode()
    answer = client.post(answer["Location"], {"password": "wrong", "next": path})
    assert answer.status_code == 200
    assert acts()[-1] == (None, "log_in_failed", "bob")
    assert signed_in(cast.bob).post(path)["Location"].startswith("/accounts/reauthenticate/")

    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": path})
    assert answer["Location"] == path
    assert client.get(path).status_code == 200


def test_removing_the_app_switches_it_off(cast: Cast) -> None:
    client, _secret, _codes = with_app(cast.bob)
    assert "It is on" in client.get(INDEX).content.decode()
    assert signed_in(cast.bob).get(REMOVE)["Location"].startswith("/accounts/reauthenticate/")

    assert client.post(REMOVE)["Location"] == INDEX

    assert "It is off" in client.get(INDEX).content.decode()
    assert not Authenticator.objects.exists()
    assert acts(since=3) == [("bob", "app_removed", "bob"), ("bob", "two_factor_off", "bob")]
    assert Client().post(LOG_IN, {"login": "bob", "password": PASSWORD})["Location"] == "/"


def test_a_wrong_code_does_not_switch_it_on(cast: Cast) -> None:
    client = confirmed(cast.bob)
    client.get(SET_UP)

    answer = client.post(SET_UP, {"code": "000000"})

    assert answer.context["form"].errors
    assert not Authenticator.objects.exists()


def test_what_the_database_has_is_of_no_use_without_the_key(cast: Cast, settings: Any) -> None:
    _client, secret, codes = with_app(cast.bob)
    stored = {factor.type: factor.data for factor in Authenticator.objects.all()}
    assert unseal(stored["totp"]["secret"]) == secret
    assert secret not in str(stored)

    settings.SECRET_KEY = "another-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG"
    for code in (app_code(secret, steps_ago=-1), codes[0]):
        client = past_the_password()
        assert "Incorrect code" in client.post(SECOND_STEP, {"code": code}).content.decode()
    settings.SECRET_KEY_FALLBACKS = ["only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG"]
    client = past_the_password()
    client.post(SECOND_STEP, {"code": codes[0]})
    assert is_in(client)


def test_the_admin_is_no_way_around_it(cast: Cast) -> None:
    with_app(cast.alice)
    client = Client()

    answer = client.post("/admin/login/?next=/admin/", {"username": "alice", "password": PASSWORD})
    assert answer["Location"].startswith(LOG_IN)
    client.post(LOG_IN, {"login": "alice", "password": PASSWORD, "next": "/admin/"})
    assert client.get("/admin/").status_code == 302


def test_a_new_password_by_a_link_is_no_way_around_it(cast: Cast) -> None:
    with_app(cast.bob)
    cast.bob.refresh_from_db()
    key = f"{user_pk_to_url_str(cast.bob)}-{default_token_generator.make_token(cast.bob)}"
    client = Client()
    address = client.get(f"/accounts/password/reset/key/{key}/", follow=True).redirect_chain[-1][0]
    assert client.post(address, {"password1": "other unrelated words here"})["Location"] == LOG_IN
    answer = client.post(LOG_IN, {"login": "bob", "password": "other unrelated words here"})
    assert answer["Location"] == SECOND_STEP
    assert not is_in(client)


def test_half_a_log_in_is_given_up(cast: Cast) -> None:
    with_app(cast.bob)
    client = past_the_password()

    assert client.post("/accounts/logout/", {"next": LOG_IN})["Location"] == LOG_IN

    assert client.get(LOG_IN).status_code == 200
    assert client.get(SECOND_STEP)["Location"] == LOG_IN


def test_who_is_deactivated_halfway_does_not_get_in(cast: Cast) -> None:
    _client, _secret, codes = with_app(cast.bob)
    client = past_the_password()
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)

    client.post(SECOND_STEP, {"code": codes[0]})

    assert not is_in(client)


def test_an_admin_takes_it_away_from_who_lost_it(cast: Cast) -> None:
    with_app(cast.bob)

    page = "/admin/accounts/user/"
    fields = {"action": "take_away_two_factor", "_selected_action": str(cast.bob.pk)}
    answer = signed_in(cast.alice).post(page, fields, follow=True)

    assert "Done: 1." in answer.content.decode()
    assert acts()[-1] == ("alice", "two_factor_taken_away", "bob")
    assert Client().post(LOG_IN, {"login": "bob", "password": PASSWORD})["Location"] == "/"


def test_nobody_takes_it_away_who_may_not(cast: Cast) -> None:
    for owner in (cast.alice, cast.bob):
        with_app(owner)
    User.objects.filter(pk=cast.dave.pk).update(is_staff=True)
    cast.dave.refresh_from_db()

    for actor, user in ((cast.carol, cast.bob), (cast.dave, cast.alice), (cast.alice, cast.alice)):
        with pytest.raises(NotAllowed):
            take_away_two_factor(actor, user)
    assert Authenticator.objects.filter(type="totp").count() == 2

    take_away_two_factor(cast.dave, cast.bob)
    assert not Authenticator.objects.filter(user=cast.bob).exists()


def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(cast: Cast) -> None:
    passkey = Authenticator.objects.create(
        user=cast.bob, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone", "credential": {}}
    )
    rename, remove = (f"/accounts/2fa/passkeys/{passkey.pk}/{what}/" for what in ("rename", "remove"))
    mallory = confirmed(cast.mallory)
    assert [mallory.post(path, {"name": "Mine"}).status_code for path in (rename, remove)] == [404, 404]
    stranger = signed_in(cast.bob)
    for path in (rename, remove):
        assert stranger.post(path, {"name": "Mine"})["Location"].startswith("/accounts/reauthenticate/")
    bob = confirmed(cast.bob)

    assert bob.post(rename, {"name": "x" * 81}).context["form"].errors
    assert bob.post(rename, {"name": "Telephone"})["Location"] == INDEX
    assert "Telephone" in bob.get(INDEX).content.decode()
    assert bob.post(remove)["Location"] == INDEX

    assert acts() == [("bob", "passkey_removed", "bob"), ("bob", "two_factor_off", "bob")]
    assert AuditEntry.objects.get(act=Act.PASSKEY_REMOVED).about == "Telephone"
    assert not Authenticator.objects.exists()


def test_who_runs_the_site_can_take_it_away_too(cast: Cast) -> None:
    with_app(cast.alice)

    call_command("take_away_two_factor", "alice", stdout=io.StringIO())

    assert acts()[-1] == (None, "two_factor_taken_away", "alice")
    assert Client().post(LOG_IN, {"login": "alice", "password": PASSWORD})["Location"] == "/"
    with pytest.raises(CommandError):
        call_command("take_away_two_factor", "nobody")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("sends_mail")
def test_that_it_is_off_is_told_by_mail(cast: Cast) -> None:
    edit_user(cast.alice, cast.bob, display_name="Bob", email="bob@example.org")
    client, _secret, _codes = with_app(cast.bob)
    assert mails() == []

    client.post(REMOVE)
    [told] = mails()
    assert (told.to, told.subject) == (["bob@example.org"], "Your account bob at Chat")
    assert "two-factor log-in is switched off for the account bob" in told.body

    with_app(cast.bob)
    call_command("take_away_two_factor", "bob", stdout=io.StringIO())
    assert len(mail.outbox) == 2  # a command does not end before it is sent


def test_an_address_that_is_not_confirmed_is_in_nobodys_way(cast: Cast) -> None:
    fields = {"username": "erin", "password1": PASSWORD, "email": "erin@example.org"}
    Client().post("/accounts/signup/", fields)

    with_app(User.objects.get(username="erin"))


def test_two_presses_make_one_app(cast: Cast) -> None:
    client = confirmed(cast.bob)
    secret = client.get(SET_UP).context["form"].secret
    client.post(SET_UP, {"code": app_code(secret)})
    assert client.post(SET_UP, {"code": app_code(secret)})["Location"] == REMOVE
    assert Authenticator.objects.filter(type="totp").count() == 1


ODD_CREDENTIALS = [
    "",
    "{",
    "5",
    "[]",
    "null",
    "{}",
    '{"response": 5}',
    '{"response": {"userHandle": 5}}',
    '{"id": "x"}',
    *(
        f'{{"id": "eA", "rawId": "eA", "type": "public-key", "response": {{"userHandle": "{handle}", '
        '"clientDataJSON": "e30", "authenticatorData": "eA", "signature": "eA"}}'
        for handle in ("eA", "____", "", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5")
    ),
]


@pytest.mark.parametrize("credential", ODD_CREDENTIALS)
def test_what_is_no_passkey_lets_nobody_in(cast: Cast, credential: str) -> None:
    anybody = Client(REMOTE_ADDR=f"192.0.2.{ODD_CREDENTIALS.index(credential)}")
    options = anybody.get("/accounts/2fa/passkeys/log-in/", headers={"Accept": "application/json"})
    assert options.json()["publicKey"]["userVerification"] == "required"

    answer = anybody.post("/accounts/2fa/passkeys/log-in/", {"credential": credential}, follow=True)
    assert answer.redirect_chain == [(LOG_IN, 302)]
    assert "That did not work." in answer.content.decode()
    assert not is_in(anybody)

    bob = confirmed(cast.bob)
    bob.get("/accounts/2fa/passkeys/add/")
    assert bob.post("/accounts/2fa/passkeys/add/", {"credential": credential}).status_code == 200
    assert not Authenticator.objects.exists()
    with_app(cast.bob)
    client = past_the_password()
    assert client.post(SECOND_STEP, {"credential": credential}).status_code == 200
    assert not is_in(client)
