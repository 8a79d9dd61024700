"""Prints what a batch costs in the worker; run by `tests.bench.costs` with the settings of a site.

From the bytes that the broker delivers to the commit, without the broker.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from uuid import uuid4

import django

from tests.bench.load import TEXTS
from tests.bench.profiled import print_profile, print_sum

BATCHES = {200: 20, 5: 200}  # by size: the fullest, as from a full queue, and one of a usual load


def print_costs(username: str, slugs: Sequence[str]) -> None:
    """Store batches of what `username` says in turn in the channels `slugs`."""
    from messaging.pipeline.delivery import deliver, patiently, read_call

    bodies = _bodies(username, slugs)

    def store(size: int) -> None:
        deliver([read_call(body) for body in islice(bodies, size)], pause=patiently)

    store(1)
    for size, times in BATCHES.items():

        def store_one(size: int = size) -> None:
            store(size)

        plain_s = print_sum(f"a batch of {size}", times, store_one)
        print_profile(store_one, times, plain_s)


def _bodies(username: str, slugs: Sequence[str]) -> Iterator[bytes]:
    """Calls of the task as they come out of a queue, made beforehand."""
    from django.utils import timezone

    from accounts.models import User
    from channels_app.models import Channel
    from messaging.pipeline.envelope import Envelope

    author = User.objects.get(username=username).pk
    channels = cycle(Channel.objects.filter(slug__in=slugs).values_list("pk", flat=True))
    texts = cycle(TEXTS)
    needed = 1 + 2 * sum(size * times for size, times in BATCHES.items())
    envelopes = (
        Envelope(uuid4(), next(channels), author, next(texts), timezone.now()) for _number in range(needed)
    )
    return iter([json.dumps([[envelope.as_json()], {}, {}]).encode() for envelope in envelopes])


if __name__ == "__main__":
    django.setup()
    print_costs(sys.argv[1], sys.argv[2:])
