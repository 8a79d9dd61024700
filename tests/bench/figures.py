"""How figures are made and said: medians with their spread, ratios, and whether an aim is reached."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def spread(values: Iterable[float], digits: int = 0) -> str:
    """The median of `values`, and between which they lie."""
    values = sorted(values)
    return f"{median(values):,.{digits}f} ({values[0]:,.{digits}f}–{values[-1]:,.{digits}f})"


def say_aim(
    what: str, reached: float, *, at_least: float | None = None, at_most: float | None = None
) -> None:
    """Print `reached` beside what was aimed at."""
    is_reached = (at_least is None or reached >= at_least) and (at_most is None or reached <= at_most)
    aim = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    print(f"  {'reached' if is_reached else 'MISSED '}  {what}: {reached:,.2f}, aim {aim}", flush=True)


def print_machine() -> None:
    """Print what a figure depends on."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory_kb = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    parts = ", ".join(f"{name} {version(name)}" for name in ("Django", "gunicorn", "celery", "kombu"))
    print(
        f"{cpu}, {os.cpu_count()} cores, {memory_kb / 2**20:.0f} GiB; load before: {os.getloadavg()[0]:.1f}"
    )
    print(f"Python {platform.python_version()}, {parts}", flush=True)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
