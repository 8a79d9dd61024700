"""The disk under the database is full: what was accepted waits, and is stored once there is room."""

import errno
import os
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest

from tests.faults.conftest import a_folder
from tests.faults.crowd import Crowd
from tests.faults.drill import ENOUGH, FEW_LOGS, LONG, WORKERS, Drill
from tests.faults.services import Services
from tests.site import Site
from tests.waiting import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.long]

DISK = "400M"
CHUNK = bytes(64 * 1024)
PADDING = "and that is a long story " * 300  # so that tables need room soon
FULL_TIMEOUT_S = 60


def test_the_disk_of_the_database_is_full_and_has_room_again(report: Callable[[str], None]) -> None:
    with Services(a_folder("full-disk")) as services:
        services.stop("mariadb")
        services.start_database_in_memory(DISK)
        log = services.folder / "mariadb" / "log"
        with Site.stack(services=services.addresses, workers=WORKERS, LOG_LEVEL=FEW_LOGS) as site:
            drill = Drill(site, services, Crowd(site, padding=PADDING), LONG, report)
            with drill.under_load() as posting:
                ballast = services.data_of_database() / "ballast"
                fill(ballast)
                wait_for(
                    lambda: "error 28" in log.read_text() or "is full" in log.read_text(),
                    what="the database to find no room",
                    timeout_s=FULL_TIMEOUT_S,
                )
                posting.wait_for_more(ENOUGH, status=202)
                drill.last()
                ballast.unlink()


def fill(ballast: Path) -> None:
    """Write `ballast` until nothing more fits beside it."""
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        file.writelines(repeat(CHUNK))
