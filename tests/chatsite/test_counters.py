"""The cache behind the limits: shared by processes, exact, bounded, and nobody's lock-out."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chatsite.counters import CountersOnDisk
from tests.cast import PASSWORD, Cast
from tests.threads import run_together


@pytest.fixture
def counters(settings: Any, tmp_path: Path) -> Path:
    """The folder in which the site counts during this test."""
    count_in(tmp_path / "counters", settings)
    return tmp_path / "counters"


def count_in(folder: Path, settings: Any) -> None:
    """Count in `folder` from now on, as a process does that has just been started."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": str(folder)}}


def log_in(username: str, password: str) -> Any:
    return Client().post("/accounts/login/", {"login": username, "password": password})


def test_failed_log_ins_count_for_every_process_and_after_a_restart(
    cast: Cast, counters: Path, settings: Any
) -> None:
    for attempt in range(5):
        if attempt % 2:
            count_in(counters, settings)
        log_in("bob", "wrong")
    count_in(counters, settings)

    assert "Too many" in str(log_in("bob", PASSWORD).context["form"].errors)
    assert log_in("carol", PASSWORD).status_code == 302


def test_people_get_in_while_nothing_can_be_counted(cast: Cast, counters: Path) -> None:
    counters.parent.mkdir(exist_ok=True)
    counters.write_text("a file is in the way")

    log_in("bob", "wrong")
    assert log_in("bob", PASSWORD).status_code == 302
    answer = Client().post(
        "/accounts/signup/", {"username": "newcomer", "password1": PASSWORD, "display_name": ""}
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"words"])
def test_people_get_in_after_a_crash_that_broke_the_files(cast: Cast, counters: Path, content: bytes) -> None:
    log_in("bob", "wrong")
    files = list(counters.iterdir())
    assert files
    for file in files:
        file.write_bytes(content)

    assert log_in("bob", PASSWORD).status_code == 302


def test_a_lock_is_had_by_one_alone(tmp_path: Path) -> None:
    for attempt in range(30):
        rivals = [CountersOnDisk(str(tmp_path), {}) for _ in range(6)]
        had = run_together([partial(rival.add, f"lock-{attempt}", True) for rival in rivals])
        assert had.count(True) == 1


def test_a_lock_that_ran_out_can_be_had_again(tmp_path: Path) -> None:
    cache = CountersOnDisk(str(tmp_path), {})
    assert cache.add("lock", True, timeout=-1)
    assert cache.add("lock", True)
    assert not cache.add("lock", True)


def test_the_files_do_not_grow_without_end(tmp_path: Path) -> None:
    cache = CountersOnDisk(str(tmp_path), {"OPTIONS": {"MAX_ENTRIES": 10}})
    for number in range(50):
        cache.add(f"lock-{number}", True)
        cache.set(f"count-{number}", [1.0])
    assert len(list(tmp_path.iterdir())) <= 10
