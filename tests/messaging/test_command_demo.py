"""The command demo, and the bulk path that it stores its messages by."""

import io
import uuid
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.actions import create_user
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app.actions import archive_channel, create_channel
from channels_app.models import Channel, Kind, Membership
from channels_app.queries import my_memberships
from chatsite.errors import Conflict
from messaging.demo.month import ONE_ROUND
from messaging.demo.team import PEOPLE, PLACES
from messaging.models import EarlierText, Message
from messaging.pipeline import load as loading
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from messaging.rendering import render
from tests.cast import Cast, say

NAME_WITHOUT_TIME = 1 << 76


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def words() -> list[tuple[Any, ...]]:
    """Everything said, but for when, with which a name begins."""
    said = Message.objects.order_by("pk").values_list(
        "channel__slug", "seq", "author__username", "text", "client_id"
    )
    return [(*what, client_id.int % NAME_WITHOUT_TIME) for *what, client_id in said]


def test_the_demo_is_a_team_and_a_month_of_its_conversation(database: None) -> None:
    said = run("--password", "on a bicycle")
    assert "maya" in said
    assert "on a bicycle" in said
    assert User.objects.count() == len(PEOPLE) == 12
    assert Channel.objects.count() == len(PLACES) == 10
    assert Message.objects.count() == ONE_ROUND
    maya = User.objects.get(username="maya")
    assert maya.check_password("on a bicycle")
    assert not maya.is_staff
    times = list(Message.objects.order_by("pk").values_list("accepted_at", flat=True))
    assert times == sorted(times)
    now = timezone.now()
    assert now - times[-1] < timedelta(minutes=1)
    assert timedelta(days=20) < now - times[0] <= timedelta(days=31)


def test_some_of_it_is_for_some_of_them_alone(database: None) -> None:
    run()
    run("--messages", "10")  # which finds them again
    assert Channel.objects.count() == len(PLACES)
    for kind, members in {
        Kind.PRIVATE: ["aiko", "ines", "jonas", "maya"],
        Kind.DIRECT: ["aiko", "maya"],
    }.items():
        channel = Channel.objects.get(kind=kind)
        names = channel.memberships.order_by("user__username").values_list("user__username", flat=True)
        assert list(names) == members
        assert channel.last_seq > 5
    maya = User.objects.get(username="maya")
    assert [one.channel.title for one in my_memberships(maya) if one.channel.is_direct] == ["Aiko Tanaka"]
    assert not [one for one in my_memberships(User.objects.get(username="omar")) if not one.channel.is_public]


def test_everybody_and_every_channel_was_there_before_the_first_message(database: None) -> None:
    run("--messages", "50")
    first = Message.objects.earliest("pk").accepted_at
    for times in (
        User.objects.values_list("date_joined", flat=True),
        Channel.objects.values_list("created_at", flat=True),
        Membership.objects.values_list("joined_at", flat=True),
    ):
        assert all(moment < first for moment in times)
    run("--messages", "50")
    assert not Membership.objects.filter(joined_at__gt=first).exists()


def test_who_was_there_without_talking_keeps_his_dates(cast: Cast) -> None:
    def dates() -> list[Any]:
        mine = cast.bob.memberships.order_by("pk").values_list("joined_at", flat=True)
        return [User.objects.get(pk=cast.bob.pk).date_joined, *mine]

    before = dates()
    run("--messages", "10", "--force")
    assert dates() == before


def test_it_has_what_real_conversation_has(database: None) -> None:
    run()
    texts = list(Message.objects.filter(deleted_at=None).values_list("text", flat=True))
    assert any("\n" in text for text in texts)
    assert any("https://" in text for text in texts)
    assert any("\u05d1" in text for text in texts)  # Hebrew, from right to left
    assert any(len(word) > 100 for text in texts for word in text.split())
    assert not any("«" in text for text in texts)
    assert EarlierText.objects.count() >= 3
    assert Message.objects.exclude(deleted_at=None).count() >= 2


