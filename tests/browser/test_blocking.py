"""What somebody says whom one blocked, on an open page; with scripts and without."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson

Unique = Callable[[str], str]
FOLDED = "Message of somebody you blocked"


def test_messages_of_somebody_blocked_are_folded(person: MakePerson, unique: Unique) -> None:
    bob, carol = person("bob").sign_up(), person("carol").sign_up()
    rude, ruder = unique("rude"), unique("ruder")
    carol.say(rude)
    bob.sees_stored(rude)

    bob.page.goto(f"/people/{carol.username}/")
    bob.button("Block").click()
    expect(bob.button("Unblock")).to_be_visible()
    bob.open("public")
    expect(bob.message(rude).get_by_text(rude)).to_be_hidden()
    expect(bob.message(rude).get_by_text(FOLDED)).to_be_visible()

    carol.say(ruder)
    expect(bob.message(ruder).get_by_text(FOLDED)).to_be_visible()
    expect(bob.message(ruder).get_by_text(ruder)).to_be_hidden()
    bob.message(ruder).get_by_text(FOLDED).click()
    expect(bob.message(ruder).get_by_text(ruder)).to_be_visible()
    expect(bob.message(rude).get_by_text(rude)).to_be_hidden()

    bob.page.goto(f"/people/{carol.username}/")
    bob.button("Unblock").click()
    expect(bob.button("Block")).to_be_visible()
    bob.open("public")
    expect(bob.message(rude).get_by_text(rude)).to_be_visible()
    expect(bob.message(rude).get_by_text(FOLDED)).to_be_hidden()
