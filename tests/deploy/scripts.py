"""Running the scripts of deploy/ as a person would, in folders of the test's own."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# What a start reads; the tests' own settings must not reach the scripts.
SETTINGS = (
    "SECRET_KEY",
    "DATABASE_URL",
    "BROKER_URL",
    "QUEUE_PREFIX",
    "DJANGO_SETTINGS_MODULE",
    "ALLOWED_HOSTS",
    "SERVICES_DIR",
    "SIGN_UP_RATE",
)

# A make that is started by another one says which folder it enters and leaves.
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


def environment(var: Path, **more: str) -> dict[str, str]:
    """This process's environment with `var` for its data, and `more`, as in no make."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS and name not in OF_MAKE}
    return {**kept, "VAR_DIR": str(var), **more}


def run_script(name: str, *arguments: str, var: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run deploy/`name` to its end."""
    return subprocess.run(
        [CHECKOUT / "deploy" / name, *arguments],
        env=environment(var, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def started(command: Sequence[str | Path], *, var: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Start `command` in a process group of its own, as a shell does; what is left of the group is ended."""
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environment(var, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Everything that `process` says up to the line that holds `words`."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"ended without saying {words!r}; it said:\n{said}")


def press_ctrl_c(process: subprocess.Popen[str]) -> str:
    """Interrupt the whole process group, as a terminal does; returns the rest of what it says."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=30)[0]


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def processes_of(var: Path) -> list[str]:
    """The command lines of what runs with `var` for its data."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            # nginx writes its title over its environment, but the title names its folder.
            if process.environ().get("VAR_DIR") == str(var) or str(var) in command:
                found.append(command)
        except psutil.Error:
            continue  # ended just now
    return [command for command in found if command]  # one that has ended but was not collected has none
