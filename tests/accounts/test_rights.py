"""What the actions on accounts refuse, whoever calls them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from accounts.actions import (
    create_user,
    deactivate_user,
    edit_user,
    give_rights,
    make_reset_link,
    reactivate_user,
    set_password,
)
from accounts.actors import SYSTEM, Actor
from accounts.models import User
from chatsite.errors import Conflict, NotAllowed
from tests.cast import Cast, UserFactory, signed_in


def rename(actor: Actor, user: User) -> User:
    return edit_user(actor, user, display_name="Renamed", email="")


def readdress(actor: Actor, user: User) -> User:
    return edit_user(actor, user, display_name=user.display_name, email="another@example.org")


def hand_over(actor: Actor, user: User) -> User:
    make_reset_link(actor, user)
    return user


def lock_out(actor: Actor, user: User) -> User:
    return set_password(actor, user, password=None)


EDITS: tuple[Callable[[Actor, User], User], ...] = (rename, deactivate_user, reactivate_user)
EDITS_OF_OTHERS = (readdress, lock_out, hand_over)  # of what somebody logs in with


@pytest.mark.parametrize("edit", EDITS)
def test_an_account_is_edited_by_its_person_and_by_admins(
    cast: Cast, edit: Callable[[Actor, User], User]
) -> None:
    cast.dave.is_staff = True
    for actor in (cast.bob, cast.dave, cast.alice):
        assert edit(actor, cast.bob) == cast.bob
    with pytest.raises(NotAllowed):
        edit(cast.mallory, cast.bob)


@pytest.mark.parametrize("edit", EDITS_OF_OTHERS)
def test_what_somebody_logs_in_with_is_for_other_admins(
    cast: Cast, edit: Callable[[Actor, User], User]
) -> None:
    cast.dave.is_staff = True
    for person, user in ((cast.mallory, cast.bob), (cast.bob, cast.bob), (cast.alice, cast.alice)):
        with pytest.raises(NotAllowed):
            edit(person, user)
    for actor in (cast.dave, cast.alice, SYSTEM):
        assert edit(actor, cast.bob) == cast.bob


@pytest.mark.parametrize("edit", [*EDITS, *EDITS_OF_OTHERS])
def test_an_account_that_became_an_admins_is_not_edited_by_another_admin(
    cast: Cast, edit: Callable[[Actor, User], User]
) -> None:
    cast.dave.is_staff = True
    as_it_was = User.objects.get(pk=cast.carol.pk)
    User.objects.filter(pk=cast.carol.pk).update(is_staff=True)
    with pytest.raises(NotAllowed):
        edit(cast.dave, as_it_was)


def test_a_member_makes_no_account(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        create_user(cast.bob, username="erin")
    assert create_user(cast.alice, username="erin").username == "erin"


def test_only_a_superuser_gives_rights(cast: Cast) -> None:
    cast.dave.is_staff = True
    for actor in (cast.bob, cast.dave):
        with pytest.raises(NotAllowed):
            give_rights(actor, actor, is_staff=True, is_superuser=True, groups=[], permissions=[])
        with pytest.raises(NotAllowed):
            create_user(actor, username="erin", is_superuser=True)
    assert create_user(cast.alice, username="erin", is_superuser=True).is_superuser


def test_somebody_has_all_rights_always(cast: Cast) -> None:
    nothing: dict[str, Any] = {"is_staff": True, "is_superuser": False, "groups": [], "permissions": []}
    with pytest.raises(Conflict):
        give_rights(cast.alice, cast.alice, **nothing)
    zoe = create_user(cast.alice, username="zoe", is_superuser=True)
    assert not give_rights(zoe, cast.alice, **nothing).is_superuser


def test_groups_are_for_who_gives_rights(cast: Cast) -> None:
    """A group is rights: who may change one could give themselves any."""
    helper = UserFactory.create(username="helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    assert signed_in(helper).get("/admin/auth/group/").status_code == 403
    assert signed_in(cast.alice).get("/admin/auth/group/").status_code == 200


def test_a_deactivated_admin_does_nothing_more(cast: Cast) -> None:
    UserFactory.create(username="zoe", is_superuser=True)
    gone = deactivate_user(cast.alice, cast.alice)
    with pytest.raises(NotAllowed):
        create_user(gone, username="erin")
    with pytest.raises(NotAllowed):
        reactivate_user(gone, gone)
