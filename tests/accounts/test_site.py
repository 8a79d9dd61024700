"""What admins decide for the site: how one gets an account, and who creates channels."""

from typing import Any

import pytest
from django.test import Client

from accounts.actions import create_user, edit_site
from accounts.actors import SYSTEM
from accounts.models import Act, AuditEntry, SiteSettings, User
from accounts.queries import site_settings
from channels_app.actions import create_channel
from channels_app.models import Channel, Kind, Membership
from chatsite.errors import Invalid, NotAllowed
from tests.accounts.test_sign_up import sign_up
from tests.cast import Cast, signed_in

PAGE = "/admin/accounts/sitesettings/"
CREATE = "/channels/create/"
OPEN = {"sign_up": "open", "channel_creators": "everyone"}
BUTTON = 'href="/channels/create/'


def test_an_admin_edits_the_settings_on_one_page(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    page = alice.get(PAGE, follow=True)
    assert page.redirect_chain[-1][0] == f"{PAGE}1/change/"
    assert 'value="open" ' in page.content.decode()

    answer = alice.post(f"{PAGE}1/change/", {"sign_up": "closed", "channel_creators": "admins"})

    assert answer.status_code == 302
    site = site_settings()
    assert (site.sign_up, site.channel_creators) == ("closed", "admins")
    entry = AuditEntry.objects.get(act=Act.SITE_EDITED)
    assert entry.actor == cast.alice
    assert (entry.before, entry.after) == (OPEN, {"sign_up": "closed", "channel_creators": "admins"})


def test_nobody_else_edits_them_and_the_row_stays(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        edit_site(cast.bob, **OPEN)
    assert signed_in(cast.bob).post(f"{PAGE}1/change/", OPEN).status_code == 302  # to the log-in of the admin
    alice = signed_in(cast.alice)
    assert alice.get(f"{PAGE}add/").status_code == 403
    assert alice.post(f"{PAGE}1/delete/", {"post": "yes"}).status_code == 403
    assert not SiteSettings.objects.exists()


@pytest.mark.parametrize("field", OPEN)
def test_a_choice_that_there_is_not_is_refused(cast: Cast, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        edit_site(cast.alice, **{**OPEN, field: "whoever"})
    assert refused.value.field == field
    answer = signed_in(cast.alice).post(f"{PAGE}1/change/", {**OPEN, field: "whoever"})
    assert answer.context["adminform"].form.errors[field]


def test_saving_what_is_so_already_is_not_in_the_log(cast: Cast) -> None:
    edit_site(cast.alice, **OPEN)
    assert not AuditEntry.objects.filter(act=Act.SITE_EDITED).exists()


# Who creates channels.


@pytest.fixture
def for_admins(cast: Cast) -> Cast:
    edit_site(SYSTEM, sign_up="open", channel_creators="admins")
    return cast


@pytest.mark.parametrize("kind", [Kind.PUBLIC, Kind.PRIVATE])
def test_where_admins_create_channels_members_are_refused_with_words(for_admins: Cast, kind: str) -> None:
    bob = signed_in(for_admins.bob)

    answer = bob.post(CREATE, {"name": "ideas", "kind": kind})

    assert answer.status_code == 403
    assert "Only admins create channels here." in answer.content.decode()
    form = bob.get(CREATE)
    assert form.status_code == 403
    assert "Only admins create channels here." in form.content.decode()
    assert not Channel.objects.filter(name="ideas").exists()


def test_where_admins_create_channels_an_admin_does(for_admins: Cast) -> None:
    alice = signed_in(for_admins.alice)

    assert alice.get(CREATE).status_code == 200
    assert alice.post(CREATE, {"name": "ideas"})["Location"] == "/channels/ideas/"
    assert create_channel(SYSTEM, name="more").is_new


def test_where_admins_create_channels_a_name_typed_still_joins(for_admins: Cast) -> None:
    answer = signed_in(for_admins.mallory).post(CREATE, {"name": "Design"})

    assert answer["Location"] == "/channels/design/"
    assert Membership.objects.filter(channel=for_admins.design, user=for_admins.mallory).exists()


def test_a_private_channel_of_the_name_is_refused_like_any_other(for_admins: Cast) -> None:
    create_channel(for_admins.alice, name="hideout", kind=Kind.PRIVATE)
    bob = signed_in(for_admins.bob)

    refused = [bob.post(CREATE, {"name": name}).context["form"].errors for name in ("hideout", "nothing")]

    assert refused[0] == refused[1]


@pytest.mark.parametrize("page", ["/channels/", "/channels/?q=nothing-like-that", "/channels/design/"])
def test_buttons_to_create_are_shown_to_who_may(cast: Cast, page: str) -> None:
    def shows(user: User) -> bool:
        return BUTTON in signed_in(user).get(page).content.decode()

    assert shows(cast.bob)
    edit_site(cast.alice, sign_up="open", channel_creators="admins")
    assert not shows(cast.bob)
    assert shows(cast.alice)
    edit_site(cast.alice, **OPEN)
    assert shows(cast.bob)


def test_who_is_in_no_channel_sees_no_button_either(for_admins: Cast) -> None:
    bob = signed_in(for_admins.bob)
    for slug in ("public", "design"):
        bob.post(f"/channels/{slug}/unsubscribe/")

    assert BUTTON not in bob.get("/channels/").content.decode()
    edit_site(SYSTEM, **OPEN)
    assert BUTTON in bob.get("/channels/").content.decode()


# How one gets an account.


@pytest.mark.parametrize(
    ("mode", "words"), [("invited", "Sign-up is by invitation"), ("closed", "Sign-up is closed")]
)
def test_where_sign_up_is_not_open_the_page_says_so_and_the_form_is_refused(
    client: Client, cast: Cast, mode: str, words: str
) -> None:
    edit_site(cast.alice, sign_up=mode, channel_creators="everyone")

    for answer in (client.get("/accounts/signup/"), sign_up(client, "zoe")):
        assert answer.status_code == 403
        assert words in answer.content.decode()
    assert not User.objects.filter(username="zoe").exists()


def test_admins_make_accounts_in_a_closed_site(cast: Cast) -> None:
    edit_site(cast.alice, sign_up="closed", channel_creators="everyone")

    entry = {"username": "zoe", "usable_password": "false"}
    assert signed_in(cast.alice).post("/admin/accounts/user/add/", entry).status_code == 302
    assert create_user(SYSTEM, username="yan").is_active
    assert User.objects.filter(username="zoe").exists()


@pytest.mark.parametrize(
    ("mode", "link", "words"),
    [("open", True, "New here?"), ("invited", False, "Ask an admin"), ("closed", False, None)],
)
def test_the_log_in_page_leads_to_sign_up_where_that_is_open(
    client: Client, cast: Cast, mode: str, link: bool, words: str | None
) -> None:
    edit_site(cast.alice, sign_up=mode, channel_creators="everyone")

    page: Any = client.get("/accounts/login/").content.decode()

    assert ('href="/accounts/signup/"' in page) == link
    assert words in page if words else "New here?" not in page
