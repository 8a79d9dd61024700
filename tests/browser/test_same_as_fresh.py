"""A page that was open while something changed comes to show what one that is loaded afresh shows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from uuid import UUID

import pytest
from playwright.sync_api import Page

from tests.admin import take_out
from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.test_live import channel_id, wait_for_stream
from tests.faults.proxy import Proxy
from tests.site import Site
from tests.visitor import Visitor
from tests.waiting import wait_for

Unique = Callable[[str], str]

SAME_WITHIN_S = 20
COMPARED_TOGETHER = (
    3  # changes: each comparison loads a page or two, and by itself each is compared among the long tests
)
ASLEEP = "08:00:00"
CHANNELS = "/admin/channels_app/channel/"
LOOKS_AWAY = "document.hasFocus = () => false"  # so that loading it afresh reads nothing

# What somebody sees of a page, an element or a text in each line: its title, what is said, the channel's
# name, topic and members, and the list of channels with what is unread in each. Attributes and classes are
# sorted. Left out: the line above what is new, which tells when somebody looked, not how things are;
# aria-live, by which a message that came is read out and one that was there is not; and data-day, which the
# server alone writes on the lines between days.
SEEN = """() => {
    const lines = [`title: ${document.title}`];
    const draw = (node, depth) => {
        const indent = "  ".repeat(depth);
        if (node.nodeType === Node.TEXT_NODE) {
            const text = node.data.trim().replace(/\\s+/g, " ");
            if (text) lines.push(indent + text);
        } else if (node.nodeType === Node.ELEMENT_NODE && !node.matches(".timeline__new")) {
            const attributes = [...node.attributes]
                .filter(({ name }) => !["aria-live", "data-day"].includes(name))
                .map(({ name, value }) => {
                    const words = name === "class" ? value.trim().split(/\\s+/).sort().join(" ") : value;
                    return `${name}="${words}"`;
                });
            lines.push(`${indent}<${[node.localName, ...attributes.sort()].join(" ")}>`);
            if (node.localName !== "svg") for (const child of node.childNodes) draw(child, depth + 1);
        }
    };
    for (const place of ["#messages", ".channel__header [data-about]", "#sidebar ul"]) {
        draw(document.querySelector(place), 0);
    }
    return lines.join("\\n");
}"""


@dataclass
class Scene:
    """Carol, who is in two channels, has the one at `here` open; Bob talks in both, and Alice is an admin.

    `wire` is what Carol's browser reaches the site by. `phone` is another device of hers, and `fresh` one
    that looks at `here` as if for the first time. `said` is what Bob said, by the address of the channel.
    """

    site: Site
    wire: Proxy
    carol: Person
    phone: Visitor
    fresh: Page
    bob: Visitor
    alice: Visitor
    here: str
    there: str
    said: dict[str, list[UUID]] = field(default_factory=dict)

    def say(self, channel: str, text: str) -> None:
        client_id = self.bob.say(channel, text)
        slug = slug_of(channel)
        wait_for(lambda: client_id in self.site.stored(slug), what="a message to be stored")
        self.said.setdefault(channel, []).append(client_id)

    def edit(self, client_id: UUID, text: str) -> None:
        done(self.bob, f"/messages/{client_id}/edit/", text=text)

    def delete(self, client_id: UUID) -> None:
        done(self.bob, f"/messages/{client_id}/delete/")

    def by_admin(self, action: str) -> None:
        done(self.alice, CHANNELS, action=action, _selected_action=str(self.here_id))

    @property
    def here_id(self) -> int:
        return channel_id(self.site, slug_of(self.here))

    def seen_afresh(self) -> str:
        self.fresh.goto(self.here)
        lines = seen(self.fresh)
        self.fresh.goto("about:blank")
        return lines

    def wait_until_read(self) -> None:
        """What Bob said here was seen by Carol, and the server knows."""
        last_seq = self.site.last_seq(slug_of(self.here))
        mark = f'data-last-read="{last_seq}"'
        wait_for(lambda: mark in self.phone.ask("/channels/sidebar/").body.decode(), what="all to be read")


Change = Callable[[Scene], None]


def a_message_comes(scene: Scene) -> None:
    scene.say(scene.here, "three *with* a [link](https://example.com/)")


def own_message_from_another_device(scene: Scene) -> None:
    scene.phone.say(scene.here, "three, from the phone")


def a_message_is_edited(scene: Scene) -> None:
    scene.edit(scene.said[scene.here][0], "one, said *better*")


def a_message_is_deleted(scene: Scene) -> None:
    scene.delete(scene.said[scene.here][0])


def a_message_comes_elsewhere(scene: Scene) -> None:
    scene.say(scene.there, "another")


def an_unread_message_is_deleted_elsewhere(scene: Scene) -> None:
    scene.delete(scene.said[scene.there][0])


def the_chat_is_deleted(scene: Scene) -> None:
    done(scene.phone, f"{scene.here}clear/")


def the_topic_changes(scene: Scene) -> None:
    done(scene.alice, f"{CHANNELS}{scene.here_id}/change/", topic="What is new", _save="Save")


def another_channel_is_read(scene: Scene) -> None:
    seq = scene.site.last_seq(slug_of(scene.there))
    done(scene.phone, f"{scene.there}read/", seq=str(seq), author=scene.phone.username)


def it_is_marked_as_unread(scene: Scene) -> None:
    done(scene.phone, f"/messages/{scene.said[scene.here][0]}/unread/", author=scene.phone.username)


def another_channel_is_marked_as_unread(scene: Scene) -> None:
    another_channel_is_read(scene)
    done(scene.phone, f"/messages/{scene.said[scene.there][1]}/unread/", author=scene.phone.username)


def another_channel_is_muted(scene: Scene) -> None:
    done(scene.phone, f"{scene.there}mute/", muted="true", author=scene.phone.username)


def it_is_muted(scene: Scene) -> None:
    done(scene.phone, f"{scene.here}mute/", muted="true", author=scene.phone.username)


def somebody_joins(scene: Scene) -> None:
    done(scene.alice, f"{scene.here}join/")


def somebody_leaves(scene: Scene) -> None:
    done(scene.bob, f"{scene.here}unsubscribe/")


def somebody_is_taken_out(scene: Scene) -> None:
    take_out(scene.site, scene.alice, scene.bob, slug_of(scene.here))


def they_leave_another_channel(scene: Scene) -> None:
    done(scene.phone, f"{scene.there}unsubscribe/")


def they_come_into_another_channel(scene: Scene) -> None:
    scene.phone.create_channel(f"{slug_of(scene.here)} beside")


def it_is_archived(scene: Scene) -> None:
    scene.by_admin("archive")


def it_is_restored(scene: Scene) -> None:
    scene.by_admin("restore")


def the_chat_is_brought_back(scene: Scene) -> None:
    done(scene.phone, f"{scene.here}clear/", undo="1")


def somebody_comes_back(scene: Scene) -> None:
    done(scene.bob, f"{scene.here}join/")


# In this order, none of them takes away what a later one needs.
CHANGES = [
    a_message_comes,
    own_message_from_another_device,
    a_message_is_edited,
    a_message_comes_elsewhere,
    an_unread_message_is_deleted_elsewhere,
    another_channel_is_read,
    another_channel_is_marked_as_unread,
    another_channel_is_muted,
    the_topic_changes,
    somebody_joins,
    it_is_marked_as_unread,
    a_message_is_deleted,
    somebody_leaves,
    somebody_comes_back,
    somebody_is_taken_out,
    they_come_into_another_channel,
    they_leave_another_channel,
    it_is_muted,
    it_is_archived,
    it_is_restored,
    the_chat_is_deleted,
]
ALONE = [change for change in CHANGES if change not in (somebody_comes_back, it_is_restored)]
SEQUENCE = [  # likewise, and no page has to be loaded again for them
    a_message_comes,
    somebody_joins,
    a_message_comes_elsewhere,
    a_message_is_edited,
    an_unread_message_is_deleted_elsewhere,
    the_topic_changes,
    a_message_is_deleted,
    they_come_into_another_channel,
    another_channel_is_read,
    somebody_leaves,
]


@pytest.fixture
def scene(
    site: Site, person: MakePerson, visitor: Callable[[str], Visitor], unique: Unique
) -> Iterator[Scene]:
    bob, alice = visitor("bob"), visitor("alice")
    make_admin(site, alice)
    with ExitStack() as stack:
        wire = stack.enter_context(Proxy(site.port))
        carol = person("carol", base_url=f"http://127.0.0.1:{wire.port}").sign_up()
        fresh = person("fresh")
        phone = stack.enter_context(Visitor(site.url, carol.username))
        phone.log_in()
        there, here = (phone.create_channel(unique(name)) for name in ("there", "here"))
        for channel in (here, there):
            bob.create_channel(slug_of(channel))
        fresh.page.add_init_script(LOOKS_AWAY)
        fresh.be(carol)
        scene = Scene(site, wire, carol, phone, fresh.page, bob, alice, here, there)
        for channel in (here, there):
            scene.say(channel, "one")
            scene.say(channel, "two")
        carol.page.goto(here)
        wait_for_stream(carol.page)
        carol.sees_stored("one", "two")
        scene.wait_until_read()
        wait_until_same(scene)
        yield scene
        carol.page.goto("about:blank")  # before the wire goes


def test_changes_are_seen_as_on_a_page_loaded_afresh(scene: Scene) -> None:
    with stays(scene.carol.page):
        for first in range(0, len(CHANGES), COMPARED_TOGETHER):
            change_and_compare(scene, *CHANGES[first : first + COMPARED_TOGETHER])
    with scene.carol.page.expect_navigation():  # only a new page has what was cleared
        the_chat_is_brought_back(scene)
    wait_until_same(scene)


@pytest.mark.long
@pytest.mark.parametrize("change", ALONE, ids=lambda change: change.__name__)
def test_a_change_by_itself_is_seen_as_on_a_page_loaded_afresh(scene: Scene, change: Change) -> None:
    with stays(scene.carol.page):
        change_and_compare(scene, change)


@pytest.mark.long
def test_ten_changes_in_a_row_are_seen_as_on_a_page_loaded_afresh(scene: Scene) -> None:
    with stays(scene.carol.page):
        change_and_compare(scene, *SEQUENCE)


def test_a_laptop_that_slept_for_hours_catches_up_by_itself(scene: Scene) -> None:
    carol = scene.carol
    carol.allow("net::ERR_")
    scene.fresh.clock.install()
    carol.page.clock.install()
    carol.page.goto(scene.here)
    wait_for_stream(carol.page)
    with stays(carol.page):
        before = seen(carol.page)
        scene.wire.hold()
        carol.context.set_offline(True)
        for change in SEQUENCE:
            change(scene)
        wait_for(lambda: scene.seen_afresh() != before, what="the changes to be seen on a fresh page")
        assert seen(carol.page) == before
        for page in (carol.page, scene.fresh):
            page.clock.fast_forward(ASLEEP)  # what was due meanwhile is done once

        scene.wire.cut()  # the server has given up on what was open
        scene.wire.mend()
        carol.context.set_offline(False)
        carol.sees_stored("two", "three")
        wait_until_same(scene)
        wait_for_stream(carol.page)
        carol.say("Good morning")
        carol.sees_stored("two", "three", "Good morning")
        wait_until_same(scene)


def change_and_compare(scene: Scene, *changes: Change) -> None:
    before = scene.seen_afresh()
    for change in changes:
        change(scene)
    names = ", ".join(change.__name__ for change in changes)
    wait_for(lambda: scene.seen_afresh() != before, what=f"{names}, seen on a fresh page")
    wait_until_same(scene, after=names)


def wait_until_same(scene: Scene, *, after: str = "") -> None:
    """Carol's page comes to be as one that is loaded afresh."""
    shown = {"open": "", "fresh": ""}

    def is_same() -> bool:
        shown["fresh"] = scene.seen_afresh()
        shown["open"] = seen(scene.carol.page)
        return shown["open"] == shown["fresh"]

    try:
        wait_for(is_same, what="the same", timeout_s=SAME_WITHIN_S)
    except AssertionError:
        afresh, here = shown["fresh"], shown["open"]
        difference = "\n".join(unified_diff(afresh.splitlines(), here.splitlines(), lineterm=""))
        pytest.fail(f"{after}\n{difference}\n\nA fresh page:\n{afresh}\n\nThe open one:\n{here}")


@contextmanager
def stays(page: Page) -> Iterator[None]:
    """The page is not loaded again meanwhile."""
    page.evaluate("window.isTheSame = true")
    yield
    assert page.evaluate("window.isTheSame"), "the page was loaded again"


def seen(page: Page) -> str:
    return str(page.evaluate(SEEN))


def done(someone: Visitor, path: str, **fields: str) -> None:
    answer = someone.send(path, **fields)
    assert answer.status == 302, answer.body.decode()


def slug_of(address: str) -> str:
    return address.strip("/").rpartition("/")[2]


def make_admin(site: Site, someone: Visitor) -> None:
    site.manage(
        "shell",
        given=f"""
from accounts.models import User
User.objects.filter(username={someone.username!r}).update(is_staff=True, is_superuser=True)
""",
    )
