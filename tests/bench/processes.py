"""How much of the cores each part takes while something is measured."""

import os
from collections.abc import Sequence
from statistics import median
from urllib.parse import urlsplit

import psutil

from tests.site import Part, Site

CLIENT = "client"


def per_message(runs: Sequence[tuple[dict[str, float], int]]) -> str:
    """What each part took, in µs a message, by the median of `runs` of seconds and messages.

    Two cores have 2,000,000 µs in a second.
    """
    medians = {name: median(taken_s[name] / count * 1e6 for taken_s, count in runs) for name in runs[0][0]}
    return ", ".join(f"{name} {spent:,.0f}" for name, spent in medians.items())


class Shares:
    """The seconds of CPU that the parts of `site`, its services and this process take from now on.

    Arguments:
        workers: the workers beside the site's own.
    """

    def __init__(self, site: Site, workers: Sequence[Part] = ()) -> None:
        running = [part for part in (*site.workers, *workers) if part.is_running]
        self._groups = {"web": [site.web.pid], "workers": [part.pid for part in running]}
        if site.is_stack:
            self._groups["database"] = _listening(os.environ["DATABASE_URL"])
            self._groups["broker"] = _listening(os.environ["BROKER_URL"])
        self._groups[CLIENT] = [os.getpid()]
        self._before = self._read()

    def taken(self) -> dict[str, float]:
        """Seconds since the beginning, by part."""
        return {name: spent - self._before[name] for name, spent in self._read().items()}

    def _read(self) -> dict[str, float]:
        return {name: sum(map(_cpu_s, pids)) for name, pids in self._groups.items()}


def _cpu_s(pid: int) -> float:
    top = psutil.Process(pid)
    # What this process starts is measured by its own name.
    tree = [top] if pid == os.getpid() else [top, *top.children(recursive=True)]
    times = [process.cpu_times() for process in tree]
    return sum(float(time.user + time.system) for time in times)


def _listening(url: str) -> list[int]:
    """The process behind the service at `url`, when it is one of this machine that we may look at."""
    port = urlsplit(url).port
    return [
        connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
    ][:1]
