"""How much of the cores each part takes while something is measured."""

import os
from collections.abc import Mapping, Sequence
from statistics import median
from urllib.parse import urlsplit

import psutil

from tests.site import Part, Site

CLIENT = "client"


def per_message(runs: Sequence[tuple[dict[str, float], int]], digits: int = 0) -> str:
    """What each part took, in µs a message, by the median of `runs` of seconds and messages.

    Two cores have 2,000,000 µs in a second.
    """
    medians = {name: median(taken_s[name] / count * 1e6 for taken_s, count in runs) for name in runs[0][0]}
    return ", ".join(f"{name} {spent:,.{digits}f}" for name, spent in medians.items())


def parts_of(site: Site, workers: Sequence[Part] = ()) -> dict[str, list[int]]:
    """The processes of `site` and its services, by part.

    Arguments:
        workers: those beside the site's own.
    """
    running = [part for part in (*site.workers, *workers) if part.is_running]
    parts = {"web": [site.web.pid], "workers": [part.pid for part in running]}
    if site.is_stack:
        parts["database"] = listening(os.environ["DATABASE_URL"])
        parts["broker"] = listening(os.environ["BROKER_URL"])
    return parts


class Shares:
    """The seconds of CPU that `parts`, with all that they start, and this process take from now on."""

    def __init__(self, parts: Mapping[str, Sequence[int]]) -> None:
        self._parts = {**parts, CLIENT: [os.getpid()]}
        self._before = self._read()

    def taken(self) -> dict[str, float]:
        """Seconds since the beginning, by part."""
        return {name: spent - self._before[name] for name, spent in self._read().items()}

    def _read(self) -> dict[str, float]:
        return {name: sum(map(_cpu_s, pids)) for name, pids in self._parts.items()}


def memory_kb(pids: Sequence[int]) -> float:
    """What these processes, with all that they started, have in memory."""
    return float(sum(process.memory_info().rss for pid in pids for process in _tree(pid))) / 1024


def listening(url: str) -> list[int]:
    """The process behind the service at `url`, when it is one of this machine that we may look at."""
    port = urlsplit(url).port
    return [
        connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
    ][:1]


def _cpu_s(pid: int) -> float:
    times = [process.cpu_times() for process in _tree(pid)]
    return sum(float(time.user + time.system) for time in times)


def _tree(pid: int) -> list[psutil.Process]:
    top = psutil.Process(pid)
    # What this process starts is measured by its own name.
    return [top] if pid == os.getpid() else [top, *top.children(recursive=True)]
