"""Who is here, as streams tell it to whoever shows it, and what a browser says of itself."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.test import Client

from accounts.actions import deactivate_user
from chatsite.errors import NotAllowed
from chatsite.live import bus
from chatsite.live.audience import Audience
from chatsite.live.events import Event, who_is_here
from chatsite.live.presence import Presence
from chatsite.live.source import Viewer
from chatsite.live.stream import Message, Stream
from messaging.actions import tell_browser
from tests.admin import user_id
from tests.cast import Cast, signed_in
from tests.messaging.test_stream import Listen, MakePerson
from tests.site import Site
from tests.streams import OpenStream
from tests.visitor import Visitor
from tests.waiting import wait_for

JSON = {"Accept": "application/json"}
GONE_WITHIN_S = 30  # the grace, and a machine that runs other tests besides


@pytest.fixture
def bob(person: MakePerson) -> Visitor:
    return person("bob")


@pytest.fixture
def carol(person: MakePerson) -> Visitor:
    return person("carol")


@pytest.fixture
def watch(site: Site) -> Iterator[Callable[..., OpenStream]]:
    """Opens streams that show whether people are here."""
    streams: list[OpenStream] = []

    def make(visitor: Visitor, *people: Visitor) -> OpenStream:
        ids = " ".join(str(user_id(site, someone)) for someone in people)
        streams.append(OpenStream(visitor, says={"people": ids}).wait_until_ready())
        return streams[-1]

    yield make
    for stream in streams:
        stream.close()


def say(someone: Visitor, *, idle: int = 0, people: str = "") -> None:
    """What the page's script does when that changes."""
    assert someone.script_post("/presence/", idle=str(idle), people=people).status == 204


def states(site: Site, stream: OpenStream, someone: Visitor) -> list[str]:
    """All that the stream was told of them, in order."""
    key = str(user_id(site, someone))
    return [event.facts[key] for event in stream.of("presence") if key in event.facts]


def becomes(site: Site, stream: OpenStream, someone: Visitor, state: str) -> None:
    """The stream comes to be told that they are that."""
    wait_for(
        lambda: states(site, stream, someone)[-1:] == [state],
        what=f"{someone.username} to be {state!r}; the stream had {stream.received}",
        timeout_s=GONE_WITHIN_S,
    )


def test_who_has_a_stream_is_online_away_while_it_is_not_used_else_offline(
    site: Site, person: MakePerson, bob: Visitor, carol: Visitor, watch: Listen
) -> None:
    dave, alice = person("dave"), person("alice")
    with OpenStream(bob).wait_until_ready(), OpenStream(dave, says={"idle": 1}).wait_until_ready():
        stream = watch(alice, bob, carol, dave, alice)
        for someone, state in ((bob, "online"), (dave, "away"), (alice, "online"), (carol, "offline")):
            becomes(site, stream, someone, state)
    becomes(site, stream, bob, "offline")
    assert states(site, stream, bob) == ["online", "offline"]


def test_a_browser_that_is_not_used_any_more_is_away_until_it_is(
    site: Site, bob: Visitor, carol: Visitor, watch: Listen
) -> None:
    stream = watch(carol, bob)
    with OpenStream(bob).wait_until_ready():
        becomes(site, stream, bob, "online")
        say(bob, idle=1)
        becomes(site, stream, bob, "away")
        say(bob, idle=0)
        becomes(site, stream, bob, "online")


def test_one_of_ones_browsers_that_is_used_is_enough(
    site: Site, bob: Visitor, carol: Visitor, watch: Listen
) -> None:
    stream = watch(carol, bob)
    with (
        Visitor(site.url, bob.username) as phone,
        OpenStream(bob).wait_until_ready(),
    ):
        phone.log_in()
        with OpenStream(phone).wait_until_ready():
            becomes(site, stream, bob, "online")
            say(bob, idle=1)
            say(phone, idle=1)
            becomes(site, stream, bob, "away")
            say(phone, idle=0)
            becomes(site, stream, bob, "online")
        becomes(site, stream, bob, "away")
    assert "offline" not in states(site, stream, bob)[1:-1]


