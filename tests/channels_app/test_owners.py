"""Who owns a private channel once its owner's account ends, by whatever way."""

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command

from accounts.actions import deactivate_user, leave_site, reactivate_user
from accounts.actors import SYSTEM
from accounts.models import AuditEntry, User
from channels_app.actions import archive_channel, join_channel, rename_channel, set_role
from channels_app.models import Channel, Membership, Role
from tests.cast import PASSWORD, Cast, signed_in
from tests.channels_app.test_roles import role_of

WAYS: dict[str, Callable[[Cast, User], object]] = {
    "deactivated by an admin": lambda cast, user: deactivate_user(cast.alice, user),
    "deactivated by themselves": lambda _cast, user: leave_site(user, way="deactivate", password=PASSWORD),
    "deleted by themselves": lambda _cast, user: leave_site(user, way="delete", password=PASSWORD),
}


def owners(channel: Channel) -> list[str]:
    owning = Membership.objects.filter(channel=channel, role=Role.OWNER, left_at=None, user__is_active=True)
    return sorted(owning.values_list("user__username", flat=True))


def test_the_moderator_who_is_there_longest_comes_after_the_owner(cast: Cast, crew: Channel) -> None:
    signed_in(cast.bob)
    deactivate_user(cast.alice, cast.bob)

    assert owners(crew) == ["carol"]
    entry = AuditEntry.objects.get(act="role_set", person=cast.carol, actor=None)
    assert (entry.about, entry.before, entry.after) == (
        crew.slug,
        {"role": "moderator"},
        {"role": "owner"},
    )
    page = signed_in(cast.carol).get(f"/channels/{crew.slug}/settings/")
    assert page.status_code == 200


def seen_in_admin(user: User) -> list[str]:
    """What the admin's audit log tells `user` of channels: which it is about, and what was another then."""
    rows = signed_in(user).get("/admin/accounts/auditentry/").context["cl"].result_list
    return [f"{entry.about} {entry.after}" for entry in rows if entry.about]


def test_of_what_the_site_does_there_the_admin_tells_those_who_are_in_it(cast: Cast, crew: Channel) -> None:
    deactivate_user(cast.alice, cast.bob)
    rename_channel(SYSTEM, crew, name="firing")
    rename_channel(SYSTEM, cast.design, name="drawing")
    entry = AuditEntry.objects.filter(about=crew.slug).first()
    assert entry is not None
    alice = signed_in(cast.alice)

    assert seen_in_admin(cast.alice) == ["design {'name': 'drawing'}"]
    for page in ("change", "history"):
        assert alice.get(f"/admin/accounts/auditentry/{entry.pk}/{page}/").status_code == 302

    told = io.StringIO()
    call_command("audit", stdout=told)
    assert crew.slug in told.getvalue()  # for who runs the machine
    join_channel(SYSTEM, crew, user=cast.alice)
    assert f"{crew.slug} {{'name': 'firing'}}" in seen_in_admin(cast.alice)


def test_without_a_moderator_the_member_who_is_there_longest_does(cast: Cast, crew: Channel) -> None:
    set_role(cast.bob, crew, user=cast.carol, role=Role.MEMBER)
    Membership.objects.filter(channel=crew, user=cast.dave).update(joined_at="2026-01-01T00:00:00Z")

    deactivate_user(cast.alice, cast.bob)

    assert owners(crew) == ["dave"]


@pytest.mark.parametrize("way", WAYS)
def test_where_there_is_another_owner_nobody_becomes_one(cast: Cast, crew: Channel, way: str) -> None:
    set_role(cast.bob, crew, user=cast.dave, role=Role.OWNER)

    WAYS[way](cast, cast.bob)

    assert owners(crew) == ["dave"]
    assert role_of(crew, "carol") == Role.MODERATOR
    crew.refresh_from_db()
    assert crew.member_count == 2


def test_whose_account_has_ended_inherits_nothing(cast: Cast, crew: Channel) -> None:
    deactivate_user(cast.alice, cast.carol)
    deactivate_user(cast.alice, cast.bob)
    assert owners(crew) == ["dave"]

    deactivate_user(cast.alice, cast.dave)
    assert owners(crew) == []
    reactivate_user(cast.alice, cast.carol)
    assert owners(crew) == ["carol"]


def test_who_comes_back_owns_it_again_beside_who_took_over(cast: Cast, crew: Channel) -> None:
    deactivate_user(cast.alice, cast.bob)
    reactivate_user(cast.alice, cast.bob)

    assert owners(crew) == ["bob", "carol"]


def test_what_is_archived_needs_no_owner(cast: Cast, crew: Channel) -> None:
    archive_channel(cast.bob, crew)

    leave_site(cast.bob, way="delete", password=PASSWORD)

    assert role_of(crew, "carol") == Role.MODERATOR
    assert not AuditEntry.objects.filter(act="role_set", person=cast.carol, actor=None).exists()


def test_public_channels_are_looked_after_by_admins(cast: Cast) -> None:
    deactivate_user(cast.alice, cast.dave)  # who made #design

    assert owners(cast.design) == []
