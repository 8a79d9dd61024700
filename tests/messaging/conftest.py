"""Fixtures for tests of streams: the running product, and people with open streams."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from tests.admin import make_admin
from tests.site import Site
from tests.streams import OpenStream
from tests.visitor import Visitor

_numbers = count(1)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The product, with all its parts where there is a broker."""
    make = Site.stack(has_live=True) if os.environ.get("BROKER_URL") else Site.embedded()
    with make as running:
        yield running


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes a name that no other test on the same site uses."""
    return lambda name: f"{name}-{next(_numbers)}"


@pytest.fixture
def person(site: Site, unique: Callable[[str], str]) -> Iterator[Callable[[str], Visitor]]:
    """Makes people who are signed up."""
    with ExitStack() as stack:

        def make(name: str) -> Visitor:
            someone = stack.enter_context(Visitor(site.url, unique(name)))
            someone.sign_up()
            return someone

        yield make


@pytest.fixture
def admin(site: Site, person: Callable[[str], Visitor]) -> Visitor:
    """Somebody who may do everything."""
    alice = person("alice")
    make_admin(site, alice)
    return alice


@pytest.fixture
def room(unique: Callable[[str], str]) -> str:
    """The slug of a channel that nobody made yet."""
    return unique("room")


@pytest.fixture
def listen(site: Site) -> Iterator[Callable[..., OpenStream]]:
    """Opens streams, and waits until they are ready."""
    with ExitStack() as stack:

        def make(visitor: Visitor, *opened: str) -> OpenStream:
            return stack.enter_context(OpenStream(visitor, *opened)).wait_until_ready()

        yield make
