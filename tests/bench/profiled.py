"""Prints what calls cost: plain, which gives the true sum, and by function.

cProfile's own weight is taken out by scaling its figures to the plain sum.
"""

import cProfile
import pstats
import time
from collections.abc import Callable
from typing import Any

FUNCTIONS_SHOWN = 45


def print_sum(what: str, times: int, call: Callable[[], None]) -> float:
    """Call it `times` times, print the time of one, and return its seconds of CPU."""
    began, began_cpu = time.perf_counter(), time.process_time()
    for _time in range(times):
        call()
    wall_s, cpu_s = ((time.perf_counter() - began) / times, (time.process_time() - began_cpu) / times)
    print(f"{what}: {wall_s * 1e6:,.0f} µs, of which {cpu_s * 1e6:,.0f} µs CPU of this process")
    return cpu_s


def print_profile(call: Callable[[], None], times: int, plain_s: float) -> None:
    """Call it `times` times and print the functions that take most, in all `plain_s` seconds."""
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    for _time in range(times):
        call()
    profile.disable()
    stats: Any = pstats.Stats(profile)
    scale = plain_s / (stats.total_tt / times) / times * 1e6
    for title, column in (("with all it calls", 3), ("by itself", 2)):
        print(f"\nµs of CPU, {title}:")
        rows = sorted(stats.stats.items(), key=lambda row: -row[1][column])[:FUNCTIONS_SHOWN]
        for (file, line, function), figures in rows:
            place = "/".join(file.split("/")[-3:])
            calls = figures[1] / times
            print(f"  {figures[column] * scale:8.1f}  {calls:7.1f}×  {function}  {place}:{line}")
