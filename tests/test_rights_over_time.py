"""Five people do all they can think of to a private channel, in any order, and some things stay true.

Each has a real stream of a hub in this process, that goes on while they come and go.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.actions import (
    ban_user,
    block_user,
    deactivate_user,
    lift_ban,
    reactivate_user,
    unblock_user,
)
from accounts.actors import SYSTEM
from accounts.models import Block, User
from accounts.queries import is_blocked_between
from channels_app.actions import (
    accept_invitation,
    archive_channel,
    create_channel,
    decline_invitation,
    invite,
    leave_channel,
    open_direct,
    restore_channel,
    set_role,
    withdraw_invitation,
)
from channels_app.models import Channel, Invitation, Kind, Membership, Role
from chatsite.errors import ChatError
from chatsite.live.hub import Hub
from messaging.actions import delete_message
from messaging.live import DatabaseSource
from messaging.models import Message
from messaging.names import new_client_id
from messaging.pipeline.accept import accept
from tests.cast import Cast, signed_in
from tests.hubs import Browser, Loop
from tests.waiting import wait_for

NAMES = ("alice", "bob", "carol", "dave", "mallory")
people = st.sampled_from(NAMES)
numbers = st.integers(0, 59)
STEPS, RUNS = 30, 12


class Hideout(RuleBasedStateMachine):
    """A private channel; what an action refuses changes nothing, and is no fault."""

    cast: Cast
    hub: Hub
    loop: Loop
    texts: Iterator[int]  # what tells them apart

    @initialize(owner=people, guests=st.sets(people, max_size=2))
    def begin(self, owner: str, guests: set[str]) -> None:
        Block.objects.all().delete()
        for name in NAMES:
            lift_ban(SYSTEM, self.person(name))
            reactivate_user(SYSTEM, self.person(name))
        self.streams: dict[str, Browser] = {}
        self.shows: set[str] = set()  # whose stream shows the channel since it began
        self.were_in = {owner}
        self.channel = create_channel(self.person(owner), name="hideout", kind=Kind.PRIVATE)
        for guest in guests - {owner}:
            invitation = invite(self.person(owner), self.channel, username=guest)
            accept_invitation(self.person(guest), invitation.pk)
        for name in NAMES:
            self.opens_page(name)

    def person(self, name: str) -> User:
        """As they are now, as a request finds them."""
        return User.objects.get(username=name)

    def names_of_members(self) -> set[str]:
        """Who is in it, and has an account."""
        members = Membership.objects.filter(channel=self.channel, left_at=None, user__is_active=True)
        return set(members.values_list("user__username", flat=True))

    def member(self, number: int) -> User:
        """One of those who are in it, most of whom may do something; anybody when nobody is."""
        members = Membership.objects.filter(channel=self.channel, left_at=None).select_related("user")
        users = [membership.user for membership in members.order_by("pk")]
        return users[number % len(users)] if users else self.person("bob")

    def tries(self, act: Callable[..., Any], *args: Any, **more: Any) -> None:
        channel = Channel.objects.get(pk=self.channel.pk)
        with contextlib.suppress(ChatError):
            act(*(channel if arg is self.channel else arg for arg in args), **more)

    @rule(host=numbers, guest=people)
    def invites(self, host: int, guest: str) -> None:
        self.tries(invite, self.member(host), self.channel, username=guest)

    @rule(which=numbers)
    def comes(self, which: int) -> None:
        pending = Invitation.objects.pending().filter(channel=self.channel).select_related("user")
        if pending:
            guest = pending[which % len(pending)].user.username
            self.answers(guest, guest, accept_invitation)
            self.opens_page(guest)

    @rule(
        who=people,
        guest=people,
        act=st.sampled_from((accept_invitation, decline_invitation, withdraw_invitation)),
    )
    def answers(self, who: str, guest: str, act: Callable[..., Any]) -> None:
        invitation = Invitation.objects.filter(channel=self.channel, user=self.person(guest)).first()
        if invitation is None:
            return
        before = self.names_of_members()
        self.tries(act, self.person(who), invitation.pk)
        if Block.objects.filter(blocker=invitation.user, blocked=invitation.inviter).exists():
            assert self.names_of_members() == before

    @rule(who=numbers)
    def is_banned(self, who: int) -> None:
        self.tries(ban_user, SYSTEM, self.member(who), reason="")

    @rule(who=numbers)
    def is_deactivated(self, who: int) -> None:
        self.tries(deactivate_user, SYSTEM, self.member(who))

    @rule(who=people)
    def may_come_back(self, who: str) -> None:
        self.tries(lift_ban, SYSTEM, self.person(who))
        self.tries(reactivate_user, SYSTEM, self.person(who))
        self.opens_page(who)

    @rule(who=people, whom=numbers, act=st.sampled_from((block_user, block_user, unblock_user)))
    def blocks(self, who: str, whom: int, act: Callable[..., Any]) -> None:
        self.tries(act, self.person(who), self.member(whom))

    @rule(who=people, whom=people)
    def whispers(self, who: str, whom: str) -> None:
        author, other = self.person(who), self.person(whom)
        client_id = new_client_id()
        with contextlib.suppress(ChatError):
            two = open_direct(author, usernames=[whom])
            accept(author, two, text="just you", client_id=client_id)
        is_said = Message.objects.filter(client_id=client_id).exists()
        may = author != other and author.is_active and other.is_active
        assert is_said == (may and not is_blocked_between(author, other))

    @rule(who=people)
    def opens_page(self, who: str) -> None:
        """A new page of the channel and of #public; who may not see the channel asks for it all the same."""
        user = self.person(who)
        if not user.is_active:
            return
        if who in self.streams:
            self.loop.run(self.streams.pop(who).close())
        browser = Browser(self.hub, user, self.channel.slug, "public")
        self.loop.run(browser.open())
        self.streams[who] = browser
        self.shows.discard(who)
        if who in self.names_of_members():
            self.shows.add(who)

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

    @rule(who=numbers)
    def says(self, who: int) -> None:
        self.intrudes(self.member(who).username)

    @rule(who=people)
    def intrudes(self, who: str) -> None:
        text = f"psst {next(self.texts)}."
        self.tries(accept, self.person(who), self.channel, text=text, client_id=new_client_id())
        self.wait_until_all_is_heard()
        heard = {name for name, browser in self.streams.items() if browser.has(text)}
        is_said = Message.objects.filter(channel=self.channel, text=text).exists()
        assert (self.shows if is_said else set()) <= heard <= (self.names_of_members() if is_said else set())

    def wait_until_all_is_heard(self) -> None:
        """Have alice, who never goes, say something to all: a stream brings it behind what was before."""
        text = f"for all {next(self.texts)}."
        accept(self.person("alice"), self.cast.public, text=text, client_id=new_client_id())
        for name, browser in self.streams.items():
            if self.person(name).is_active:
                wait_for(partial(browser.has, text), what=f"{text} for {name}")

    @rule(who=people)
    def deletes(self, who: str) -> None:
        message = Message.objects.filter(channel=self.channel, deleted_at=None).last()
        if message is not None:
            self.tries(delete_message, self.person(who), message.client_id)

    @invariant()
    def an_open_one_has_an_owner(self) -> None:
        channel = Channel.objects.get(pk=self.channel.pk)
        owners = Membership.objects.filter(
            channel=channel, role=Role.OWNER, left_at=None, user__is_active=True
        )
        assert channel.is_archived or owners.exists() or not self.names_of_members()

    @invariant()
    def its_members_are_counted(self) -> None:
        assert len(self.names_of_members()) == Channel.objects.get(pk=self.channel.pk).member_count
        ended = Membership.objects.filter(channel=self.channel).exclude(left_at=None)
        assert not ended.exclude(role=Role.MEMBER).exists()

    @invariant()
    def nobody_is_invited_by_who_has_no_account(self) -> None:
        pending = Invitation.objects.pending().filter(channel=self.channel)
        assert not pending.filter(inviter__is_active=False).exists()

    @invariant()
    def who_is_not_in_it_sees_and_hears_nothing(self) -> None:
        members = self.names_of_members()
        self.were_in |= members
        self.shows &= members
        ids = {self.person(name).pk: name for name in NAMES}
        opened = DatabaseSource().opened({user_id: {self.channel.slug} for user_id in ids})
        viewers = DatabaseSource().viewers(ids)
        assert {ids[user_id] for user_id, places in opened.items() if places} == members
        is_open = not Channel.objects.get(pk=self.channel.pk).is_archived
        joined = {ids[user_id] for user_id, viewer in viewers.items() if self.channel.pk in viewer.joined}
        assert joined == (members if is_open else set())
        for name in self.streams.keys() - self.were_in:
            assert not self.streams[name].has(self.channel.slug)

    @invariant()
    def who_has_no_account_has_no_stream(self) -> None:
        for name in list(self.streams):
            if not self.person(name).is_active:
                stream = self.streams.pop(name).stream
                wait_for(partial(getattr, stream, "is_over"), what=f"the end of {name}'s stream")

    def teardown(self) -> None:
        if not hasattr(self, "channel"):
            return
        for browser in self.streams.values():
            self.loop.run(browser.close())
        members = self.names_of_members()
        for name in NAMES:
            if self.person(name).is_active:
                status = signed_in(self.person(name)).get(self.channel.get_absolute_url()).status_code
                assert status == (200 if name in members else 404), name


def test_whatever_they_do_it_stays_theirs_and_has_an_owner(cast: Cast, settings: Any) -> None:
    settings.PERSIST_DIRECT = True
    loop = Loop()

    class OfThisCast(Hideout):
        pass

    OfThisCast.cast, OfThisCast.loop, OfThisCast.texts = cast, loop, count(1)
    OfThisCast.hub = Hub(DatabaseSource, most=20, most_per_user=20)
    try:
        run_state_machine_as_test(OfThisCast, settings=few())
    finally:
        loop.close()


def few() -> settings:
    return settings(
        settings.get_profile("same"),
        max_examples=RUNS,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
    )


pytestmark = pytest.mark.django_db(transaction=True)  # the hub has a connection of its own
