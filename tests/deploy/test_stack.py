"""`make stack`: every process of a server behind one address, and none of them left after Ctrl-C."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.deploy.scripts import (
    CHECKOUT,
    a_free_port,
    press_ctrl_c,
    processes_of,
    read_until,
    run_script,
    started,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.long


def test_it_serves_on_one_address_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = a_free_port()
    var = tmp_path / "var"
    try:
        with started([CHECKOUT / "deploy" / "stack.sh"], var=var, PORT=str(port)) as process:
            read_until(process, f"http://127.0.0.1:{port}/")
            for path in ("/healthz", "/accounts/login/", "/static/css/tokens.css"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                    assert answer.status == 200
            # nginx lets this machine ask.
            wait_for(lambda: is_ready(port), what="a worker on every queue", timeout_s=60)
            running = " ".join(processes_of(var))
            for part in ("chatsite.wsgi", "chatsite.asgi", "celery", "nginx", "mariadbd", "beam", "epmd"):
                assert part in running
            rest = press_ctrl_c(process)
        assert process.returncode == 0
        assert "Traceback" not in rest
        wait_for(lambda: not processes_of(var), what="every process of the stack to end")
    finally:
        run_script("services.sh", "down", var=var)


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False