def test_going_to_another_page_is_no_leaving(site: Site, bob: Visitor, carol: Visitor, watch: Listen) -> None:
    stream = watch(carol, bob)
    for _page in range(3):
        with OpenStream(bob).wait_until_ready():
            becomes(site, stream, bob, "online")
    with OpenStream(bob).wait_until_ready():
        say(bob, idle=1)
        becomes(site, stream, bob, "away")
    told = states(site, stream, bob)
    assert told[told.index("online") :] == ["online", "away"]


def test_a_page_shows_others_than_before(site: Site, bob: Visitor, carol: Visitor) -> None:
    with OpenStream(carol).wait_until_ready() as stream, OpenStream(bob).wait_until_ready():
        say(carol, people=str(user_id(site, bob)))
        becomes(site, stream, bob, "online")
        say(carol, people="")
        say(bob, idle=1)
        say(carol, people=str(user_id(site, carol)))
        becomes(site, stream, carol, "online")
        assert states(site, stream, bob) == ["online"]


def test_who_says_again_whom_their_page_shows_is_told_again(site: Site, bob: Visitor, carol: Visitor) -> None:
    """They may not know that it was heard, and would say it again and again."""
    with OpenStream(carol).wait_until_ready() as stream, OpenStream(bob).wait_until_ready():
        for times in (1, 2):
            say(carol, people=str(user_id(site, bob)))
            wait_for(
                lambda times=times: states(site, stream, bob) == ["online"] * times,  # type: ignore[misc]
                what=f"the same for the {times}. time",
            )


def test_only_a_stream_that_shows_people_is_told(
    site: Site, bob: Visitor, carol: Visitor, watch: Listen, listen: Listen
) -> None:
    other = listen(bob)
    stream = watch(carol, bob)
    becomes(site, stream, bob, "online")
    say(bob, idle=1)
    becomes(site, stream, bob, "away")
    assert not other.of("presence")


def test_who_does_not_want_to_be_seen_is_not_at_once(
    site: Site, bob: Visitor, carol: Visitor, watch: Listen, listen: Listen
) -> None:
    listen(bob)
    stream = watch(carol, bob)
    becomes(site, stream, bob, "online")
    assert bob.send("/accounts/preferences/", section="presence").status == 302
    becomes(site, stream, bob, "")
    hers = watch(carol, bob)
    becomes(site, hers, bob, "")
    say(bob, idle=1)
    bob_sees = watch(bob, carol)
    becomes(site, bob_sees, carol, "online")
    assert states(site, hers, bob) == [""]

    assert bob.send("/accounts/preferences/", section="presence", shows_presence="on").status == 302
    becomes(site, stream, bob, "online")


@pytest.mark.stack
def test_who_is_at_another_process_is_here_too(
    site: Site, bob: Visitor, carol: Visitor, watch: Listen
) -> None:
    other, origin = site.add_live()
    try:
        stream = watch(carol, bob)
        becomes(site, stream, bob, "offline")
        with OpenStream(bob, origin=origin).wait_until_ready():
            becomes(site, stream, bob, "online")
            say(bob, idle=1)
            becomes(site, stream, bob, "away")
            again = watch(carol, bob, carol)
            becomes(site, again, bob, "away")
            assert states(site, again, bob) == ["away"]
        becomes(site, stream, bob, "offline")
    finally:
        other.stop()


@pytest.mark.long
@pytest.mark.stack
def test_who_was_at_a_process_that_was_killed_is_offline_within_a_minute(
    site: Site, bob: Visitor, carol: Visitor, watch: Listen
) -> None:
    other, origin = site.add_live()
    stream = watch(carol, bob)
    with OpenStream(bob, origin=origin).wait_until_ready():
        becomes(site, stream, bob, "online")
        other.kill()
        wait_for(
            lambda: states(site, stream, bob)[-1] == "offline", what="word that they are gone", timeout_s=60
        )


# What goes over the bus

FAR_OFF_HUB = 1  # no other picks so small a number
A_MINUTE_S = 60
TICK_S = 0.2


