"""Limits: who is too fast is told when to go on, with what they wrote kept; nobody else notices."""

import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, Export, SiteInvitation
from channels_app.models import Channel, Invitation
from chatsite import limits
from chatsite.limits import Buckets, Rate
from messaging.models import Message, Report
from tests.cast import PASSWORD, Cast, post_text, say, signed_in
from tests.pictures import as_upload, file_of, striped
from tests.threads import run_together
from tests.waiting import wait_for

JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def nothing_was_counted(database: None) -> None:
    cache.clear()


@pytest.fixture
def limit(settings: Any) -> Any:
    """Sets the rates of a limit for one test: `limit(post="3/m/user")`."""

    def set_rates(**rates: str) -> None:
        settings.LIMITS = {**settings.LIMITS, **rates}

    return set_rates


def retry_after(response: Any) -> int:
    assert response.status_code == 429
    seconds = int(response["Retry-After"])
    assert seconds >= 1
    return seconds


def test_who_posts_too_fast_finds_the_text_in_the_box_and_is_told_when(cast: Cast, limit: Any) -> None:
    limit(post="3/m/user")
    bob = signed_in(cast.bob)
    for number in range(3):
        assert post_text(bob, cast.design, f"fine {number}").status_code == 302

    refused = post_text(bob, cast.design, "one too many")

    assert 15 <= retry_after(refused) <= 20  # one comes back each 20 seconds
    page = refused.content.decode()
    assert "one too many</textarea>" in page
    assert re.search(r"Try again in \d+ seconds\.", page)
    assert not Message.objects.filter(text="one too many").exists()
    assert post_text(signed_in(cast.carol), cast.design, "somebody else").status_code == 302


def test_a_script_is_told_by_status_code_and_header(cast: Cast, limit: Any) -> None:
    limit(post="1/h/user")
    bob = signed_in(cast.bob)
    fields = {"text": "hello", "client_id": str(uuid.uuid4())}
    address = f"/channels/{cast.design.slug}/messages/"
    bob.post(address, fields, headers=JSON)

    refused = bob.post(address, {**fields, "client_id": str(uuid.uuid4())}, headers=JSON)

    assert retry_after(refused) > 3_500
    assert refused.json()["code"] == "too_many"
    assert "Try again in 60 minutes." in refused.json()["message"]


def test_what_was_too_fast_can_be_sent_when_it_is_time(cast: Cast, limit: Any) -> None:
    limit(post="2/0.5s/user")
    bob = signed_in(cast.bob)
    name = uuid.uuid4()
    answers = [post_text(bob, cast.design, f"fast {number}").status_code for number in range(4)]
    assert 429 in answers

    wait_for(
        lambda: post_text(bob, cast.design, "in time", name).status_code == 302, what="room for a message"
    )

    assert Message.objects.filter(client_id=name).exists()


def test_many_at_one_address_share_its_limit(cast: Cast, limit: Any) -> None:
    limit(post="2/m/ip")

    def post(user: Any, address: str) -> int:
        client = Client(REMOTE_ADDR=address)
        client.force_login(user)
        return int(post_text(client, cast.design, "hello").status_code)

    assert [post(user, "2001:db8::1") for user in (cast.bob, cast.carol)] == [302, 302]
    assert post(cast.dave, "2001:db8::ffff") == 429  # of the same subscriber
    assert post(cast.dave, "2001:db8:0:1::1") == 302


def test_a_post_with_a_ticket_is_counted_without_a_question(cast: Cast, limit: Any) -> None:
    bob = signed_in(cast.bob)
    ticket = bob.get(f"/channels/{cast.design.slug}/").context["ticket"]

    def queries_of_a_post() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as asked:
            response = bob.post(
                f"/channels/{cast.design.slug}/messages/",
                {"text": "hello", "client_id": str(uuid.uuid4()), "ticket": ticket, "author": "bob"},
                headers=JSON,
            )
        return response.status_code, len(asked)

    unlimited = queries_of_a_post()
    limit(post="1/m/user,100/m/ip")
    limited = queries_of_a_post()
    assert limited == unlimited
    assert queries_of_a_post() == (429, 0)


def test_each_process_has_its_share(cast: Cast, limit: Any, settings: Any) -> None:
    limit(post="6/h/user")
    settings.WEB_PROCESSES, settings.WEB_MACHINES = 3, 1
    bob = signed_in(cast.bob)

    answers = [post_text(bob, cast.design, f"{number}").status_code for number in range(3)]

    assert answers == [302, 302, 429]


