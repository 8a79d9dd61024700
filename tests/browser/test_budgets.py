"""What a first visit to a channel takes: bytes over the wire, requests, and whether the page keeps still."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.visitor import Visitor

MESSAGES = 50
BUDGETS_B = {"Document": 30_000, "Stylesheet": 15_000, "Script": 45_000}
MOST_REQUESTS = 12
SLOWED_DOWN = 8  # as many times, or this machine draws nothing until all is there
WATCH_SHIFTS = """
globalThis.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value)))
  .observe({ type: "layout-shift", buffered: true });
"""


def test_a_first_visit_keeps_within_its_budgets(
    site: Site, person: MakePerson, visitor: Callable[[str], Visitor], unique: Callable[[str], str]
) -> None:
    slug = unique("budget")
    author = visitor("author")
    channel = author.create_channel(slug)
    for number in range(MESSAGES):
        author.say(
            channel, f"Number {number}: the notes of this morning are in the usual place, in two parts."
        )
    bob = person("bob").sign_up(into=slug)
    bob.sees_stored(*[f"Number {number}" for number in range(MESSAGES)])

    bob.context.add_init_script(WATCH_SHIFTS)
    taken_b, requests = first_visit(bob)

    over = {kind: taken_b[kind] for kind, most_b in BUDGETS_B.items() if not 0 < taken_b[kind] <= most_b}
    assert over == {}, taken_b
    assert len(requests) <= MOST_REQUESTS, requests
    assert taken_b["Font"] == 0
    assert bob.page.evaluate("() => shifts") == []


def first_visit(someone: Person) -> tuple[Counter[str], list[str]]:
    """Have the page come with an empty cache, until it hears the stream.

    Returns:
        What it takes in bytes on the wire, by the kind of resource, and the addresses that were asked for.
    """
    requests: list[str] = []
    kinds: dict[str, str] = {}
    taken_b: Counter[str] = Counter()

    def began(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def ended(event: dict[str, Any]) -> None:
        taken_b[kinds[event["requestId"]]] += int(event["encodedDataLength"])

    devtools = someone.context.new_cdp_session(someone.page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED_DOWN})
    devtools.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
    devtools.on("Network.responseReceived", began)
    devtools.on("Network.loadingFinished", ended)
    someone.page.reload()
    expect(someone.sidebar.get_by_text("online", exact=True)).to_be_attached()
    someone.pump()
    return taken_b, requests
