"""`make audit`: what could not be looked up is never told as a success."""

import shutil
from pathlib import Path

import pytest

from tests.deploy.scripts import CHECKOUT, run_script


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ("No known vulnerabilities found", 0, "No known vulnerability"),
        ("Found 1 known vulnerability in 1 package\ndjango 5.2.0 PYSEC-1", 1, "PYSEC-1"),
        ("ERROR:pip_audit._cli:amqp: Dependency not found on PyPI", 1, "NOT AUDITED"),
        ("requests.exceptions.ConnectionError: no route to host", 1, "NOT AUDITED"),
    ],
)
def test_what_an_audit_finds_is_told_plainly(tmp_path: Path, said: str, code: int, told: str) -> None:
    tool = tmp_path / "audit" / "bin" / "python"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >'{tmp_path}/asked'\necho '{said}'\nexit {code}\n")
    tool.chmod(0o755)
    shutil.copy(CHECKOUT / "requirements" / "audit.txt", tmp_path / "audit" / "installed")

    done = run_script("test.sh", "audit", var=tmp_path)

    assert (done.returncode == 0) == (code == 0)
    assert told in done.stdout + done.stderr
    assert "--strict" in (tmp_path / "asked").read_text()
    audited = (tmp_path / "audited.txt").read_text()
    assert "Django==" in audited
    assert "mysqlclient==" in audited
