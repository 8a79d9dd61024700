"""One site, its services and its crowd for all cases; and a line in the terminal for each audit."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest

from tests.faults.crowd import Crowd
from tests.faults.drill import FEW_LOGS, LONG, SHORT, WORKERS, Drill, Scale
from tests.faults.proxy import Proxy
from tests.faults.services import Services
from tests.site import CHECKOUT, Ports, Site
from tests.visitor import Visitor

WHOLE_BATCHES = str(64 << 20)  # bytes: room for as many messages as there may be, however large


def a_folder(name: str) -> Path:
    """Where services of a test's own keep everything, beside those that all tests share."""
    shared = os.environ.get("SERVICES_DIR") or CHECKOUT / "var" / "services"
    return Path(f"{shared}-{name}")


@pytest.fixture(
    params=[pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.long)]
)
def scale(request: pytest.FixtureRequest) -> Scale:
    found: Scale = request.param
    return found


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    with Services(a_folder("faults")) as started:
        yield started


@pytest.fixture(scope="session")
def broker_wire(services: Services) -> Iterator[Proxy]:
    """Between the web process and the broker."""
    with _wire_to(services.addresses["BROKER_URL"]) as wire:
        yield wire


@pytest.fixture(scope="session")
def database_wire(services: Services) -> Iterator[Proxy]:
    """Between the workers and the database."""
    with _wire_to(services.addresses["DATABASE_URL"]) as wire:
        yield wire


@pytest.fixture(scope="session")
def site(services: Services, broker_wire: Proxy, database_wire: Proxy) -> Iterator[Site]:
    ports = {"web": Ports(broker=broker_wire.port), "worker": Ports(database=database_wire.port)}
    with Site.stack(
        services=services.addresses,
        workers=WORKERS,
        ports=ports,
        LOG_LEVEL=FEW_LOGS,
        PERSIST_BATCH_BYTES=WHOLE_BATCHES,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def crowd(site: Site) -> Crowd:
    with site.explained():
        return Crowd(site)


@pytest.fixture
def drill(
    site: Site,
    services: Services,
    crowd: Crowd,
    broker_wire: Proxy,
    database_wire: Proxy,
    scale: Scale,
    report: Callable[[str], None],
) -> Iterator[Drill]:
    """The site with everything running, and put right again afterwards."""
    made = Drill(site, services, crowd, scale, report)
    yield made
    broker_wire.mend()
    database_wire.mend()
    made.put_right()


@pytest.fixture
def worker_broker_wire(drill: Drill) -> Iterator[Proxy]:
    """Between the workers and the broker, laid for one test."""
    with _laid(drill, "worker", "broker") as wire:
        yield wire


@pytest.fixture
def web_database_wire(drill: Drill) -> Iterator[Proxy]:
    """Between the web process and the database, laid for one test."""
    with _laid(drill, "web", "database") as wire:
        yield wire


@contextmanager
def _laid(drill: Drill, name: str, service: Literal["broker", "database"]) -> Iterator[Proxy]:
    """A wire from the parts of this name to a service; they are restarted before and after."""
    before = drill.site.ports_of(name)
    with _wire_to(drill.services.addresses[f"{service.upper()}_URL"]) as wire:
        _restart(drill.site, name, replace(before, **{service: wire.port}))
        yield wire
        wire.mend()
        _restart(drill.site, name, before)


def _restart(site: Site, name: str, ports: Ports) -> None:
    site.use_ports(name, ports)
    for part in site.parts_called(name):
        part.stop()
        part.start()
    site.wait_until_ready()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Shows a line in the terminal at once, beside the name of the test."""
    plugins = request.config.pluginmanager
    terminal, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    assert terminal is not None
    assert capture is not None

    def write(line: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write_line(f"{request.node.name}: {line}")

    return write


@pytest.fixture(scope="session")
def people(site: Site) -> Iterator[Callable[[str], Visitor]]:
    """Gives the person of a name, signed up at the first call; they are nobody of the crowd."""
    known: dict[str, Visitor] = {}

    def person(username: str) -> Visitor:
        if username not in known:
            known[username] = Visitor(site.url, username)
            known[username].sign_up()
        known[username].hang_up()
        return known[username]

    yield person
    for visitor in known.values():
        visitor.hang_up()


def _wire_to(url: str) -> Proxy:
    port = urlsplit(url).port
    assert port is not None
    return Proxy(port)
