"""What several tests of channels need besides the cast."""

import pytest

from channels_app.actions import accept_invitation, create_channel, invite, set_role
from channels_app.models import Channel, Kind, Role
from tests.cast import Cast


@pytest.fixture
def hiring(cast: Cast) -> Channel:
    """A private channel of bob's."""
    return create_channel(cast.bob, name="hiring", topic="Not yet for all ears", kind=Kind.PRIVATE)


@pytest.fixture
def crew(cast: Cast, hiring: Channel) -> Channel:
    """That channel, with carol as a moderator and dave as a plain member."""
    for user in (cast.carol, cast.dave):
        accept_invitation(user, invite(cast.bob, hiring, username=user.username).pk)
    set_role(cast.bob, hiring, user=cast.carol, role=Role.MODERATOR)
    hiring.refresh_from_db()
    return hiring
