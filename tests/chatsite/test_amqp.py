"""TLS to the broker: whoever connects does so to the host in the address, and to nobody in between."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import LazySettings

from chatsite.amqp import hang_up
from chatsite.live import wire
from messaging.pipeline.broker import close_idle, posting_channel
from messaging.pipeline.queue_states import asked_broker
from tests.faults.tls import Secured, tls_before
from tests.site import free_port

pytestmark = pytest.mark.stack

OURS, ANOTHERS = "IP:127.0.0.1", "DNS:broker.example.org"


def as_a_post(_url: str) -> None:
    with posting_channel(time.monotonic() + 5, is_new=True):
        pass
    close_idle()


def as_the_bus(_url: str) -> None:
    hang_up(wire.connect())


def as_a_worker(url: str) -> None:
    with current_app.connection_for_read(url) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)


def as_a_question(_url: str) -> None:
    with asked_broker():
        pass


Way = Callable[[str], None]


@pytest.fixture
def through_tls(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Sets BROKER_URL to the broker behind TLS, and returns it."""
    plain = urlsplit(settings.BROKER_URL)

    def set_url(secured: Secured, *hosts: str) -> str:
        """Arguments:
        hosts: with their ports.
        """
        monkeypatch.setenv("SSL_CERT_FILE", str(secured.certificate))
        account = f"{plain.username}:{plain.password}"
        nodes = [plain._replace(scheme="amqps", netloc=f"{account}@{host}").geturl() for host in hosts]
        settings.BROKER_URL = url = ";".join(nodes)
        return url

    return set_url


@pytest.fixture
def port(settings: LazySettings) -> int:
    return urlsplit(settings.BROKER_URL).port or 5672


@pytest.mark.parametrize("connect", [as_a_post, as_the_bus, as_a_worker, as_a_question])
def test_a_certificate_must_be_that_of_the_host_in_the_address(
    connect: Way, port: int, through_tls: Callable[..., str], tmp_path: Path
) -> None:
    with tls_before(port, tmp_path, name=OURS) as secured:
        connect(through_tls(secured, f"127.0.0.1:{secured.port}"))

    with tls_before(port, tmp_path, name=ANOTHERS) as secured:
        url = through_tls(secured, f"127.0.0.1:{secured.port}")
        with pytest.raises(Exception, match=r"certificate is not valid for '127\.0\.0\.1'"):
            connect(url)


def test_a_worker_that_tries_again_asks_for_the_same_host(
    port: int, through_tls: Callable[..., str], tmp_path: Path
) -> None:
    with tls_before(port, tmp_path, name="DNS:localhost") as secured:
        url = through_tls(secured, f"localhost:{secured.port}")
        with current_app.connection_for_read(url) as connection:
            for _time in range(2):
                connection.ensure_connection(max_retries=1, interval_start=0)
                hang_up(connection.connection)
                connection.collect()


@pytest.mark.parametrize("connect", [as_a_post, as_the_bus, as_a_worker, as_a_question])
def test_of_a_cluster_each_node_has_a_certificate_of_its_own(
    connect: Way, port: int, through_tls: Callable[..., str], tmp_path: Path
) -> None:
    with tls_before(port, tmp_path, name="DNS:localhost") as secured:
        away = f"127.0.0.1:{free_port()}"
        connect(through_tls(secured, away, f"localhost:{secured.port}"))
