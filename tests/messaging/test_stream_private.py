"""What private channels and direct conversations bring on a stream, and to whom nothing any more."""

import re
import time
import uuid
from dataclasses import dataclass

import pytest

from tests.messaging.test_stream import SOON_S, Listen, MakePerson
from tests.streams import OpenStream
from tests.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Room:
    """A private channel of bob's that carol is in, and mallory, who is in none."""

    bob: Visitor
    carol: Visitor
    mallory: Visitor
    address: str

    @property
    def slug(self) -> str:
        return self.address.split("/")[2]


def invite(host: Visitor, address: str, guest: Visitor) -> None:
    assert host.send(f"{address}invitations/", username=guest.username).status == 302


def invitation_of(guest: Visitor) -> str:
    """The address of the one invitation in their sidebar, without the answer."""
    [found] = re.findall(r"/channels/invitations/\d+/", guest.get("/channels/sidebar/").body.decode())[:1]
    return str(found)


@pytest.fixture
def hideout(person: MakePerson, room: str) -> Room:
    bob, carol, mallory = (person(name) for name in ("bob", "carol", "mallory"))
    address = bob.send("/channels/create/", name=room, kind="private").headers["Location"]
    invite(bob, address, carol)
    assert carol.send(f"{invitation_of(carol)}accept/").headers["Location"] == address
    return Room(bob, carol, mallory, address)


def facts_about(stream: OpenStream, slug: str) -> list[str]:
    """What came about that channel."""
    return [event.kind for event in list(stream.received) if event.facts.get("slug") == slug]


def test_who_is_not_in_it_hears_nothing_whatever_they_ask_for(hideout: Room, listen: Listen) -> None:
    mine = listen(hideout.carol, hideout.slug)
    theirs = listen(hideout.mallory, hideout.slug, "public")

    hideout.bob.say(hideout.address, "among us")
    hideout.bob.script_post(f"{hideout.address}typing/")
    mine.wait_for_text("among us")
    hideout.bob.say("/channels/public/", f"for all, {hideout.bob.username}")
    theirs.wait_for_text(f"for all, {hideout.bob.username}")

    assert facts_about(mine, hideout.slug)
    assert not facts_about(theirs, hideout.slug)


def test_who_is_taken_out_hears_nothing_more(hideout: Room, listen: Listen) -> None:
    opened, aside = listen(hideout.carol, hideout.slug, "public"), listen(hideout.carol, "public")
    mine = listen(hideout.bob, hideout.slug)

    removed = hideout.bob.send(f"{hideout.address}members/{hideout.carol.username}/remove/")
    removed_at = time.monotonic()
    assert removed.status == 302
    for stream in (opened, aside):
        assert stream.wait_for("sidebar").at - removed_at < SOON_S
    heard = [facts_about(stream, hideout.slug) for stream in (opened, aside)]
    hideout.bob.say(hideout.address, "without her")
    mine.wait_for_text("without her")
    hideout.bob.say("/channels/public/", f"for all, {hideout.bob.username}")
    for stream in (opened, aside):
        stream.wait_for("count", slug="public")

    assert [facts_about(stream, hideout.slug) for stream in (opened, aside)] == heard
    assert hideout.carol.ask(f"{hideout.address}changes/?after=0").status == 404


def test_a_ticket_of_who_was_taken_out_shows_nobody_typing_and_posts_nothing(
    hideout: Room, listen: Listen
) -> None:
    page = hideout.carol.get(hideout.address).body.decode()
    [ticket] = re.findall(r'data-ticket="([^"]+)"', page)
    mine = listen(hideout.bob, hideout.slug)
    hideout.bob.send(f"{hideout.address}members/{hideout.carol.username}/remove/")

    hideout.carol.script_post(f"{hideout.address}typing/", ticket=ticket)
    hideout.carol.script_post(
        f"{hideout.address}messages/", ticket=ticket, text="still here?", client_id=str(uuid.uuid4())
    )
    hideout.bob.say(hideout.address, "she is gone")
    mine.wait_for_text("she is gone")

    assert not mine.of("typing")
    assert not [event for event in mine.of("changes") if "still here?" in event.facts["html"]]


def test_an_invitation_comes_and_goes_in_the_sidebar(hideout: Room, listen: Listen) -> None:
    theirs = listen(hideout.mallory)
    for act in ("invite", "withdraw"):
        before = len(theirs.of("sidebar"))
        if act == "invite":
            invite(hideout.bob, hideout.address, hideout.mallory)
        else:
            assert hideout.bob.send(f"{invitation_of(hideout.mallory)}withdraw/").status == 302
        theirs.wait_for_another("sidebar", before)
    assert "/channels/invitations/" not in hideout.mallory.get("/channels/sidebar/").body.decode()


def test_a_conversation_begins_on_the_others_open_page(person: MakePerson, listen: Listen) -> None:
    bob, carol = person("bob"), person("carol")
    theirs = listen(carol)

    address = bob.send(f"/direct/{carol.username}/").headers["Location"]
    slug = address.split("/")[2]
    assert slug not in carol.get("/channels/sidebar/").body.decode()
    bob.say(address, "Have a minute?")

    assert theirs.wait_for("count", slug=slug).facts["new"] == [[1, bob.username]]
    assert slug in carol.get("/channels/sidebar/").body.decode()


def test_pages_of_a_renamed_channel_are_told_under_the_address_that_they_know(
    person: MakePerson, room: str, listen: Listen
) -> None:
    bob = person("bob")
    address = bob.create_channel(room)
    mine = listen(bob, room)

    assert bob.send(f"{address}settings/", name=f"{room} too", topic="").status == 302

    mine.wait_for("hint", slug=room)
    mine.wait_for("sidebar")
    assert f'data-slug="{room}-too"' in bob.ask(f"{address}changes/?after=0").body.decode()
