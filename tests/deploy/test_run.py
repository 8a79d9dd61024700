"""`make run`: one command to a site that answers, and one clear line when it can't."""

import os
import socket
import sqlite3
import stat
import urllib.request
from pathlib import Path

import pytest

from tests.deploy.scripts import CHECKOUT, a_free_port, press_ctrl_c, read_until, run_script, started

RUN = [CHECKOUT / "deploy" / "run.sh"]


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return response.status, response.read().decode()


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "var"


def test_it_serves_the_site_and_says_where(var: Path) -> None:
    port = a_free_port()
    with started(RUN, var=var, PORT=str(port)) as process:
        said = read_until(process, "make admin")
        assert f"http://127.0.0.1:{port}/" in said
        assert get(port, "/healthz") == (200, "ok\n")
        status, page = get(port, "/")
        assert status == 200
        assert 'name="csrfmiddlewaretoken"' in page


def test_make_run_says_nothing_of_its_own_when_interrupted(var: Path) -> None:
    port = a_free_port()
    with started(["make", "run"], var=var, PORT=str(port)) as process:
        read_until(process, "make admin")
        assert press_ctrl_c(process).strip() == ""


def test_a_second_start_keeps_the_key_and_the_data_and_prepares_nothing(var: Path) -> None:
    port = a_free_port()
    with started(RUN, var=var, PORT=str(port)) as process:
        read_until(process, "make admin")
        assert press_ctrl_c(process).strip() == ""
        assert process.returncode == 0
    key = (var / "secret_key").read_text()
    assert len(key) >= 50
    assert stat.S_IMODE((var / "secret_key").stat().st_mode) == 0o600
    with sqlite3.connect(var / "chat.sqlite3") as database:
        database.execute("CREATE TABLE kept (word TEXT)")
        database.execute("INSERT INTO django_session VALUES ('old', '', '2020-01-01 00:00:00')")

    with started(RUN, var=var, PORT=str(port)) as process:
        said = read_until(process, "The chat is at")
        assert said.strip().startswith("The chat is at"), "a second start has nothing to prepare"
        read_until(process, "make admin")
        rest = press_ctrl_c(process)
    assert process.returncode == 0
    assert "Traceback" not in rest
    assert (var / "secret_key").read_text() == key
    with sqlite3.connect(var / "chat.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM django_session").fetchone() == (0,), "it had run out"


def test_it_answers_under_the_machines_name_when_it_listens_everywhere(var: Path) -> None:
    port = a_free_port()
    name = socket.gethostname()
    with started(RUN, var=var, PORT=str(port), HOST="0.0.0.0") as process:  # noqa: S104
        assert f"http://{name}:{port}/" in read_until(process, "The chat is at")
        assert get(port, "/accounts/login/", Host=f"{name}:{port}")[0] == 200


def test_a_home_folder_is_not_needed(var: Path) -> None:
    port = a_free_port()
    with started(["env", "-u", "HOME", *RUN], var=var, PORT=str(port)) as process:
        said = read_until(process, "make admin")
        assert "warning" not in said.lower()


def test_a_port_in_use_is_one_clear_line(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run_script("run.sh", var=var, PORT=str(port))
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        f"Port {port} on 127.0.0.1 is in use. Stop what uses it, or choose another: make run PORT={port + 1}"
    ]


@pytest.mark.parametrize("port", ["0", "65536", "eight", "80 80", "-1"])
def test_a_port_that_is_none_is_one_clear_line(var: Path, port: str) -> None:
    answer = run_script("run.sh", var=var, PORT=port)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [f"PORT must be a number from 1 to 65535, not '{port}'."]


def test_an_address_of_another_machine_is_one_clear_line(var: Path) -> None:
    answer = run_script("run.sh", var=var, HOST="192.0.2.1", PORT="8000")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == ["HOST=192.0.2.1: this machine does not have that address."]


def test_a_file_where_var_should_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("not a folder")
    answer = run_script("run.sh", var=tmp_path / "var")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [f"{tmp_path}/var must be a folder: the site keeps its data there."]


def test_a_var_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    # /proc refuses new files even to root, whom permissions don't stop.
    unwritable = Path("/proc/chat-var") if os.geteuid() == 0 else tmp_path / "var"
    if unwritable.parent == tmp_path:
        tmp_path.chmod(0o500)
    answer = run_script("run.sh", var=unwritable)
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert f"{unwritable} can't be written by" in answer.stderr


def test_a_wrong_setting_is_one_clear_line(var: Path) -> None:
    answer = run_script("run.sh", var=var, DATABASE_URL="mongodb://localhost/chat", PORT=str(a_free_port()))
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == ["DATABASE_URL must start with mysql:// or sqlite:///."]
