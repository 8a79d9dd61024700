"""What a server runs: `deploy/manage.sh` reads the settings as systemd does, and the units hold together."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.scripts import CHECKOUT

UNITS = sorted((CHECKOUT / "deploy" / "systemd").iterdir())


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A checkout whose manage.py prints its environment, on a machine that has the user chat."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(CHECKOUT / "deploy" / "manage.sh", tmp_path / "deploy")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text("#!/bin/sh\nexec env -0\n")
    (programs / "runuser").write_text('#!/bin/sh\n[ "$1 $2 $3" = "-u chat --" ] && shift 3 && exec "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    return tmp_path


def manage(server: Path, settings: str) -> subprocess.CompletedProcess[str]:
    (server / "env").write_text(settings)
    return subprocess.run(
        [server / "deploy" / "manage.sh", "check"],
        env={
            "PATH": f"{server}/.venv/bin:{os.environ['PATH']}",
            "ENV_FILE": str(server / "env"),
            "HOME": "/nobody's",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Chat", "Chat"),
        ("Team Chat", "Team Chat"),
        ("  Team Chat \t", "Team Chat"),
        ('"Team Chat "', "Team Chat "),
        ("'Team \\ Chat'", "Team \\ Chat"),
        ("pa$HOME$$`id`$(id)", "pa$HOME$$`id`$(id)"),
        ("a;b&c|d>e*f!g#h=i", "a;b&c|d>e*f!g#h=i"),
        ("it's", "it's"),
        (r"a\\b\$c", r"a\b$c"),
        (r'"a\"b\$c\d"', r'a"b$c\d'),
        ("Überraschung 💬", "Überraschung 💬"),
        ("", ""),
    ],
)
def test_a_setting_is_read_as_systemd_reads_it(server: Path, written: str, meant: str) -> None:
    done = manage(server, f"# a comment\n; another\n\nSITE_NAME={written}\nLAST=line")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    assert found["SITE_NAME"] == meant
    assert found["LAST"] == "line"


def test_a_line_that_is_no_setting_is_named_and_never_run(server: Path) -> None:
    done = manage(server, f"SITE_NAME=Chat\ntouch {server}/harm\n")

    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"{server}/env, line 2: not NAME=value."]
    assert not (server / "harm").exists()


def test_the_example_can_be_read(server: Path) -> None:
    done = manage(server, (CHECKOUT / "deploy" / "env.example").read_text())

    assert done.returncode == 0
    assert "\0TRUSTED_PROXY_COUNT=1\0" in f"\0{done.stdout}"


def test_streams_keep_no_connection_whatever_the_settings_say() -> None:
    unit = (CHECKOUT / "deploy" / "systemd" / "chat-live@.service").read_text()

    # Environment= would lose to EnvironmentFile=.
    assert "\nExecStart=/usr/bin/env CONN_MAX_AGE=0 " in unit


def test_the_guide_puts_every_unit_in_its_place() -> None:
    guide = (CHECKOUT / "deploy" / "README.md").read_text()

    for unit in UNITS:
        assert f"deploy/systemd/*{unit.suffix}" in guide
        assert unit.stem in guide


SYSTEMCTL = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>{log}
case $* in
    list-units*live*) printf 'chat-live@8002.service loaded\\nchat-live@8003.service loaded\\n' ;;
    list-units*tasks*) printf 'chat-tasks.service loaded\\n' ;;
    list-units*worker*) printf 'chat-worker@1.service loaded\\nchat-worker@2.service loaded\\n' ;;
esac
"""


def roll(server: Path, *, pipeline: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run deploy/roll.sh where systemctl writes down what it is asked, and manage.sh does `pipeline`."""
    log = server / "log"
    for name in ("roll.sh", "common.sh"):
        shutil.copy(CHECKOUT / "deploy" / name, server / "deploy")
    for path, text in {
        server / "bin" / "systemctl": SYSTEMCTL.format(log=log),
        server / "deploy" / "manage.sh": f"#!/usr/bin/env bash\necho looked >>{log}\n{pipeline}\n",
    }.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    done = subprocess.run(
        [server / "deploy" / "roll.sh"],
        env={**os.environ, "PATH": f"{server / 'bin'}:{os.environ['PATH']}", "WORKER_WITHIN_S": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, [line for line in log.read_text().splitlines() if not line.startswith("list-units")]


def test_an_update_replaces_one_process_after_the_other(server: Path) -> None:
    # The first look after a worker was restarted finds a queue without a consumer, the second finds all well.
    done, asked = roll(server, pipeline=f"test $(( $(grep -c looked {server}/log) % 2 )) -eq 0")

    assert done.returncode == 0, done.stderr
    assert asked == [
        "restart chat-tasks.service",
        "reload chat-web",
        "restart chat-live@8002.service",
        "restart chat-live@8003.service",
        "restart chat-worker@1.service",
        "looked",
        "looked",
        "restart chat-worker@2.service",
        "looked",
        "looked",
    ]


def test_an_update_stops_at_a_worker_that_does_not_come_back(server: Path) -> None:
    done, asked = roll(server, pipeline="exit 1")

    assert done.returncode == 1
    assert "chat-worker@1.service" in done.stderr
    assert "restart chat-worker@2.service" not in asked


if shutil.which("systemd-analyze"):

    @pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
    def test_systemd_understands_the_unit(unit: Path) -> None:
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", unit],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        complaints = [line for line in done.stderr.splitlines() if unit.name in line]

        # What it starts lies in /opt/chat, on a server.
        assert [line for line in complaints if "is not executable" not in line] == []
