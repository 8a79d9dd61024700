"""Five people do all they can think of to a private channel, in any order, and some things stay true."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from channels_app.actions import (
    accept_invitation,
    archive_channel,
    create_channel,
    decline_invitation,
    invite,
    leave_channel,
    restore_channel,
    set_role,
    withdraw_invitation,
)
from channels_app.models import Channel, Invitation, Kind, Membership, Role
from chatsite.errors import ChatError
from messaging.actions import delete_message
from messaging.live import DatabaseSource
from messaging.models import Message
from messaging.names import new_client_id
from messaging.pipeline.accept import accept
from tests.cast import Cast, signed_in

NAMES = ("alice", "bob", "carol", "dave", "mallory")
people = st.sampled_from(NAMES)
numbers = st.integers(0, 59)
STEPS, RUNS = 40, 12


class Hideout(RuleBasedStateMachine):
    """A private channel; what an action refuses changes nothing, and is no fault."""

    cast: Cast

    @initialize(owner=people)
    def begin(self, owner: str) -> None:
        self.channel = create_channel(self.person(owner), name="hideout", kind=Kind.PRIVATE)

    def person(self, name: str) -> User:
        user: User = getattr(self.cast, name)
        return user

    def member(self, number: int) -> User:
        """One of those who are in it, most of whom may do something; anybody when nobody is."""
        members = Membership.objects.filter(channel=self.channel, left_at=None).select_related("user")
        users = [membership.user for membership in members.order_by("pk")]
        return users[number % len(users)] if users else self.cast.bob

    def tries(self, act: Callable[..., Any], *args: Any, **more: Any) -> None:
        channel = Channel.objects.get(pk=self.channel.pk)
        with contextlib.suppress(ChatError):
            act(*(channel if arg is self.channel else arg for arg in args), **more)

    @rule(host=numbers, guest=people)
    def invites(self, host: int, guest: str) -> None:
        self.tries(invite, self.member(host), self.channel, username=guest)

    @rule(guest=people)
    def comes(self, guest: str) -> None:
        invitation = Invitation.objects.filter(channel=self.channel, user=self.person(guest)).first()
        if invitation is not None:
            self.tries(accept_invitation, self.person(guest), invitation.pk)

    @rule(
        who=people,
        guest=people,
        act=st.sampled_from((accept_invitation, decline_invitation, withdraw_invitation)),
    )
    def answers(self, who: str, guest: str, act: Callable[..., Any]) -> None:
        invitation = Invitation.objects.filter(channel=self.channel, user=self.person(guest)).first()
        if invitation is not None:
            self.tries(act, self.person(who), invitation.pk)

    @rule(who=numbers)
    def leaves(self, who: int) -> None:
        self.tries(leave_channel, self.member(who), self.channel)

    @rule(who=numbers, whom=numbers)
    def takes_out(self, who: int, whom: int) -> None:
        self.tries(leave_channel, self.member(who), self.channel, user=self.member(whom))

    @rule(who=numbers, whom=numbers, role=st.sampled_from(Role))
    def sets_role(self, who: int, whom: int, role: Role) -> None:
        self.tries(set_role, self.member(who), self.channel, user=self.member(whom), role=role)

    @rule(who=numbers, act=st.sampled_from((archive_channel, restore_channel, restore_channel)))
    def closes(self, who: int, act: Callable[..., Any]) -> None:
        self.tries(act, self.member(who), self.channel)

    @rule(who=people)
    def says(self, who: str) -> None:
        self.tries(accept, self.person(who), self.channel, text="psst", client_id=new_client_id())

    @rule(who=people)
    def deletes(self, who: str) -> None:
        message = Message.objects.filter(channel=self.channel, deleted_at=None).last()
        if message is not None:
            self.tries(delete_message, self.person(who), message.client_id)

    @invariant()
    def an_open_one_has_an_owner(self) -> None:
        channel = Channel.objects.get(pk=self.channel.pk)
        owners = Membership.objects.filter(channel=channel, role=Role.OWNER, left_at=None)
        assert channel.is_archived or owners.exists()

    @invariant()
    def its_members_are_counted(self) -> None:
        members = Membership.objects.filter(channel=self.channel, left_at=None)
        assert members.count() == Channel.objects.get(pk=self.channel.pk).member_count
        ended = Membership.objects.filter(channel=self.channel).exclude(left_at=None)
        assert not ended.exclude(role=Role.MEMBER).exists()

    @invariant()
    def who_is_not_in_it_sees_and_hears_nothing(self) -> None:
        members = set(
            Membership.objects.filter(channel=self.channel, left_at=None).values_list(
                "user__username", flat=True
            )
        )
        ids = {self.person(name).pk: name for name in NAMES}
        opened = DatabaseSource().opened({user_id: {self.channel.slug} for user_id in ids})
        viewers = DatabaseSource().viewers(ids)
        assert {ids[user_id] for user_id, places in opened.items() if places} == members
        is_open = not Channel.objects.get(pk=self.channel.pk).is_archived
        joined = {name for user_id, name in ids.items() if self.channel.pk in viewers[user_id].joined}
        assert joined == (members if is_open else set())

    def teardown(self) -> None:
        if not hasattr(self, "channel"):
            return
        members = Membership.objects.filter(channel=self.channel, left_at=None)
        shown = set(members.values_list("user__username", flat=True))
        for name in NAMES:
            status = signed_in(self.person(name)).get(self.channel.get_absolute_url()).status_code
            assert status == (200 if name in shown else 404), name


def test_whatever_they_do_it_stays_theirs_and_has_an_owner(cast: Cast, settings: Any) -> None:
    settings.PERSIST_DIRECT = True

    class OfThisCast(Hideout):
        pass

    OfThisCast.cast = cast
    run_state_machine_as_test(OfThisCast, settings=few())


def few() -> settings:
    return settings(
        settings.get_profile("same"),
        max_examples=RUNS,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
    )


pytestmark = pytest.mark.django_db
