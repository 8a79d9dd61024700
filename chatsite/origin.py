"""Where what is done now came from, for the audit log: the address of a request, or the name of a command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_origin: ContextVar[Callable[[], str]] = ContextVar("origin", default=str)


@contextmanager
def acting_from(origin: Callable[[], str]) -> Iterator[None]:
    """Have `the_origin` be what `origin()` says, for what this thread or task does in the block."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def the_origin() -> str:
    """An address, `manage.py` with the name of a command, or "" where nothing said one."""
    return _origin.get()()
