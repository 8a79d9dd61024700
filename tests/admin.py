"""What an admin does to others in the admin of a running site, as its pages do."""

from typing import Protocol

from tests.site import Site
from tests.visitor import Visitor


class Somebody(Protocol):
    """A visitor, or a person with a browser."""

    username: str


def make_admin(site: Site, someone: Somebody) -> None:
    """Let them do everything."""
    site.manage(
        "shell",
        given=f"""
from accounts.models import User
User.objects.filter(username={someone.username!r}).update(is_staff=True, is_superuser=True)
""",
    )


def user_id(site: Site, someone: Somebody) -> int:
    rows = site.rows("SELECT id FROM accounts_user WHERE username = {}", someone.username)
    return int(rows[0][0])


def deactivate(site: Site, admin: Visitor, someone: Somebody) -> None:
    """As the admin's page of that account does."""
    path = f"/admin/accounts/user/{user_id(site, someone)}/change/"
    answer = admin.send(path, display_name=someone.username, email="", _save="Save")
    assert answer.status == 302, answer.body.decode()


def set_password(site: Site, admin: Visitor, someone: Somebody) -> None:
    path = f"/admin/accounts/user/{user_id(site, someone)}/password/"
    words = "another four unrelated words"
    answer = admin.send(path, password1=words, password2=words, usable_password="true")
    assert answer.status == 302, answer.body.decode()


def take_out(site: Site, admin: Visitor, someone: Somebody, slug: str) -> None:
    """As the admin's list of memberships does."""
    rows = site.rows(
        "SELECT id FROM channels_app_membership WHERE user_id = {} AND channel_id = "
        "(SELECT id FROM channels_app_channel WHERE slug = {})",
        user_id(site, someone),
        slug,
    )
    path = "/admin/channels_app/membership/"
    answer = admin.send(path, action="unsubscribe", _selected_action=str(rows[0][0]))
    assert answer.status == 302, answer.body.decode()
