"""A MariaDB and a RabbitMQ that a test may stop, kill and pause: none but its own."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from tests.site import CHECKOUT

Name = Literal["mariadb", "rabbitmq"]
NAMES: tuple[Name, ...] = ("mariadb", "rabbitmq")
SCRIPT = CHECKOUT / "deploy" / "services.sh"
COMMAND_TIMEOUT_S = 180


class Services:
    """The two servers of `deploy/services.sh`, all they keep in `folder`; `with` starts and removes them.

    Arguments:
        settings: more for the environment of services.sh.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._environment = {**os.environ, "SERVICES_DIR": str(folder), **settings}

    def __enter__(self) -> Self:
        self._remove()  # what a run left that was killed
        self.run("up")
        return self

    def __exit__(self, *exception: object) -> None:
        self._remove()

    @property
    def addresses(self) -> Mapping[str, str]:
        """DATABASE_URL and BROKER_URL."""
        return dict(re.findall(r"^export (\w+)=(.*)$", self.run("env"), re.MULTILINE))

    def start(self, name: Name) -> None:
        self.run("start", name)

    def stop(self, name: Name) -> None:
        """Ask it to end, as an operator does, and wait until it has."""
        self.run("stop", name)

    def kill(self, name: Name) -> None:
        """End it at once, as when the power fails."""
        self.run("kill", name)

    def pause(self, name: Name) -> None:
        """Have it do nothing, with its connections open, until `resume`."""
        os.kill(int(self.run("pid", name)), signal.SIGSTOP)

    def resume(self, name: Name) -> None:
        """Have it go on, when it is paused."""
        pid = self.run("pid", name, may_fail=True)
        if pid.strip().isdecimal():
            os.kill(int(pid), signal.SIGCONT)

    def control_broker(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints."""
        return self.run("rabbitmqctl", "--quiet", *arguments)

    def start_database_in_memory(self, size: str) -> None:
        """Start MariaDB with its data in a file system of `size` that is in memory and seen by it alone.

        The mount is the server's own, in a namespace that ends with it; who is not root becomes that in it.
        """
        data = self.folder / "mariadb" / "data"
        memory = self.folder / "mariadb" / "memory"
        memory.mkdir(exist_ok=True)
        script = (
            f"mount -t tmpfs -o size={size} tmpfs '{memory}' && cp -a '{data}/.' '{memory}' && "
            f"mount --bind '{memory}' '{data}' && exec '{SCRIPT}' start mariadb"
        )
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        self._do(["unshare", "--mount", *as_root, "bash", "-c", script], may_fail=False)

    def data_of_database(self) -> Path:
        """The folder of MariaDB's data as that server sees it."""
        pid = self.run("pid", "mariadb").strip()
        return Path(f"/proc/{pid}/root{self.folder}/mariadb/data")

    def run(self, *arguments: str, may_fail: bool = False) -> str:
        """What `services.sh` prints when it is called with `arguments`.

        Raises:
            AssertionError: it failed; with all it said.
        """
        return self._do([str(SCRIPT), *arguments], may_fail=may_fail)

    def _remove(self) -> None:
        for name in NAMES:
            self.resume(name)
        self.run("down")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _do(self, command: list[str], *, may_fail: bool) -> str:
        done = subprocess.run(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        assert may_fail or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
        return done.stdout
