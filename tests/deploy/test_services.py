"""`deploy/services.sh`: private servers that come up, go down, die, come back, and touch nobody else's."""

import socket
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import kombu
import MySQLdb
import psutil
import pytest

from tests.deploy.scripts import processes_of, run_script
from tests.waiting import wait_for

ACCESS_DENIED = 1045


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder too deep for a Unix socket's path, and with a space in it."""
    deep = tmp_path_factory.mktemp("services") / ("d" * 60) / "with a space" / ("e" * 60)
    yield deep
    run_script("services.sh", "down", var=deep)


def services(*arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    return run_script("services.sh", *arguments, var=var)


def settings_of(var: Path) -> dict[str, str]:
    lines = services("env", var=var).stdout.splitlines()
    return dict(line.removeprefix("export ").split("=", 1) for line in lines)


def connect_to_database(var: Path, **more: str) -> MySQLdb.Connection:
    url = urllib.parse.urlparse(settings_of(var)["DATABASE_URL"])
    login = {"user": url.username, "password": url.password, **more}
    return MySQLdb.connect(host=url.hostname, port=url.port, **login)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "a command is needed"),
        (("dance",), "unknown command 'dance'"),
        (("up", "postgres"), "unknown service 'postgres'"),
        (("stop",), "one service's name is needed"),
        (("kill", "mariadb", "rabbitmq"), "one service's name is needed"),
        (("status", "mariadb"), "status takes no argument"),
    ],
)
def test_what_it_does_not_know_it_refuses_with_its_usage(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    answer = services(*arguments, var=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"deploy/services.sh: {reason}\nUsage:")


def test_what_is_not_running_has_no_process_id_and_stops_without_complaint(tmp_path: Path) -> None:
    assert services("pid", "mariadb", var=tmp_path).returncode == 1
    assert services("kill", "rabbitmq", var=tmp_path).returncode == 1
    assert services("status", var=tmp_path).returncode == 1
    assert services("env", var=tmp_path).returncode == 1
    answer = services("down", var=tmp_path)
    assert answer.returncode == 0
    assert sorted(answer.stdout.splitlines()) == ["MariaDB is not running.", "RabbitMQ is not running."]


def test_a_process_id_that_belongs_to_someone_else_by_now_is_not_touched(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        folder = tmp_path / "services" / "mariadb"
        folder.mkdir(parents=True)
        (folder / "pid").write_text(f"{stranger.pid} 12345\n")
        assert services("kill", "mariadb", var=tmp_path).returncode == 1
        assert services("down", "mariadb", var=tmp_path).returncode == 0
        assert stranger.poll() is None
        stranger.terminate()


def test_the_whole_life_of_both_services(var: Path) -> None:
    assert services("up", var=var).returncode == 0
    assert services("status", var=var).returncode == 0
    assert "already running" in services("up", var=var).stdout

    connection = connect_to_database(var)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.tx_isolation, @@character_set_server")
        assert cursor.fetchone() == ("READ-COMMITTED", "utf8mb4")
        cursor.execute("CREATE DATABASE kept")
    with pytest.raises(MySQLdb.OperationalError) as refusal:
        connect_to_database(var, user="root", password="")
    assert refusal.value.args[0] == ACCESS_DENIED

    with kombu.Connection(settings_of(var)["BROKER_URL"]) as broker:
        queue = kombu.Queue("kept", durable=True, queue_arguments={"x-queue-type": "quorum"})
        queue(broker.default_channel).declare()

    for name in ("mariadb", "rabbitmq"):
        pid = int(services("pid", name, var=var).stdout)
        assert services("kill", name, var=var).returncode == 0
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert services("status", var=var).returncode == 1
    before = settings_of(var)
    assert services("up", var=var).returncode == 0
    assert settings_of(var) == before, "the addresses are remembered"

    connection = connect_to_database(var)
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES LIKE 'kept'")
        assert cursor.fetchone() == ("kept",)
    with kombu.Connection(before["BROKER_URL"]) as broker:
        kombu.Queue("kept")(broker.default_channel).queue_declare(passive=True)

    listening = [
        one.laddr.ip
        for name in ("mariadb", "rabbitmq")
        for one in psutil.Process(int(services("pid", name, var=var).stdout)).net_connections()
        if one.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}

    assert services("down", var=var).returncode == 0
    wait_for(lambda: not processes_of(var), what="every process of the services to end")


def test_a_port_that_something_else_has_taken_is_chosen_anew(tmp_path: Path) -> None:
    folder = tmp_path / "services" / "mariadb"
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (folder / "port").write_text(f"{taken.getsockname()[1]}\n")
        try:
            assert services("start", "mariadb", var=tmp_path).returncode == 0
            assert (folder / "port").read_text() != f"{taken.getsockname()[1]}\n"
            assert services("stop", "mariadb", var=tmp_path).stdout == "MariaDB is stopped.\n"
        finally:
            services("down", "mariadb", var=tmp_path)
