"""An admin invites somebody: a link is made, copied, and opened by who has no account yet."""

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.admin import make_admin
from tests.browser.conftest import MakePerson
from tests.site import Site
from tests.visitor import PASSWORD


def test_a_link_is_made_copied_used_and_revoked(site: Site, person: MakePerson) -> None:
    alice = person("alice", permissions=["clipboard-read", "clipboard-write"]).sign_up()
    make_admin(site, alice)
    alice.page.reload()
    alice.sidebar.get_by_role("link", name="Invite people").click()
    alice.page.get_by_label("How many people may use it").fill("2")
    alice.button("Make link").click()
    expect(alice.page.get_by_role("img", name="The link as a QR code")).to_be_visible()
    alice.button("Copy link").click()
    expect(alice.page.get_by_text("Link copied.")).to_be_visible()
    link: str = alice.page.evaluate("navigator.clipboard.readText()")
    assert link == alice.page.get_by_label("Link", exact=True).input_value()

    bob = person("bob")
    bob.page.goto(urlsplit(link).path)
    expect(bob.page.get_by_text("You are invited.")).to_be_visible()
    bob.page.get_by_label("Username").fill(bob.username)
    bob.page.get_by_label("Password").fill("short")
    bob.button("Sign up").click()
    expect(bob.page.locator(".field--wrong")).to_be_visible()
    bob.page.get_by_label("Password").fill(PASSWORD)
    bob.button("Sign up").click()
    expect(bob.page.get_by_role("heading", level=1)).to_contain_text("public")

    alice.page.reload()
    row = alice.page.get_by_role("listitem").filter(has_text="1 of 2 uses")
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    late = person("late")
    late.allow("status of 404")
    late.page.goto(urlsplit(link).path)
    expect(late.page.get_by_role("heading", name="This invitation does not work any more")).to_be_visible()