class Watched:
    """What a hub knows of who is here, by a clock of its own; `said` is what it told the bus."""

    def __init__(self) -> None:
        self.said: list[Event] = []
        self.audience = Audience()
        self.presence = Presence(self.audience, lambda user_ids: user_ids, lambda _frame, _streams: None, 0.0)
        self._now = 0.0
        self._hearing = bus.listen(self.said.append)
        self._ends = count(1)
        wait_for(lambda: self._hearing.has_tried.is_set(), what="the bus")

    def close(self) -> None:
        self._hearing.stop()

    def come(self, user_id: int, *people: int) -> Stream:
        stream = Stream(
            unsent, session_key=f"of {user_id}", wishes=(), language="en", known={}, people=frozenset(people)
        )
        viewer = Viewer(user_id, "", "", mark=b"", joined=frozenset(), sidebar=0, cleared={})
        self.audience.add(stream, viewer, [], {}, self._now)
        self.presence.watch(stream)
        return stream

    def says_in(self, seconds: float) -> set[str]:
        """The kinds of events that it tells the bus within that time."""
        for _tick in range(round(seconds / TICK_S)):
            self._now += TICK_S
            self.presence.look(self._now, is_bus_sound=True)
        last = f"channel.{next(self._ends)}"
        bus.announce(Event(last, "changed", {"version": 1}))  # behind all that was said before
        wait_for(lambda: any(event.topic == last for event in self.said), what="the end of what was said")
        kinds = {event.kind for event in self.said if event.topic != last}
        self.said.clear()
        return kinds

    def hear(self, event: Event) -> None:
        self.presence.take([event], self._now)


async def unsent(_message: Message) -> None:
    raise AssertionError("nothing is sent before a stream runs")


@pytest.fixture
def hub() -> Iterator[Watched]:
    hub = Watched()
    yield hub
    hub.close()


def test_nothing_goes_over_the_bus_while_nobody_looks_at_who_is_here(hub: Watched) -> None:
    bob, carol, dave = 11, 12, 13
    streams = [hub.come(someone) for someone in (bob, carol)]
    assert hub.says_in(A_MINUTE_S) == set()
    streams[0].is_idle = True
    hub.audience.remove(streams[1])
    assert hub.says_in(A_MINUTE_S) == set()

    looking = hub.come(dave, bob, carol)
    assert hub.says_in(A_MINUTE_S) == {"asked"}
    hub.audience.remove(looking)
    assert hub.says_in(A_MINUTE_S) == set()

    hub.hear(who_is_here(FAR_OFF_HUB, [bob]))
    assert hub.says_in(TICK_S) == {"here"}
    assert hub.says_in(A_MINUTE_S) <= {"here"}  # it does not ask again
    streams[0].is_idle = False
    assert hub.says_in(A_MINUTE_S) == set()


# What a browser says


def test_saying_it_writes_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    bob = signed_in(cast.bob)

    with django_assert_num_queries(2) as queries:  # the session and its user
        answer = bob.post("/presence/", {"idle": "1", "people": f"{cast.carol.pk} {cast.dave.pk}"})

    assert answer.status_code == 204
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


@pytest.mark.parametrize(
    "fields", [{"idle": "2"}, {"people": "x"}, {"people": "1,2"}, {"people": "1 " * 5_000}]
)
def test_what_makes_no_sense_is_refused(cast: Cast, fields: dict[str, str]) -> None:
    answer = signed_in(cast.bob).post("/presence/", fields, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_only_a_page_of_ones_own_says_it(cast: Cast) -> None:
    assert Client().post("/presence/", headers=JSON).status_code == 401
    assert signed_in(cast.bob).get("/presence/", headers=JSON).status_code == 405
    assert signed_in(cast.bob, checks_csrf=True).post("/presence/", headers=JSON).status_code == 403
    other = signed_in(cast.bob).post("/presence/", {"author": "carol"}, headers=JSON)
    assert (other.status_code, other.json()["code"]) == (409, "other_author")


def test_an_account_that_ended_says_nothing(cast: Cast) -> None:
    gone = deactivate_user(cast.alice, cast.bob)

    with pytest.raises(NotAllowed):
        tell_browser(gone, session_key="key", is_idle=False, people=())
