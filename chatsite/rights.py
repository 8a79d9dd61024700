"""Rights as small rules that combine with `&`, `|` and `~`: the `rules` library, and how an action asks."""

from collections.abc import Callable
from typing import Any

from rules.predicates import Predicate, predicate

from chatsite.errors import NotAllowed

__all__ = ["Predicate", "require", "rule"]


def rule(test: Callable[..., bool]) -> Predicate:
    """Make a rule of `test(actor)` or `test(actor, thing)`; the one with two arguments needs a thing."""
    made: Predicate = predicate(test)  # type: ignore[no-untyped-call]
    return made


def require(right: Predicate, actor: Any, thing: Any = None) -> None:
    """Raise NotAllowed unless `right` lets `actor` do it to `thing`."""
    if not right.test(actor, thing):
        raise NotAllowed
