"""Tries at a second factor: a few at once, then one in a while, until one is right."""

import time

from django.db.models import F, Value
from django.db.models.functions import Greatest

from accounts.models import CodeTries, User
from chatsite.errors import TooMany

MOST_AT_ONCE = 5
ONE_BACK_AFTER_S = 60.0


def take_try(user: User) -> None:
    """Count a try before anybody looks whether it is right, so that none of many at once slips through.

    By account alone: it is tried by who knows the password, from however many addresses.

    Raises:
        TooMany: none is left; it was not counted.
    """
    CodeTries.objects.get_or_create(user=user)
    now = time.time()
    last_one_at = now + (MOST_AT_ONCE - 1) * ONE_BACK_AFTER_S
    with_one_less = Greatest(F("all_back_at"), Value(now)) + ONE_BACK_AFTER_S
    some_left = CodeTries.objects.filter(user=user, all_back_at__lte=last_one_at)
    if not some_left.update(all_back_at=with_one_less):
        raise TooMany(CodeTries.objects.get(user=user).all_back_at - last_one_at)


def give_tries_back(user: User) -> None:
    """Have all of them there again: it was right."""
    CodeTries.objects.filter(user=user).update(all_back_at=0)
