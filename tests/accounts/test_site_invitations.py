"""Links with which admins invite people: who makes them, whom they let in, and when no more."""

import io
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.actions import create_user, edit_site, give_rights, invite_to_site, revoke_site_invitation
from accounts.actors import SYSTEM
from accounts.models import Act, AuditEntry, SiteInvitation, User
from channels_app.actions import archive_channel, create_channel
from channels_app.models import Kind, Membership
from chatsite.errors import NotAllowed, NotFound
from tests.cast import PASSWORD, Cast, signed_in
from tests.threads import run_together

PAGE = "/invitations/site/"
MODES = ["open", "invited"]
LINK = re.compile(r'value="http://testserver(/join/[\w-]{43}/)"')


@pytest.fixture
def by_invitation(cast: Cast) -> Cast:
    edit_site(SYSTEM, sign_up="invited", channel_creators="everyone")
    return cast


def link_of(**terms: Any) -> str:
    _invitation, token = invite_to_site(SYSTEM, **terms)
    return f"/join/{token}/"


def come_by(link: str, username: str, **fields: str) -> Any:
    entry = {"username": username, "password1": PASSWORD, **fields}
    return Client().post(link, entry)


def is_here(username: str) -> bool:
    return User.objects.filter(username=username).exists()


def test_an_admin_makes_a_link_and_somebody_signs_up_by_it(by_invitation: Cast) -> None:
    alice = signed_in(by_invitation.alice)
    page = alice.post(PAGE, {"days": "3", "uses": "2", "channel": "#Design"}).content.decode()
    [link] = LINK.findall(page)
    assert "<svg" in page
    assert link not in alice.get(PAGE).content.decode()  # shown once

    shown = Client().get(link).content.decode()
    assert f'action="{link}"' in shown
    assert "#design" in shown
    answer = come_by(link, "zoe")

    assert answer.status_code == 302
    there = Membership.objects.filter(user__username="zoe", left_at=None)
    assert set(there.values_list("channel__slug", flat=True)) == {"public", "design"}
    page = alice.get(PAGE).content.decode()
    assert "1 of 2 uses" in page
    assert "Accept" not in page  # as the sidebar offers for invitations to a channel


@pytest.mark.usefixtures("by_invitation")
def test_what_is_refused_comes_back_in_a_form_that_keeps_the_invitation() -> None:
    link = link_of(uses=1)

    page = come_by(link, "bob").content.decode()
    assert "That username is taken." in page
    assert f'action="{link}"' in page
    assert SiteInvitation.objects.get().uses == 0

    assert come_by(link, "zoe").status_code == 302
    assert SiteInvitation.objects.get().uses == 1


def test_only_the_digest_of_a_token_is_stored(cast: Cast) -> None:
    invitation, token = invite_to_site(cast.alice)
    stored = {**vars(invitation), **SiteInvitation.objects.values().get()}
    log = list(AuditEntry.objects.values_list("about", "before", "after", "origin"))

    assert len(token) == 43
    assert token not in f"{stored} {log}"
    assert len(invitation.token_digest) == 64


def expire(invitation: SiteInvitation) -> None:
    SiteInvitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def use_up(invitation: SiteInvitation) -> None:
    SiteInvitation.objects.filter(pk=invitation.pk).update(uses=invitation.most_uses)


def revoke(invitation: SiteInvitation) -> None:
    revoke_site_invitation(SYSTEM, invitation.pk)


@pytest.mark.parametrize("mode", MODES)
def test_whatever_ended_a_link_it_is_told_in_the_same_words(cast: Cast, mode: str) -> None:
    edit_site(SYSTEM, sign_up=mode, channel_creators="everyone")
    pages = [Client().get(f"/join/{'x' * 43}/")]  # that never was
    for end in (expire, use_up, revoke):
        invitation, token = invite_to_site(SYSTEM)
        link = f"/join/{token}/"
        assert Client().get(link).status_code == 200
        end(invitation)
        pages.append(Client().get(link))
        pages.append(come_by(link, "zoe"))

    told = {(page.status_code, page.headers["Cache-Control"], without_nonces(page)) for page in pages}
    assert len(told) == 1
    assert "This invitation does not work any more" in pages[0].content.decode()
    assert ("Sign up without it" in pages[0].content.decode()) == (mode == "open")
    assert not is_here("zoe")


def without_nonces(page: Any) -> str:
    return re.sub(r'nonce="[^"]+"', "", page.content.decode())


def test_a_closed_site_lets_nobody_in_by_a_link(cast: Cast) -> None:
    link = link_of()
    edit_site(SYSTEM, sign_up="closed", channel_creators="everyone")

    for answer in (Client().get(link), come_by(link, "zoe")):
        assert answer.status_code == 403
        assert "Sign-up is closed" in answer.content.decode()
    assert not is_here("zoe")
    assert "Sign-up is closed" in signed_in(cast.alice).get(PAGE).content.decode()


@pytest.mark.usefixtures("cast")
def test_a_link_counts_in_an_open_site_too() -> None:
    assert come_by(link_of(uses=1), "zoe").status_code == 302
    assert SiteInvitation.objects.get().uses == 1


@pytest.mark.usefixtures("by_invitation")
@pytest.mark.django_db(transaction=True)
def test_of_ten_people_at_the_last_use_one_gets_in() -> None:
    link = link_of(uses=1, channel="design")
    names = [f"guest-{number}" for number in range(10)]

    answers = run_together([partial(come_by, link, name) for name in names])

    assert sorted(answer.status_code for answer in answers) == [302] + [404] * 9
    [guest] = User.objects.filter(username__in=names)
    assert SiteInvitation.objects.get().uses == 1
    assert Membership.objects.filter(user=guest).count() == 2
    assert AuditEntry.objects.filter(act=Act.SITE_INVITATION_USED).count() == 1