def test_buckets_are_forgotten_once_they_are_full() -> None:
    buckets, fast = Buckets(), [Rate(1, 0.05, "user")]
    for number in range(5_000):
        assert buckets.take(f"visitor {number}", fast) == 0

    wait_for(lambda: _emptied(buckets, fast), what="the full buckets to be forgotten")


def _emptied(buckets: Buckets, rates: list[Rate]) -> bool:
    for number in range(100):
        buckets.take(f"later {uuid.uuid4()} {number}", rates)
    return len(buckets) < 2_000


@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_no_more_than_there_is(cast: Cast, limit: Any) -> None:
    limit(channel="3/h/user")
    bob = cast.bob

    def create(number: int) -> int:
        response = signed_in(bob).post("/channels/create/", {"name": f"room {number}", "kind": "private"})
        return int(response.status_code)

    answers = run_together([partial(create, number) for number in range(8)])

    assert sorted(answers) == [302] * 3 + [429] * 5
    assert Channel.objects.filter(name__startswith="room").count() == 3


def test_who_creates_too_many_channels_keeps_what_they_typed(cast: Cast, limit: Any) -> None:
    limit(channel="1/h/user")
    bob = signed_in(cast.bob)
    assert bob.post("/channels/create/", {"name": "one"}).status_code == 302

    refused = bob.post("/channels/create/", {"name": "another", "topic": "of mine"})

    retry_after(refused)
    assert 'value="another"' in refused.content.decode()
    assert 'value="of mine"' in refused.content.decode()
    assert bob.post("/channels/create/", {"name": "design"}).status_code == 302  # it is there: no new one
    assert retry_after(bob.post("/direct/", {"person": "carol"}))


def test_who_invites_too_often_keeps_what_they_typed(cast: Cast, limit: Any) -> None:
    limit(invitation="1/h/user")
    dave = signed_in(cast.dave)
    address = f"/channels/{cast.design.slug}/invitations/"
    assert dave.post(address, {"username": "nobody-of-that-name"}).status_code == 422

    refused = dave.post(address, {"username": "mallory"})

    retry_after(refused)
    assert 'value="mallory"' in refused.content.decode()
    assert not Invitation.objects.exists()


def test_who_reports_too_much_keeps_the_reason(cast: Cast, limit: Any) -> None:
    limit(report="1/h/user")
    said = [say(cast.mallory, cast.public, text) for text in ("Buy watches", "Buy clocks")]
    bob = signed_in(cast.bob)
    assert bob.post(f"/messages/{said[0].client_id}/report/", {"reason": "x" * 600}).status_code == 422
    assert bob.post(f"/messages/{said[0].client_id}/report/", {"reason": ""}).status_code == 302

    refused = bob.post(f"/messages/{said[1].client_id}/report/", {"reason": "An advertisement"})

    retry_after(refused)
    assert 'value="An advertisement"' in refused.content.decode()
    assert Report.objects.count() == 1
    carol = signed_in(cast.carol)
    assert carol.post(f"/messages/{said[1].client_id}/report/", {"reason": ""}).status_code == 302


def test_who_makes_too_many_links_to_sign_up_with_keeps_what_they_chose(cast: Cast, limit: Any) -> None:
    limit(invitation="1/h/user")
    alice = signed_in(cast.alice)
    assert alice.post("/invitations/site/", {"days": "7", "uses": "10"}).status_code == 200

    refused = alice.post("/invitations/site/", {"days": "23", "uses": "42"})

    retry_after(refused)
    page = refused.content.decode()
    assert 'value="23"' in page
    assert 'value="42"' in page
    assert SiteInvitation.objects.count() == 1


def test_who_blocks_and_unblocks_all_the_time_is_stopped(cast: Cast, limit: Any) -> None:
    limit(block="2/h/user")
    bob = signed_in(cast.bob)
    for button in ("block", "unblock"):
        assert bob.post(f"/people/mallory/{button}/").status_code == 302

    refused = bob.post("/people/mallory/block/")

    assert "Try again in 30 minutes." in refused.content.decode()
    assert retry_after(refused) <= 1_800
    assert not Block.objects.exists()
    assert signed_in(cast.carol).post("/people/mallory/block/").status_code == 302


