"""Two-factor log-in in the browser: passkeys that Chromium itself keeps, and the app's code."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.app_codes import app_code
from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.site import Site
from tests.visitor import PASSWORD

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}
# What somebody's own browser does who has the device of somebody else.
ASK_NOT_WHO_IT_IS = """() => {
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = (asked) =>
    get({ ...asked, publicKey: { ...asked.publicKey, userVerification: "discouraged" } });
}"""


def with_authenticator(someone: Person) -> Any:
    """Give their browser a device that keeps passkeys; returns the way to talk to it, and its id."""
    device = someone.context.new_cdp_session(someone.page)
    device.send("WebAuthn.enable")
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return device, made["authenticatorId"]


def confirm(someone: Person) -> None:
    """Type the password again, where that is asked for."""
    expect(someone.page.get_by_role("heading", level=1, name="Is it you?")).to_be_visible()
    someone.page.get_by_label("Password").fill(PASSWORD)
    someone.button("Go on").click()


def log_out(someone: Person) -> None:
    someone.button("Log out").click()
    expect(someone.button("Log in")).to_be_visible()


@pytest.fixture
def named(site: Site) -> dict[str, Any]:
    """Passkeys are for a name: no browser makes one for an address such as 127.0.0.1."""
    return {"base_url": site.url.replace("127.0.0.1", "localhost")}


def test_a_passkey_logs_in_without_a_password_and_as_the_second_factor(
    person: MakePerson, named: dict[str, Any]
) -> None:
    bob = person("bob", **named).sign_up()
    device, authenticator = with_authenticator(bob)
    bob.page.goto("/accounts/preferences/")
    bob.link("Two-factor log-in").click()
    bob.link("Add a passkey").click()
    confirm(bob)
    name = bob.page.get_by_label("Name")
    expect(name).to_have_value("Chrome on Linux")
    name.fill("My laptop")
    bob.button("Add").click()
    codes = bob.page.get_by_role("listitem").locator("code")
    expect(codes).to_have_count(10)
    with bob.page.expect_download() as download:
        bob.link("Download").click()
    assert download.value.path().read_text().split() == codes.all_inner_texts()
    bob.link("I have kept them").click()
    expect(bob.page.get_by_text("My laptop")).to_be_visible()
    expect(bob.page.get_by_text("It is on")).to_be_visible()

    log_out(bob)
    bob.page.goto("/accounts/login/?next=/channels/")
    bob.button("Log in with a passkey").click()
    expect(bob.page).to_have_url(f"{named['base_url']}/channels/")

    def let_device_know_them(knows: bool) -> None:
        device.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": knows})

    log_out(bob)
    let_device_know_them(False)  # somebody else has it in their hands
    bob.page.goto("/accounts/login/")
    bob.button("Log in with a passkey").click()
    expect(bob.page.get_by_text("No passkey was shown.")).to_be_visible()
    bob.log_in()
    expect(bob.page.get_by_role("heading", level=1, name="One more step")).to_be_visible()
    bob.button("Use a passkey").click()
    expect(bob.page.get_by_text("No passkey was shown.")).to_be_visible()
    bob.page.evaluate(ASK_NOT_WHO_IT_IS)
    bob.button("Use a passkey").click()
    expect(bob.page.get_by_text("Incorrect code.")).to_be_visible()
    let_device_know_them(True)
    bob.button("Use a passkey").click()
    bob.is_in("public")


def test_the_app_is_set_up_by_its_picture_and_asked_for(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    bob.page.goto("/accounts/2fa/")
    bob.link("Set up").click()
    confirm(bob)
    picture = bob.page.get_by_role("img", name="QR code with the secret below")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") > 0  # the policy lets it be drawn
    secret = bob.page.locator("code.secret").inner_text().replace(" ", "")
    bob.page.get_by_label("Code").fill(app_code(secret))
    bob.button("Switch on").click()
    expect(bob.page.get_by_role("heading", level=1, name="Recovery codes")).to_be_visible()
    recovery = bob.page.get_by_role("listitem").locator("code").first.inner_text()

    log_out(bob)
    bob.log_in()
    code = bob.page.get_by_label("Code")
    expect(code).to_be_focused()
    expect(bob.button("Use a passkey")).to_be_hidden()
    code.fill("000000")
    bob.button("Log in").click()
    expect(bob.page.get_by_text("Incorrect code.")).to_be_visible()
    code.fill(recovery)
    bob.button("Log in").click()
    bob.is_in("public")


def test_a_session_is_ended_from_another_browser_at_once(person: MakePerson) -> None:
    bob = person("bob").sign_up()
    other = person("bob")
    other.username = bob.username
    other.page.goto("/accounts/login/")
    other.log_in()
    other.is_in("public")
    other.allow("status of 401")

    bob.page.goto("/accounts/preferences/")
    bob.link("Where you are logged in").click()
    expect(bob.page.get_by_role("main").get_by_role("listitem")).to_have_count(2)
    bob.button("Log out there").click()

    expect(bob.page.get_by_text("You are logged out there.")).to_be_visible()
    expect(bob.page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    expect(other.page.get_by_text("logged out").first).to_be_visible()