def test_every_message_keeps_the_rules_of_the_pipeline(database: None) -> None:
    run("--messages", "300")
    for channel in Channel.objects.all():
        messages = list(channel.messages.order_by("seq"))
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        assert channel.last_seq == len(messages)
        versions = sorted(message.version for message in messages)
        assert len(set(versions)) == len(versions)
        assert channel.version == max(versions, default=0)
        if messages:
            assert channel.last_activity_at == messages[-1].accepted_at
        for message in messages:
            if not message.is_deleted:
                assert message.html == render(message.text)
            assert Membership.objects.filter(user=message.author, channel=channel, left_at=None).exists()


def test_a_message_sent_again_is_known_by_its_fingerprint(cast: Cast) -> None:
    envelope = Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, "as before", timezone.now())
    assert list(loading.load([envelope])) == [1]
    [outcome] = persist([envelope], keep_rejected=False)
    assert (outcome.client_id, getattr(outcome, "is_new", None)) == (envelope.client_id, False)
    assert say(cast.bob, cast.design, "afterwards").seq == 2


def test_a_history_is_stored_batch_by_batch(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH", 2)
    envelopes = [
        Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, f"number {number}", timezone.now())
        for number in range(5)
    ]
    assert list(loading.load(iter(envelopes))) == [2, 2, 1]
    texts = cast.design.messages.order_by("seq").values_list("text", flat=True)
    assert list(texts) == [f"number {number}" for number in range(5)]


def test_nothing_is_loaded_into_an_archived_channel(cast: Cast) -> None:
    archive_channel(cast.alice, cast.design)
    envelope = Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, "too late", timezone.now())
    with pytest.raises(Conflict):
        list(loading.load([envelope]))
    assert not Message.objects.exists()


@pytest.fixture
def without_messages() -> Any:
    """Empties the site of the demo's talk, to have it talk on a new site again."""

    def forget() -> None:
        EarlierText.objects.all().delete()
        Message.objects.all().delete()
        Channel.objects.update(last_seq=0, version=0, last_activity_at=None)

    return forget


def test_the_same_seed_makes_the_same_conversation(database: None, without_messages: Any) -> None:
    run("--messages", "120", "--seed", "7")
    first = words()
    without_messages()
    run("--messages", "120", "--seed", "7")
    assert words() == first
    without_messages()
    run("--messages", "120", "--seed", "8")
    assert words() != first


def test_a_second_run_adds_to_the_first(database: None) -> None:
    run("--messages", "50")
    before = words()
    said = run("--messages", "70")
    assert "passwords are as they were" in said
    assert words()[:50] == before
    assert Message.objects.count() == 120
    times = list(Message.objects.order_by("pk").values_list("accepted_at", flat=True))
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert User.objects.count() == 12


def test_a_demo_username_of_somebody_else_stops_it_before_anything_is_written(database: None) -> None:
    create_user(SYSTEM, username="maya", email="maya@example.org")
    create_user(SYSTEM, username="jоnas")  # with a Cyrillic о
    with pytest.raises(CommandError, match="maya, jonas"):
        run("--force")
    assert User.objects.count() == 2
    assert Channel.objects.count() == 1


def test_it_does_not_talk_among_others_unless_forced(cast: Cast) -> None:
    say(cast.bob, cast.public, "a real word")
    before = Message.objects.get()
    with pytest.raises(CommandError, match="--force"):
        run("--messages", "10")
    assert User.objects.count() == 5
    run("--messages", "10", "--force")
    assert Message.objects.count() == 11
    assert Message.objects.get(pk=before.pk).text == "a real word"


def test_a_channel_of_somebody_else_is_not_taken_over(database: None) -> None:
    create_channel(create_user(SYSTEM, username="erin"), name="design")
    with pytest.raises(CommandError, match="--force"):
        run("--messages", "10")


@pytest.mark.parametrize("count", ["0", "-3", "10000001", "many", "1e3"])
def test_a_count_out_of_bounds_is_refused(database: None, count: str) -> None:
    with pytest.raises(CommandError, match="whole number from 1 to"):
        run(f"--messages={count}")
    assert not User.objects.exists()
