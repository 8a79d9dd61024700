"""A person in front of a browser of their own, who finds everything by its role and name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.visitor import PASSWORD

# The page that asked has been left: nobody waits for the answer.
LEFT_BEHIND = "net::ERR_ABORTED"
# The stream may ask in the very moment in which the session ends; Playwright says where it blocks workers.
NOT_OURS = re.compile(r"status of 401 \(Unauthorized\) \(\S+/live/|registration blocked by Playwright")


class Person:
    """Somebody called `username`, whose `page` may show no trouble that a test did not allow.

    Trouble is an error on the console (a violation of the content security policy is one), an exception that
    nobody caught, or a request that failed.
    """

    def __init__(self, context: BrowserContext, username: str) -> None:
        self.context = context
        self.username = username
        self.troubles: list[str] = []
        self._allowed: list[str] = []
        context.on("page", self._watch)
        self.page = context.new_page()

    # What they can find.

    @property
    def timeline(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def messages(self) -> Locator:
        return self.timeline.get_by_role("article")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def sidebar(self) -> Locator:
        return self.page.get_by_role("navigation", name="Channels")

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """The messages that have `text` in them."""
        return self.messages.filter(has_text=text)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    # What they do.

    def sign_up(self, *, into: str = "") -> Self:
        """Have an account and land in #public, or in the channel `into`, without the pages before that."""
        self._send("/accounts/signup/", username=self.username, password1=PASSWORD)
        self.page.goto(self._send("/channels/create/", name=into) if into else "/")
        self.is_in(into or "public")
        return self

    def be(self, someone: "Person") -> Self:
        """Log in as `someone`, on another device of theirs, and land in #public."""
        self.username = someone.username
        self._send("/accounts/login/", login=self.username, password=PASSWORD)
        self.page.goto("/")
        self.is_in("public")
        return self

    def sign_up_on_the_page(self) -> Self:
        """Make an account as people do, and land in #public."""
        self.page.goto("/accounts/signup/")
        self.page.get_by_label("Username").fill(self.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.button("Sign up").click()
        self.is_in("public")
        return self

    def log_in(self) -> None:
        """Log in on the page that asks for it."""
        self.page.get_by_label("Username").fill(self.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.button("Log in").click()

    @contextmanager
    def another_tab(self, address: str = "/") -> Iterator[None]:
        """Look at `address` in a second tab of the same browser, and close it at the end."""
        first, self.page = self.page, self.context.new_page()
        try:
            self.page.goto(address)
            yield
        finally:
            self.page.close()
            self.page = first

    def create_channel(self, name: str) -> None:
        self.sidebar.get_by_role("link", name="Create a channel").click()
        self.page.get_by_label("Channel name").fill(name)
        self.button("Create").click()
        self.is_in(name)

    def open(self, channel: str) -> None:
        """Go to a channel in the sidebar."""
        # Its name goes on with what is unread there.
        self.sidebar.get_by_role("link", name=re.compile(rf"^{re.escape(channel)}( |$)")).click()
        self.is_in(channel)

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.button("Send").click()

    def act_on(self, message: Locator, name: str) -> None:
        """Point at a message and press one of its buttons."""
        message.hover()
        message.get_by_role("button", name=name, exact=True).click()

    def look_again(self) -> None:
        """Come back to the page, which asks then what is new."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def pump(self) -> None:
        """Have the page draw twice, so that it has noticed what happened to it."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
        )

    # What they see.

    def is_in(self, channel: str) -> None:
        """The page of a channel comes to be shown, and its scripts have run."""
        expect(self.page.get_by_role("heading", level=1, name=channel)).to_be_visible()
        self.page.wait_for_load_state()

    def sees(self, *texts: str | re.Pattern[str]) -> None:
        """The timeline comes to show messages with these texts, in this order, each once, and no others."""
        expect(self.messages).to_have_text([containing(text) for text in texts])

    def sees_stored(self, *texts: str | re.Pattern[str]) -> None:
        """The same, and none of them is still on its way."""
        self.sees(*texts)
        expect(self.timeline.locator("[data-state]")).to_have_count(0)

    def allow(self, trouble: str) -> None:
        """Have troubles with `trouble` in them be part of the test."""
        self._allowed.append(trouble)

    @property
    def unexpected(self) -> list[str]:
        return [
            trouble
            for trouble in self.troubles
            if not NOT_OURS.search(trouble) and not any(part in trouble for part in self._allowed)
        ]

    def _send(self, path: str, **fields: str) -> str:
        """Send a plain form to `path`, as their browser would; returns where the answer leads."""
        requests = self.context.request
        requests.get(path)  # for the token
        [token] = [cookie["value"] for cookie in self.context.cookies() if cookie["name"] == "csrftoken"]
        form: dict[str, str | float | bool] = {**fields}
        answer = requests.post(path, form=form, headers={"X-CSRFToken": token}, max_redirects=0)
        assert answer.status == 302, answer.text()
        return answer.headers["location"]

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        page.on("requestfailed", self._failed)

    def _heard(self, message: ConsoleMessage) -> None:
        # What Chromium says of the page's elements are hints, such as that nobody knows whose a password is.
        if message.type in ("error", "warning") or message.text.startswith("[DOM]"):
            self.troubles.append(f"console: {message.text} ({message.location['url']})")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self.troubles.append(f"request: {request.failure} {request.method} {request.url}")


def containing(text: str | re.Pattern[str]) -> re.Pattern[str]:
    """What Playwright reads of an element that has `text` in it; of a line break it reads nothing at all."""
    return text if isinstance(text, re.Pattern) else re.compile(r"\s*".join(map(re.escape, text.split())))
