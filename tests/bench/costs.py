"""Where the time of a post and of a worker's batch goes: `python -m tests.bench.costs [post|batch]`.

Both run here in one thread without a server around them, against the real database and broker: first plain,
which gives the true sums, then with a clock around every middleware, then under cProfile, whose own weight is
taken out by scaling its figures to the plain sum.
"""

import argparse
import cProfile
import io
import json
import os
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from tests.bench.load import TEXTS
from tests.bench.task_workers import task_queue
from tests.bench.ways import EVERYWHERE, INSERT, PRODUCT, TASK, Crowd
from tests.site import PYTHON, Site

SETTINGS = "tests.bench.settings"
KINDS = {"post": PRODUCT, "insert": INSERT, "task": TASK}
POSTS = 1_000
WARM_UP_POSTS = 100
BATCHES = {200: 20, 5: 200}  # by size: the fullest, as from a full queue, and one of a usual load
FUNCTIONS_SHOWN = 45


def cost_of_posts(given: dict[str, Any]) -> None:
    """Print what a post costs in the web process; `given` has a visitor's path, headers and fields."""
    import django
    from django.conf import settings
    from django.core.handlers import base as _base
    from django.core.handlers.wsgi import WSGIHandler

    base: Any = _base
    django.setup()
    plain = WSGIHandler()

    def post(application: Callable[..., Any]) -> None:
        body = urlencode({**given["fields"], "client_id": str(uuid4()), "text": TEXTS[0]}).encode()
        statuses: list[str] = []
        answer = application(_environ(given, body), lambda status, _headers: statuses.append(status))
        b"".join(answer)
        answer.close()
        assert statuses[0][:3] in ("201", "202"), statuses

    for _post in range(WARM_UP_POSTS):
        post(plain)
    plain_s = _print_sum("a post", POSTS, lambda: post(plain))

    real = base.import_string
    base.import_string = lambda path: _timed(path, real(path))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.bench.costs.the_view"]
    timed = WSGIHandler()
    base.import_string = real
    for _post in range(WARM_UP_POSTS):
        post(timed)
    _spent.clear()
    for _post in range(POSTS):
        post(timed)
    _print_middleware([path.rpartition(".")[2] for path in settings.MIDDLEWARE])
    _print_profile(lambda: post(plain), POSTS, plain_s)


def cost_of_batches(given: dict[str, Any]) -> None:
    """Print what a batch costs in the worker; `given` has the slugs of channels and the author in them."""
    import django

    django.setup()
    from django.utils import timezone

    from accounts.models import User
    from channels_app.models import Channel
    from messaging.pipeline.envelope import Envelope
    from messaging.pipeline.persist import persist

    channels = list(Channel.objects.filter(slug__in=given["slugs"]).values_list("pk", flat=True))
    author = User.objects.get(username=given["username"]).pk

    def batch(size: int) -> list[bytes]:
        now = timezone.now() - timedelta(seconds=1)
        return [
            json.dumps(
                Envelope(
                    uuid4(), channels[number % len(channels)], author, TEXTS[number % len(TEXTS)], now
                ).as_json()
            ).encode()
            for number in range(size)
        ]

    for size, times in BATCHES.items():
        batches = iter([batch(size) for _batch in range(2 * times + 1)])

        def store(batches: Iterator[list[bytes]] = batches) -> None:
            envelopes = [Envelope.from_json(json.loads(body)) for body in next(batches)]
            persist(envelopes, keep_rejected=True)

        store()
        plain_s = _print_sum(f"a batch of {size}", times, store)
        _print_profile(store, times, plain_s)


def the_view(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware that does nothing: innermost, so that its clock measures what is within all others."""
    return get_response


_spent: dict[str, float] = defaultdict(float)


def _timed(path: str, middleware: Callable[..., Any]) -> Callable[..., Any]:
    name = path.rpartition(".")[2]

    def factory(get_response: Callable[[Any], Any]) -> Any:
        return _Timed(name, middleware(get_response))

    return factory


class _Timed:
    """A middleware with a clock around it, and one around its look at the view."""

    def __init__(self, name: str, middleware: Any) -> None:
        self._name = name
        self._middleware = middleware
        for hook in ("process_exception", "process_template_response"):
            if hasattr(middleware, hook):
                setattr(self, hook, getattr(middleware, hook))
        if hasattr(middleware, "process_view"):
            self.process_view = self._process_view

    def __call__(self, request: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._middleware(request)
        finally:
            _spent[self._name] += time.perf_counter() - began

    def _process_view(self, *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._middleware.process_view(*args)
        finally:
            _spent[f"{self._name}.process_view"] += time.perf_counter() - began


def _print_middleware(names: list[str]) -> None:
    print("\nwall clock by middleware, from the outside in (µs a post; `view` is what process_view takes):")
    for name, inner in zip(names, [*names[1:], ""], strict=True):
        own = _spent[name] - _spent[inner]
        view = _spent[f"{name}.process_view"]
        if not inner:
            own -= sum(spent for other, spent in _spent.items() if other.endswith(".process_view"))
        print(f"  {own / POSTS * 1e6:7.0f}  {name}" + (f"  (view {view / POSTS * 1e6:.0f})" if view else ""))


def _environ(given: dict[str, Any], body: bytes) -> dict[str, Any]:
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in given["headers"].items()}
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": given["path"],
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(urlsplit(given["origin"]).port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded;charset=UTF-8",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": urlsplit(given["origin"]).netloc,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        **headers,
    }


def _print_sum(what: str, times: int, call: Callable[[], None]) -> float:
    """Call it `times` times, print the time of one, and return its seconds of CPU."""
    began, began_cpu = time.perf_counter(), time.process_time()
    for _time in range(times):
        call()
    wall_s, cpu_s = ((time.perf_counter() - began) / times, (time.process_time() - began_cpu) / times)
    print(f"{what}: {wall_s * 1e6:,.0f} µs, of which {cpu_s * 1e6:,.0f} µs CPU of this process")
    return cpu_s


def _print_profile(call: Callable[[], None], times: int, plain_s: float) -> None:
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


def measure(kind: str) -> None:
    ways = [PRODUCT, INSERT, TASK]
    with (
        Site.stack(DJANGO_SETTINGS_MODULE=SETTINGS, CONN_MAX_AGE="60") as site,
        site.explained(),
        task_queue(site),
    ):
        crowd = Crowd(site, ways)
        desk = crowd.desks(KINDS.get(kind, PRODUCT))[0]
        given = {**asdict(desk), "slugs": PRODUCT.slugs, "username": EVERYWHERE}
        print(site.run(PYTHON, "-m", "tests.bench.costs", f"{kind}-here", given=json.dumps(given)))


def main() -> None:
    here = {**{f"{kind}-here": cost_of_posts for kind in KINDS}, "batch-here": cost_of_batches}
    parser = argparse.ArgumentParser(prog="python -m tests.bench.costs", description=__doc__)
    parser.add_argument("kind", choices=["batch", *KINDS, *here])
    kind = parser.parse_args().kind
    if kind in here:
        with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):  # a log line for each post
            here[kind](json.load(sys.stdin))
        return
    measure(kind)


if __name__ == "__main__":
    main()
