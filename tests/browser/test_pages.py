"""Pages beside the main job: errors in our own dress, and the dark scheme."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import MakePerson
from tests.site import Site


def test_a_page_that_is_not_there_leads_back_to_the_chat(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    bob.allow("status of 404")
    for path in ("/nowhere/", "/channels/nowhere/", "/messages/00000000-0000-4000-8000-000000000000/"):
        response = bob.page.goto(path)
        assert response is not None
        assert response.status == 404
        expect(bob.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        bob.link("Back to the chat").click()
        bob.is_in("public")


def test_a_form_without_its_token_says_what_to_do(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    bob.page.goto("/channels/create/")
    bob.context.clear_cookies(name="csrftoken")
    bob.allow("status of 403")
    bob.page.get_by_label("Channel name").fill("Attic")
    bob.button("Create").click()
    expect(bob.page.get_by_role("heading", name="This page was open too long")).to_be_visible()


def test_an_address_that_breaks_the_rules_is_refused_in_our_own_dress(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    bob.allow("status of 422")
    bob.page.goto("/channels/public/?before=x")
    expect(bob.page.get_by_role("heading", name="That did not work")).to_be_visible()


def test_the_dark_scheme_is_another_ground(person: MakePerson) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        bob = person("bob", color_scheme=scheme).sign_up()
        grounds.add(bob.page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(grounds) == 2


def test_a_name_with_markup_is_shown_as_typed(
    site: Site, person: MakePerson, unique: Callable[[str], str]
) -> None:
    name = unique("<b>bold</b> & 'quoted'")
    bob = person("bob").sign_up(into=name)
    bob.say("<script>alert(1)</script> <img src=x onerror=alert(1)>")
    bob.sees_stored("<script>alert(1)</script> <img src=x onerror=alert(1)>")
    expect(bob.sidebar.get_by_role("link", name=name, exact=True)).to_be_visible()
