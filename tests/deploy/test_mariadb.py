"""A server's MariaDB settings: that MariaDB knows each of them, and that what is stored is on the disk."""

import shutil
import subprocess

from tests.deploy.scripts import CHECKOUT

SETTINGS = CHECKOUT / "deploy" / "mariadb" / "chat.cnf"


def test_mariadb_knows_every_setting_and_writes_each_commit_to_the_disk() -> None:
    server = shutil.which("mariadbd", path="/usr/sbin:/usr/bin")
    assert server, "MariaDB is not installed: run deploy/services.sh install mariadb"

    # With --help it reads its settings, complains of what it does not know, and prints what they mean.
    done = subprocess.run(
        [server, f"--defaults-file={SETTINGS}", "--help", "--verbose"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0
    assert "unknown variable" not in done.stderr
    meant = dict(line.split(None, 1) for line in done.stdout.splitlines() if len(line.split(None, 1)) == 2)
    assert meant["innodb-flush-log-at-trx-commit"] == "1"
    assert meant["innodb-buffer-pool-size"] == str(1024**3)
    assert meant["transaction-isolation"] == "READ-COMMITTED"
