"""Settings from the environment: a bad value stops the start with one clear line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` with only the given settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**kept, "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_good_settings_start(tmp_path: Path) -> None:
    done = start(tmp_path, SECRET_KEY="x" * 50, DEBUG="no", DATABASE_URL="", BROKER_URL="")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("HTTPS", "2"),
        ("DATABASE_URL", "postgres://localhost/chat"),
        ("DATABASE_URL", "nonsense"),
        ("BROKER_URL", "redis://localhost"),
        ("PERSIST_QUEUES", "many"),
        ("PERSIST_QUEUES", "0"),
        ("CONN_MAX_AGE", "-1"),
        ("TRUSTED_PROXY_COUNT", "x"),
        ("LOG_LEVEL", "LOUD"),
        ("EMAIL_URL", "pigeon://roof"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("HSTS_SECONDS", "soon"),
    ],
)
def test_a_bad_value_is_named_and_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    done = start(tmp_path, **{"SECRET_KEY": "x" * 50, name: value})

    assert done.returncode != 0
    assert done.stderr.startswith(f"{name} "), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_secret_key_is_named(tmp_path: Path) -> None:
    done = start(tmp_path)

    assert done.returncode != 0
    assert done.stderr.startswith("SECRET_KEY is not set")


def test_the_secret_key_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("y" * 50 + "\n")

    assert start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key")).returncode == 0
