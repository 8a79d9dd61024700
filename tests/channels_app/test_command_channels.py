"""The commands create_channel, subscribe and unsubscribe."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from channels_app.models import Channel, Membership
from tests.cast import Cast


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def is_in(user: User, channel: Channel) -> bool:
    return Membership.objects.filter(user=user, channel=channel, left_at=None).exists()


def test_an_operator_creates_a_channel_that_nobody_is_in(cast: Cast) -> None:
    assert run("create_channel", "Release Train", "--topic", "What ships") == (
        "#release-train is at /channels/release-train/\n"
    )
    channel = Channel.objects.get(slug="release-train")
    assert (channel.topic, channel.creator, channel.member_count) == ("What ships", None, 0)


def test_a_channel_is_created_as_somebody(cast: Cast) -> None:
    run("create_channel", "releases", "--as", "Bob")
    channel = Channel.objects.get(slug="releases")
    assert channel.creator == cast.bob
    assert is_in(cast.bob, channel)


def test_a_name_that_is_taken_is_no_error(cast: Cast) -> None:
    run("create_channel", "Design", "--topic", "other")
    cast.design.refresh_from_db()
    assert cast.design.topic == "Pixels and words"


def test_a_name_that_breaks_a_rule_is_refused_in_words(cast: Cast) -> None:
    for name, reason in [
        ("create", "reserved"),
        ("", "name"),
        ("x" * 81, "80 characters"),
        ("\udcff", "stored"),
    ]:
        with pytest.raises(CommandError, match=reason):
            run("create_channel", name)
    with pytest.raises(CommandError, match="There is no user nobody"):
        run("create_channel", "fine", "--as", "nobody")
    assert Channel.objects.count() == 2


def test_somebody_is_subscribed_and_unsubscribed(cast: Cast) -> None:
    for _twice in range(2):
        assert run("subscribe", "mallory", "#Design") == "mallory is in #design.\n"
        assert is_in(cast.mallory, cast.design)
    for _twice in range(2):
        assert run("unsubscribe", "mallory", "design") == "mallory is not in #design.\n"
        assert not is_in(cast.mallory, cast.design)
    cast.design.refresh_from_db()
    assert cast.design.member_count == 3


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe"])
def test_unknown_people_and_channels_are_refused_in_words(cast: Cast, command: str) -> None:
    with pytest.raises(CommandError, match="There is no user nobody"):
        run(command, "nobody", "design")
    with pytest.raises(CommandError, match="There is no channel nowhere"):
        run(command, "bob", "nowhere")
    with pytest.raises(CommandError, match="can't be stored"):
        run(command, "\udcff", "design")


def test_a_private_channel_is_made_and_handed_on(cast: Cast) -> None:
    with pytest.raises(CommandError, match="--as"):
        run("create_channel", "hiring", "--private")
    run("create_channel", "hiring", "--private", "--as", "bob")
    channel = Channel.objects.get(name="hiring")
    assert channel.is_private

    with pytest.raises(CommandError, match="carol is not in"):
        run("set_role", "carol", channel.slug, "owner")
    run("subscribe", "carol", channel.slug)
    assert run("set_role", "carol", channel.slug, "owner") == f"carol is owner of #{channel.slug}.\n"
    run("unsubscribe", "bob", channel.slug)
    with pytest.raises(CommandError, match="Nobody else owns"):
        run("unsubscribe", "carol", channel.slug)
