"""Settings from the environment: a bad value stops the start with one clear line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD_KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG"
FORMER_KEY = "for-tests-before-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDE"


def start(tmp_path: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `manage.py`, else `check`, with only the given settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *(command or ["check"])],
        cwd=ROOT,
        env={**kept, "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_good_settings_start(tmp_path: Path) -> None:
    done = start(tmp_path, SECRET_KEY=GOOD_KEY, DEBUG="no", DATABASE_URL="", BROKER_URL="")

    assert done.returncode == 0, done.stderr


def test_a_folder_that_can_not_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = start(tmp_path / "file" / "var", SECRET_KEY=GOOD_KEY)

    assert done.returncode == 1
    assert done.stderr.startswith("VAR_DIR can't be written")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("HTTPS", "2"),
        ("DATABASE_URL", "postgres://localhost/chat"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql:///"),
        ("DATABASE_URL", "mysql://chat:pass@host"),
        ("DATABASE_URL", "mysql://chat:pass@host:port/chat"),
        ("BROKER_URL", "redis://localhost"),
        ("BROKER_URL", "amqp://chat:pass@host:port/chat"),
        ("BROKER_URL", "amqp://chat:pass@host:99999/chat"),
        ("BROKER_URL", "amqp:///chat"),
        ("BROKER_URL", "amqp://one/chat;redis://two/chat"),
        ("BROKER_URL", "amqp://one/chat;"),
        ("QUEUE_PREFIX", ""),
        ("QUEUE_PREFIX", "amq.chat"),
        ("QUEUE_PREFIX", "two words"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "https://chat.example.org"),
        ("ALLOWED_HOSTS", "chat.example.org:8000"),
        ("ALLOWED_HOSTS", "chat.example.org another.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "chat.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "https://chat.example.org/"),
        ("SIGN_UP_RATE", "abc"),
        ("SIGN_UP_RATE", "60/m/key"),
        ("LOG_IN_RATE", "5/x/ip"),
        ("LOG_IN_RATE", "30/m/ip,5"),
        ("LOG_IN_RATE", "30/m/user"),
        ("PERSIST_QUEUES", "many"),
        ("PERSIST_QUEUES", "0"),
        ("CONN_MAX_AGE", "-1"),
        ("TRUSTED_PROXY_COUNT", "x"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("EMAIL_URL", "pigeon://roof"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("HSTS_SECONDS", "soon"),
    ],
)
def test_a_bad_value_is_named_and_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    done = start(tmp_path, **{"SECRET_KEY": GOOD_KEY, name: value})

    assert done.returncode != 0
    assert done.stderr.startswith(f"{name} "), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_every_way_to_write_a_good_value_starts(tmp_path: Path) -> None:
    done = start(
        tmp_path,
        SECRET_KEY=GOOD_KEY,
        ALLOWED_HOSTS="chat.example.org, .example.net,10.0.0.1,[::1],*",
        CSRF_TRUSTED_ORIGINS="https://chat.example.org,http://*.example.net:8000",
        BROKER_URL="amqps://chat:p%40ss@[::1]:5671/%2Fchat",
        SIGN_UP_RATE="",
        LOG_IN_RATE="30/m, 5/5m/key,100/0.5h/ip",
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["BROKER_URL", "DATABASE_URL"])
def test_a_part_of_a_password_is_never_shown(tmp_path: Path, name: str) -> None:
    scheme = "amqp" if name == "BROKER_URL" else "mysql"
    done = start(tmp_path, **{"SECRET_KEY": GOOD_KEY, name: f"{scheme}://chat:hush/hush@host/chat"})

    assert done.returncode != 0
    assert done.stderr.startswith(f"{name} "), done.stderr
    assert "hush" not in done.stderr


def test_the_broker_may_have_several_addresses(tmp_path: Path) -> None:
    nodes = "amqp://chat:p%40ss@one:5672/chat;amqp://chat:p%40ss@two:5672/chat"

    assert start(tmp_path, SECRET_KEY=GOOD_KEY, BROKER_URL=nodes).returncode == 0


def test_a_missing_secret_key_is_named(tmp_path: Path) -> None:
    done = start(tmp_path)

    assert done.returncode != 0
    assert done.stderr.startswith("SECRET_KEY is not set")


@pytest.mark.parametrize("key", ["x" * 60, "abcdefghijklm", "ab" * 30])
def test_a_weak_secret_key_stops_the_start(tmp_path: Path, key: str) -> None:
    (tmp_path / "key").write_text(key)
    in_a_variable = start(tmp_path, SECRET_KEY=key)
    in_a_file = start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key"))

    for done in (in_a_variable, in_a_file):
        assert done.returncode != 0
        assert "is weak" in done.stderr
        assert key not in done.stderr
    assert start(tmp_path, SECRET_KEY=key, DEBUG="true").returncode == 0


@pytest.mark.parametrize("key", ["x" * 60, "abcdefghijklm"])
def test_a_weak_former_key_stops_the_start(tmp_path: Path, key: str) -> None:
    """Whoever guesses it is logged in as anybody, as with the present one."""
    (tmp_path / "keys").write_text(f"{FORMER_KEY}\n{key}\n")
    in_a_variable = start(tmp_path, SECRET_KEY=GOOD_KEY, SECRET_KEY_FALLBACKS=f"{FORMER_KEY},{key}")
    in_a_file = start(tmp_path, SECRET_KEY=GOOD_KEY, SECRET_KEY_FALLBACKS_FILE=str(tmp_path / "keys"))

    for done in (in_a_variable, in_a_file):
        assert done.returncode != 0
        assert done.stderr.startswith("A key of SECRET_KEY_FALLBACKS is weak")
        assert key not in done.stderr


def test_former_keys_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{FORMER_KEY}\n{FORMER_KEY[::-1]}\n")
    told = "from django.conf import settings; print(*settings.SECRET_KEY_FALLBACKS)"

    by_file = start(
        tmp_path,
        "shell",
        "-v0",
        "-c",
        told,
        SECRET_KEY=GOOD_KEY,
        SECRET_KEY_FALLBACKS_FILE=str(tmp_path / "keys"),
    )
    no_file = start(tmp_path, SECRET_KEY=GOOD_KEY, SECRET_KEY_FALLBACKS_FILE=str(tmp_path / "gone"))

    assert by_file.stdout.split() == [FORMER_KEY, FORMER_KEY[::-1]]
    assert no_file.returncode != 0
    assert no_file.stderr.startswith("SECRET_KEY_FALLBACKS_FILE can't be read")


def test_the_secret_key_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(GOOD_KEY + "\n")

    assert start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key")).returncode == 0


def test_a_secret_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()

    done = start(tmp_path)

    assert done.returncode != 0
    assert done.stderr.startswith("SECRET_KEY_FILE can't be read")
    assert len(done.stderr.splitlines()) == 1
