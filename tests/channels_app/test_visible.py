"""Who may see which channels: one rule, asked for one person and for many."""

from accounts.actions import deactivate_user
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app.actions import archive_channel, create_channel
from channels_app.models import Channel, Kind
from channels_app.queries import channels_by_slugs
from tests.cast import Cast


def test_many_see_what_each_of_them_sees(cast: Cast) -> None:
    archive_channel(SYSTEM, cast.design)
    hiring = create_channel(cast.bob, name="hiring", kind=Kind.PRIVATE)
    deactivate_user(SYSTEM, cast.carol)
    everybody, slugs = User.objects.all(), set(Channel.objects.values_list("slug", flat=True))

    seen = channels_by_slugs({user.pk: slugs for user in everybody})

    for user in everybody:
        assert set(seen.get(user.pk, ())) == set(Channel.objects.visible_to(user)), user
        hidden = set(Channel.objects.hidden_from(user))
        assert hidden == set(Channel.objects.all()) - set(Channel.objects.visible_to(user)), user
    assert {cast.design, hiring} < set(seen[cast.bob.pk])
    assert hiring not in seen[cast.alice.pk]
    assert cast.carol.pk not in seen


def test_each_gets_what_they_asked_for_and_nothing_that_no_channel_is_called(cast: Cast) -> None:
    wishes = {cast.bob.pk: {"design", "no-such-channel"}, cast.mallory.pk: {"public", "\x00", "x" * 300}}

    seen = channels_by_slugs(wishes)

    assert seen == {cast.bob.pk: [cast.design], cast.mallory.pk: [cast.public]}
