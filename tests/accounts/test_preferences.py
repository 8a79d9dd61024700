"""What somebody chooses for themselves."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import deactivate_user, set_preferences
from accounts.models import User
from accounts.queries import who_shows_presence
from chatsite.errors import NotAllowed
from tests.cast import Cast, signed_in

PAGE = "/accounts/preferences/"


def test_others_see_whether_one_is_here_unless_one_does_not_want_it(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert who_shows_presence([cast.bob.pk, cast.carol.pk]) == {cast.bob.pk, cast.carol.pk}
    assert "checked" in bob.get(PAGE).content.decode()

    answer = bob.post(PAGE, {"author": "bob"}, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert [toast.text for toast in answer.context["toasts"]] == ["Your preferences are saved."]
    assert "checked" not in answer.content.decode()
    assert who_shows_presence([cast.bob.pk, cast.carol.pk]) == {cast.carol.pk}

    bob.post(PAGE, {"shows_presence": "on"})
    assert who_shows_presence([cast.bob.pk]) == {cast.bob.pk}


def test_what_is_as_it_was_is_not_written(cast: Cast) -> None:
    def rows_changed(*, shows_presence: bool) -> int:
        with CaptureQueriesContext(connection) as captured:
            set_preferences(cast.bob, shows_presence=shows_presence)
        assert len(captured) == 1
        return User.objects.filter(pk=cast.bob.pk, shows_presence=shows_presence).count()

    assert rows_changed(shows_presence=False) == 1
    assert rows_changed(shows_presence=False) == 1


def test_the_frame_shows_ones_own_presence_unless_it_is_off(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert 'id="my-presence"' in bob.get(PAGE).content.decode()

    bob.post(PAGE)

    assert 'id="my-presence"' not in bob.get(PAGE).content.decode()


def test_whose_account_ended_is_not_here(cast: Cast) -> None:
    deactivate_user(cast.alice, cast.bob)

    assert who_shows_presence([cast.bob.pk]) == set()


def test_preferences_are_ones_own(cast: Cast) -> None:
    json = {"Accept": "application/json"}
    assert Client().post(PAGE, headers=json).status_code == 401
    assert signed_in(cast.bob, checks_csrf=True).post(PAGE, headers=json).status_code == 403
    assert signed_in(cast.bob).post(PAGE, {"author": "carol"}, headers=json).status_code == 409
    gone = deactivate_user(cast.alice, cast.bob)
    with pytest.raises(NotAllowed):
        set_preferences(gone, shows_presence=False)
    assert User.objects.filter(shows_presence=False).count() == 0