def test_who_has_their_data_collected_all_the_time_is_stopped(cast: Cast, limit: Any) -> None:
    limit(export="1/h/user")
    bob = signed_in(cast.bob)
    assert bob.post("/accounts/preferences/export/").status_code == 302
    asked_at = Export.objects.get().asked_at

    retry_after(bob.post("/accounts/preferences/export/"))

    assert Export.objects.get().asked_at == asked_at
    assert signed_in(cast.carol).post("/accounts/preferences/export/").status_code == 302


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/channels/{slug}/clear/", {}),
        ("/channels/{slug}/read/", {"seq": "0"}),
        ("/channels/{slug}/mute/", {"muted": "true"}),
        ("/channels/{slug}/typing/", {}),
        ("/presence/", {"idle": "0"}),
        ("/messages/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/delete/", {}),
    ],
)
def test_whatever_writes_has_its_limit(cast: Cast, limit: Any, address: str, fields: dict[str, str]) -> None:
    limit(change="1/h/user")
    bob = signed_in(cast.bob)
    address = address.format(slug=cast.design.slug)
    assert bob.post(address, fields).status_code in (200, 204, 302, 422)

    refused = bob.post(address, fields)

    retry_after(refused)
    assert "Try again in 60 minutes." in refused.content.decode()


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/direct/", {"person": "nobody-of-that-name"}),
        ("/direct/carol/", {}),
        ("/channels/{slug}/join/", {}),
        ("/channels/{slug}/unsubscribe/", {}),
        ("/channels/{slug}/settings/", {"name": "design", "topic": "Colours"}),
        ("/channels/{slug}/archive/", {}),
        ("/channels/{slug}/members/carol/role/", {"role": "moderator"}),
        ("/accounts/preferences/", {"section": "writing", "enter_sends": "True"}),
        ("/accounts/preferences/picture/", {}),
        ("/accounts/preferences/picture/remove/", {}),
    ],
)
def test_what_one_arranges_is_counted_by_all_processes_together(
    cast: Cast, limit: Any, settings: Any, address: str, fields: dict[str, Any]
) -> None:
    limit(arrange="2/h/user")
    settings.WEB_PROCESSES = 2
    alice = signed_in(cast.alice)
    address = address.format(slug=cast.design.slug)
    if address.endswith("picture/"):
        fields = {"picture": as_upload(file_of(striped(30, 30)))}
    for _time in range(2):
        assert alice.post(address, fields).status_code in (302, 403, 422)
        limits.here.clear()  # another process takes the next one
        for upload in fields.values():
            if not isinstance(upload, str):
                upload.seek(0)

    refused = alice.post(address, fields)

    retry_after(refused)
    assert "Try again in 30 minutes." in refused.content.decode()


def test_a_sign_up_too_many_keeps_all_but_the_password(client: Client, limit: Any) -> None:
    limit(sign_up="1/h/ip")
    client.post("/accounts/signup/", {"username": "bob", "password1": "short"})  # counts as well

    refused = client.post(
        "/accounts/signup/",
        {"username": "zoe", "password1": "tangerine!", "display_name": "Zoë", "next": "/channels/design/"},
    )

    retry_after(refused)
    page = refused.content.decode()
    assert 'value="zoe"' in page
    assert 'value="Zoë"' in page
    assert 'name="next" value="/channels/design/"' in page
    assert "Try again in 60 minutes." in page
    assert "tangerine!" not in page
    assert client.get("/channels/public/").status_code == 302


def test_a_log_in_too_many_keeps_the_name(cast: Cast, limit: Any) -> None:
    limit(log_in="2/h/key")
    for _guess in range(2):
        assert Client().post("/accounts/login/", {"login": "bob", "password": "wrong"}).status_code == 200

    refused = Client().post("/accounts/login/", {"login": "Bob", "password": PASSWORD})

    assert retry_after(refused) > 1_700
    page = refused.content.decode()
    assert 'value="Bob"' in page
    assert PASSWORD not in page


