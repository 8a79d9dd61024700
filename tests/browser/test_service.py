"""Log-in by another service in the browser: its policy lets the form lead there and back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, a_provider
from tests.site import Site


@pytest.fixture
def site_with_service() -> Iterator[Site]:
    with a_provider() as provider:
        provider.person = {"sub": "1", "preferred_username": "zoe", "name": "Zoë Adler"}
        site = Site.embedded(
            OIDC_ISSUER=provider.issuer,
            OIDC_CLIENT_ID=CLIENT_ID,
            OIDC_CLIENT_SECRET=CLIENT_SECRET,
            OIDC_NAME="Example ID",
        )
        with site:
            yield site


def test_one_button_leads_there_and_back(site_with_service: Site, chromium: Browser) -> None:
    context = chromium.new_context(base_url=site_with_service.url, service_workers="block")
    page = context.new_page()
    page.goto("/channels/")
    page.get_by_role("button", name="Log in with Example ID").click()

    expect(page).to_have_url(f"{site_with_service.url}/channels/")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    context.close()
