"""Fixtures of the browser tests: the running product, Chromium, and people in front of it.

Nothing here touches Django: the product runs in processes of its own.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.person import Person
from tests.site import Site
from tests.visitor import Visitor

# How the site runs: on the services when the environment names them; the embedded default is always there.
MODES = ["stack", "embedded"] if os.environ.get("BROKER_URL") else ["embedded"]
PLAIN_HOST = "chat.test"  # of the embedded default on plain HTTP: local addresses count as secure
HOSTS = f"localhost,127.0.0.1,{PLAIN_HOST}"
CHROMIUM_FLAGS = [
    "--no-sandbox",  # it can't be had by root, nor in many containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
]
EXPECT_TIMEOUT_MS = 15_000  # two browsers, a web server and a worker may share one core

_numbers = count(1)


class MakePerson(Protocol):
    def __call__(self, name: str, **context: Any) -> Person: ...


@pytest.fixture(scope="session")
def running() -> Iterator[Callable[[str], Site]]:
    """The one site of this process that runs in a mode, started when it is first asked for."""
    sites: dict[str, Site] = {}
    with ExitStack() as stack:

        def get(mode: str) -> Site:
            if mode not in sites:
                made = Site.stack(has_live=True) if mode == "stack" else Site.embedded(ALLOWED_HOSTS=HOSTS)
                sites[mode] = stack.enter_context(made)
            return sites[mode]

        yield get


@pytest.fixture
def site(running: Callable[[str], Site], request: pytest.FixtureRequest) -> Site:
    """The running product; a test that is parametrized with MODES runs on each."""
    return running(getattr(request, "param", MODES[0]))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium is not installed: run deploy/services.sh install chromium"
    expect.set_options(timeout=EXPECT_TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes a name that no other test on the same site uses."""
    return lambda name: f"{name}-{next(_numbers)}"


@pytest.fixture
def person(site: Site, chromium: Browser, unique: Callable[[str], str]) -> Iterator[MakePerson]:
    """Makes people, each with a browser of their own; what went wrong in any of them fails the test."""
    people: list[Person] = []

    def make(name: str, **context: Any) -> Person:
        settings = {
            "base_url": site.url,
            "locale": "en-GB",
            "reduced_motion": "reduce",
            # It would load the whole site once for each person; what it does has tests of its own.
            "service_workers": "block",
            **context,
        }
        someone = Person(chromium.new_context(**settings), unique(name))
        if not settings.get("java_script_enabled", True):
            someone.allow("request: csp GET")  # scripts that the page would have loaded early
        people.append(someone)
        return someone

    yield make
    troubles = [f"{someone.username}: {trouble}" for someone in people for trouble in someone.unexpected]
    for someone in people:
        someone.context.close()
    assert troubles == []


@pytest.fixture
def visitor(site: Site, unique: Callable[[str], str]) -> Iterator[Callable[[str], Visitor]]:
    """Makes signed-up people who talk without a browser."""
    with ExitStack() as stack:

        def make(name: str) -> Visitor:
            someone = stack.enter_context(Visitor(site.url, unique(name)))
            someone.sign_up()
            return someone

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the site's logs with what failed."""
    report = yield
    site = item.funcargs.get("site")
    if report.failed and site is not None:
        report.sections.append(("The site's logs", site.last_words()))
    return report