def test_an_address_asked_for_too_many_links_stays_in_the_box(cast: Cast, limit: Any, settings: Any) -> None:
    settings.SENDS_MAIL = True
    limit(reset="1/h/ip")
    client = Client()
    assert client.post("/accounts/password/reset/", {"email": "bob@example.org"}).status_code == 302

    refused = client.post("/accounts/password/reset/", {"email": "carol@example.org"})

    retry_after(refused)
    assert 'value="carol@example.org"' in refused.content.decode()


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/accounts/password/change/", {"oldpassword": "wrong", "password1": "four other words"}),
        ("/accounts/reauthenticate/", {"password": "wrong", "next": "/accounts/2fa/app/set-up/"}),
        ("/accounts/preferences/", {"section": "email", "email": "kept@example.org", "password": "wrong"}),
        ("/accounts/preferences/leave/", {"way": "delete", "password": "wrong"}),
    ],
)
def test_who_guesses_passwords_on_an_open_page_is_told_when_to_go_on(
    cast: Cast, address: str, fields: dict[str, str]
) -> None:
    alice = signed_in(cast.alice)
    for _guess in range(5):
        assert alice.post(address, fields).status_code in (200, 422)

    refused = alice.post(address, fields)

    assert retry_after(refused) == 12
    page = refused.content.decode()
    assert "Try again in 12 seconds." in page
    if "email" in fields:
        assert fields["email"] in page
    assert 'value="wrong"' not in page
    others = {"oldpassword": PASSWORD, "password1": "four other words"}  # it is one password everywhere
    told = alice.post("/accounts/password/change/", others, headers=JSON)
    assert (told.status_code, told.json()["code"]) == (429, "too_many")
    bob = signed_in(cast.bob)
    assert bob.post("/accounts/password/change/", others).status_code == 302


def test_who_tries_passkeys_that_are_none_is_stopped_by_address(client: Client, limit: Any) -> None:
    limit(log_in="2/h/ip")
    for _try in range(2):
        assert client.post("/accounts/2fa/passkeys/log-in/", {"credential": "{}"}).status_code == 302

    assert retry_after(client.post("/accounts/2fa/passkeys/log-in/", {"credential": "{}"})) > 1_700


def test_who_tries_links_to_a_new_password_is_stopped_by_address(client: Client, limit: Any) -> None:
    limit(reset="2/h/ip")
    address = "/accounts/password/reset/key/1-set-password/"
    for _try in range(2):
        assert client.post(address, {"password1": "four other words"}).status_code == 200

    refused = client.post(address, {"password1": "four other words"})

    retry_after(refused)
    assert "four other words" not in refused.content.decode()


def test_commands_know_no_limit(cast: Cast, limit: Any) -> None:
    limit(post="1/h/user")

    for number in range(3):
        call_command("post", "design", f"line {number}", author="bob", verbosity=0)

    assert post_text(signed_in(cast.bob), cast.design, "by hand").status_code == 302


def test_a_limit_that_is_empty_is_none(cast: Cast, limit: Any) -> None:
    limit(post="", log_in="")
    bob = signed_in(cast.bob)

    answers = {post_text(bob, cast.design, f"{number}").status_code for number in range(30)}

    assert answers == {302}
    assert len(limits.here) == 0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted_as"),
    [
        (0, "203.0.113.9", "192.0.2.1"),  # nobody in front: whatever is said is a lie
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the last one was written by our own proxy
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (1, "", "192.0.2.1"),
    ],
)
def test_an_address_is_the_one_that_our_own_proxies_wrote(
    cast: Cast, limit: Any, settings: Any, proxies: int, forwarded: str, counted_as: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    limit(post="1/h/ip", sign_up="1/h/ip")

    def visit(said: str, address: str = "192.0.2.1") -> Client:
        told = {"HTTP_X_FORWARDED_FOR": said} if said else {}
        return Client(REMOTE_ADDR=address, **told)  # type: ignore[arg-type]

    def post(client: Client) -> int:
        client.force_login(cast.bob)
        return int(post_text(client, cast.design, "hello").status_code)

    def sign_up(client: Client) -> int:
        fields = {"username": "zoe", "password1": "short"}
        return int(client.post("/accounts/signup/", fields).status_code)

    forged = forwarded.replace("203.0.113.9", "203.0.113.200")
    another = forwarded.replace("198.51.100.7", "198.51.100.99")
    remote = "192.0.2.99" if counted_as == "192.0.2.1" else "192.0.2.1"
    for attempt, welcome in ((sign_up, 200), (post, 302)):
        assert attempt(visit(forwarded)) == welcome
        assert attempt(visit(forged)) == 429
        assert attempt(visit(another, remote)) == welcome
