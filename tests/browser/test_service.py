"""Log-in by another service in the browser: its policy lets the form lead there and back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, a_provider
from tests.site import Site
from tests.visitor import PASSWORD


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with a_provider() as running:
        yield running


@pytest.fixture(scope="module")
def site_with_service(provider: Provider) -> Iterator[Site]:
    site = Site.embedded(
        OIDC_ISSUER=provider.issuer,
        OIDC_CLIENT_ID=CLIENT_ID,
        OIDC_CLIENT_SECRET=CLIENT_SECRET,
        OIDC_NAME="Example ID",
    )
    with site:
        yield site


def test_one_button_leads_there_and_back(
    provider: Provider, site_with_service: Site, chromium: Browser
) -> None:
    provider.person = {"sub": "1", "preferred_username": "zoe", "name": "Zoë Adler"}
    context = chromium.new_context(base_url=site_with_service.url, service_workers="block")
    page = context.new_page()
    page.goto("/channels/")
    page.get_by_role("button", name="Log in with Example ID").click()

    expect(page).to_have_url(f"{site_with_service.url}/channels/")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    context.close()


def test_an_account_is_connected_after_its_password_was_typed(
    provider: Provider, site_with_service: Site, chromium: Browser
) -> None:
    provider.person = {"sub": "2"}
    context = chromium.new_context(base_url=site_with_service.url, service_workers="block")
    page = context.new_page()
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("link", name="Preferences").click()
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("button", name="Disconnect")).to_be_visible()
    context.close()
