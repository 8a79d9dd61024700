"""How .venv is made: with a Python new enough, anew when it broke or moved, and never over something else."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.scripts import CHECKOUT, environment, run_script


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the scripts with nothing to install, so that making .venv takes no network."""
    copy = tmp_path / "a check out"
    shutil.copytree(CHECKOUT / "deploy", copy / "deploy")
    (copy / "requirements").mkdir()
    for level in ("base", "production", "dev"):
        (copy / "requirements" / f"{level}.txt").write_text("# nothing\n")
    return copy


def ensure_venv(checkout: Path, **more: str) -> subprocess.CompletedProcess[str]:
    script = (
        "set -euo pipefail; source deploy/common.sh; source deploy/venv.sh; require_var; ensure_venv base"
    )
    return subprocess.run(
        ["bash", "-c", script],
        cwd=checkout,
        env=environment(checkout / "var", **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def a_too_old_python(folder: Path) -> Path:
    """A program that answers as Python 3.10 does: with its version, and no to the question for 3.11."""
    program = folder / "python-of-long-ago"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.10.12" && exit\nexit 1\n')
    program.chmod(0o755)
    return program


def test_a_too_old_python_is_one_clear_line(checkout: Path, tmp_path: Path) -> None:
    old = a_too_old_python(tmp_path)
    answer = ensure_venv(checkout, PYTHON=str(old))
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        f"Python 3.11 or newer is needed; {old} here is Python 3.10.12. "
        "Name a newer one: make run PYTHON=python3.12"
    ]
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_one_clear_line(checkout: Path) -> None:
    answer = ensure_venv(checkout, PYTHON="python3.99")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "Python 3.11 or newer is needed, and there is no python3.99 here (Debian: apt-get install python3)."
    ]


def test_it_is_made_once_and_changed_requirements_are_installed(checkout: Path) -> None:
    assert "Making .venv" in ensure_venv(checkout).stdout
    again = ensure_venv(checkout)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    requirements = checkout / "requirements" / "base.txt"
    requirements.write_text("# nothing, but another nothing\n")
    assert ensure_venv(checkout).stdout.startswith("Installing requirements/base.txt")
    assert ensure_venv(checkout).stdout == ""

    requirements.write_text("./no-such-package\n")
    refused = ensure_venv(checkout)
    assert refused.returncode == 1
    assert "Could not install requirements/base.txt" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_is_made_anew_when_it_broke_or_moved(checkout: Path) -> None:
    ensure_venv(checkout)
    (checkout / ".venv" / "bin" / "python").unlink()
    assert "Making .venv" in ensure_venv(checkout).stdout

    moved = checkout.rename(checkout.parent / "moved")
    assert "Making .venv" in ensure_venv(moved).stdout
    assert ensure_venv(moved).stdout == ""


def test_a_folder_of_someone_elses_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "diary").write_text("mine")
    answer = ensure_venv(checkout)
    assert answer.returncode == 1
    assert "it is not a virtual environment" in answer.stderr
    assert (checkout / ".venv" / "diary").read_text() == "mine"


@pytest.mark.parametrize("script", ["run.sh", "stack.sh"])
def test_an_unwritable_var_is_found_before_anything_is_installed(tmp_path: Path, script: str) -> None:
    (tmp_path / "var").write_text("not a folder")
    answer = run_script(script, var=tmp_path / "var")
    assert answer.returncode == 1
    assert answer.stdout == ""
