"""A clock around every middleware of the site."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers import base as handlers
from django.core.handlers.wsgi import WSGIHandler

_spent_s: dict[str, float] = defaultdict(float)


def timed_application() -> WSGIHandler:
    """The site, its clocks at zero."""
    base: Any = handlers
    real = base.import_string
    base.import_string = lambda path: _timed(path, real(path))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.the_view"]
    try:
        return WSGIHandler()
    finally:
        base.import_string = real


def start_anew() -> None:
    _spent_s.clear()


def print_middleware(requests: int) -> None:
    """Print what each took of the wall clock, of which `process_view` apart."""
    names = [path.rpartition(".")[2] for path in settings.MIDDLEWARE]
    looks = {name: _spent_s[_look(name)] for name in names}
    print("\nwall clock by middleware, from the outside in (µs a request):")
    for name, inner in zip(names, [*names[1:], ""], strict=True):
        own = _spent_s[name] - (_spent_s[inner] if inner else sum(looks.values()))
        print(f"  {own / requests * 1e6:7.0f} + {looks[name] / requests * 1e6:5.0f} process_view  {name}")


def the_view(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware that does nothing: innermost, so that its clock measures what is within all others."""
    return get_response


def _timed(path: str, middleware: Callable[..., Any]) -> Callable[..., Any]:
    name = path.rpartition(".")[2]

    def factory(get_response: Callable[[Any], Any]) -> Any:
        return _Timed(name, middleware(get_response))

    return factory


def _look(name: str) -> str:
    return f"{name}.process_view"


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
            _spent_s[self._name] += time.perf_counter() - began

    def _process_view(self, *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._middleware.process_view(*args)
        finally:
            _spent_s[_look(self._name)] += time.perf_counter() - began
