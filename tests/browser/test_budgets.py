"""How much a first visit to a channel takes over the wire, compressed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.visitor import Visitor

MESSAGES = 50
BUDGETS_B = {"Document": 30_000, "Stylesheet": 15_000, "Script": 45_000}


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
    bob = person("bob").sign_up()
    bob.create_channel(slug)
    bob.sees_stored(*[f"Number {number}" for number in range(MESSAGES)])

    taken_b = bytes_of_a_first_visit(bob)

    over = {kind: taken_b[kind] for kind, most_b in BUDGETS_B.items() if not 0 < taken_b[kind] <= most_b}
    assert over == {}, taken_b


def bytes_of_a_first_visit(someone: Person) -> Counter[str]:
    """What the page takes with an empty cache, by the kind of resource, in bytes on the wire."""
    kinds: dict[str, str] = {}
    taken_b: Counter[str] = Counter()

    def began(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def ended(event: dict[str, Any]) -> None:
        taken_b[kinds[event["requestId"]]] += int(event["encodedDataLength"])

    devtools = someone.context.new_cdp_session(someone.page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.on("Network.responseReceived", began)
    devtools.on("Network.loadingFinished", ended)
    someone.page.reload()
    return taken_b
