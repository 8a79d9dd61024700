"""Where what is done now came from: the address of a request, or the name of a command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Origin:
    read: Callable[[], str]
    is_visit: bool


_origin: ContextVar[_Origin | None] = ContextVar("origin", default=None)


@contextmanager
def acting_from(origin: Callable[[], str], *, is_visit: bool = False) -> Iterator[None]:
    """Have `the_origin` be what `origin()` says, for what this thread or task does in the block.

    Arguments:
        is_visit: it is done for somebody who asked for it over the network.
    """
    token = _origin.set(_Origin(origin, is_visit))
    try:
        yield
    finally:
        _origin.reset(token)


def the_origin() -> str:
    """An address, `manage.py` with the name of a command, or "" where nothing said one."""
    origin = _origin.get()
    return origin.read() if origin else ""


def is_visit() -> bool:
    """Whether what is done now is done for somebody who asked for it over the network."""
    origin = _origin.get()
    return origin is not None and origin.is_visit