def test_who_revokes_makes_and_who_may_not(cast: Cast) -> None:
    invitation, token = invite_to_site(cast.alice)
    revoke_address = f"{PAGE}{invitation.pk}/revoke/"
    bob = signed_in(cast.bob)
    for refused in (bob.get(PAGE), bob.post(PAGE, {"days": "7", "uses": "1"}), bob.post(revoke_address)):
        assert refused.status_code == 403
    for anonymous in (Client().get(PAGE), Client().post(revoke_address)):
        assert anonymous["Location"].startswith("/accounts/login/")
    with pytest.raises(NotAllowed):
        invite_to_site(cast.bob)
    assert "Invite people" not in bob.get("/channels/design/").content.decode()
    assert SiteInvitation.objects.count() == 1

    alice = signed_in(cast.alice)
    assert PAGE in alice.get("/channels/design/").content.decode()
    assert alice.get(revoke_address).status_code == 405
    assert "Revoke" in alice.get(PAGE).content.decode()
    assert alice.post(revoke_address)["Location"] == PAGE
    assert "Revoke" not in alice.get(PAGE).content.decode()
    assert Client().get(f"/join/{token}/").status_code == 404
    assert alice.post(revoke_address).status_code == 404  # once


@pytest.mark.parametrize(
    ("field", "value"),
    [("days", "0"), ("days", "366"), ("days", "soon"), ("uses", "0"), ("uses", "10001"), ("uses", "")],
)
def test_numbers_out_of_bounds_come_back_with_the_reason(cast: Cast, field: str, value: str) -> None:
    entry = {"days": "7", "uses": "1", field: value}

    answer = signed_in(cast.alice).post(PAGE, entry)

    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not SiteInvitation.objects.exists()


def test_a_link_leads_to_no_private_channel_and_tells_of_none(cast: Cast) -> None:
    create_channel(cast.alice, name="hideout", kind=Kind.PRIVATE)
    archive_channel(cast.alice, create_channel(cast.alice, name="over"))

    def refusal(name: str) -> Any:
        answer = signed_in(cast.alice).post(PAGE, {"days": "7", "uses": "1", "channel": name})
        assert answer.status_code == 422
        return answer.context["form"].errors

    assert refusal("hideout") == refusal("over") == refusal("nothing")
    assert not SiteInvitation.objects.exists()


@pytest.mark.usefixtures("by_invitation")
def test_a_channel_that_was_archived_meanwhile_keeps_nobody_out() -> None:
    channel = create_channel(SYSTEM, name="short-lived")
    link = link_of(channel="short-lived")
    archive_channel(SYSTEM, channel)

    assert come_by(link, "zoe").status_code == 302
    assert not Membership.objects.filter(channel=channel).exists()


def test_the_links_of_who_is_no_admin_any_more_let_nobody_in(by_invitation: Cast) -> None:
    zoe = create_user(SYSTEM, username="zoe", is_staff=True)
    _invitation, token = invite_to_site(zoe)
    link = f"/join/{token}/"
    assert come_by(link, "friend").status_code == 302

    give_rights(by_invitation.alice, zoe, is_staff=False, is_superuser=False, groups=[], permissions=[])

    assert come_by(link, "another").status_code in (403, 404)
    assert (is_here("friend"), is_here("another")) == (True, False)


def test_it_is_in_the_audit_log(cast: Cast) -> None:
    invitation, token = invite_to_site(cast.alice, uses=3, channel="design")
    come_by(f"/join/{token}/", "zoe")
    revoke_site_invitation(cast.alice, invitation.pk)

    entries = AuditEntry.objects.filter(act__startswith="site_invitation").order_by("pk")
    assert list(entries.values_list("act", "actor__username", "person__username")) == [
        (Act.SITE_INVITATION_MADE, "alice", None),
        (Act.SITE_INVITATION_USED, None, "zoe"),
        (Act.SITE_INVITATION_REVOKED, "alice", None),
    ]
    assert {entry.about for entry in entries} == {f"invitation {invitation.pk}"}
    assert entries[0].after["channel"] == "#design"


@pytest.mark.usefixtures("by_invitation")
def test_the_command_prints_a_link() -> None:
    warned = io.StringIO()

    def printed(*arguments: str) -> str:
        out = io.StringIO()
        call_command("invite", *arguments, stdout=out, stderr=warned)
        return out.getvalue().strip()

    site, link = printed("--days", "1", "--uses", "1", "--site", "https://chat.example.org/").split("/join/")
    assert site == "https://chat.example.org"
    assert come_by(f"/join/{link}", "zoe").status_code == 302
    assert printed().startswith("http://localhost/join/")
    for wrong in (["--days", "0"], ["--channel", "nothing"]):
        with pytest.raises(CommandError):
            printed(*wrong)
    assert not warned.getvalue()
    edit_site(SYSTEM, sign_up="closed", channel_creators="everyone")
    assert "/join/" in printed()
    assert "Sign-up is closed" in warned.getvalue()


def test_the_page_takes_a_fixed_number_of_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    alice = signed_in(cast.alice)
    for links in (1, 20):
        for _number in range(links):
            invite_to_site(cast.alice, channel="design")
        with django_assert_num_queries(2 + 2 + 2):  # the session, links and settings, and the sidebar
            alice.get(PAGE)


def test_an_invitation_that_is_not_there_can_not_be_revoked(cast: Cast) -> None:
    with pytest.raises(NotFound):
        revoke_site_invitation(cast.alice, 999_999)
