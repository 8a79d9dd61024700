"""Gives a channel a history: `python -m tests.bench.fill SLUG MESSAGES`, run with the settings of a site.

The newest page looks the same whatever the length, so that only the length can make a difference.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, cycle, islice
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import django

if TYPE_CHECKING:
    from messaging.pipeline.envelope import Envelope

CYCLE = 500  # messages, after which the same texts come again: a length is a multiple of it
PACE = timedelta(seconds=20)  # from one message to the next


def fill(slug: str, length: int) -> None:
    """Store `length` messages of the demo's team in the channel `slug`."""
    from messaging.demo.actions import gather_team
    from messaging.pipeline.load import load

    assert length % CYCLE == 0, f"{length} is not a multiple of {CYCLE}"
    gather_team(password=uuid4().hex, among_others=True)
    for _stored in load(islice(history(slug, length), length)):
        pass


def history(slug: str, length: int) -> "Iterator[Envelope]":
    """Envelopes of what the demo's team says, over and over, the number `length` of them now."""
    from django.utils import timezone

    from accounts.models import User
    from channels_app.models import Channel
    from messaging.demo.month import MONTH, conversation
    from messaging.pipeline.envelope import Envelope

    channel = Channel.objects.get(slug=slug)
    authors = dict(User.objects.values_list("username", "pk"))
    now = timezone.now()
    said = list(conversation(Random(1), count=CYCLE, begin=now - MONTH, end=now))
    for number, line in zip(count(1), cycle(said)):
        yield Envelope(uuid4(), channel.pk, authors[line.author], line.text, now - PACE * (length - number))


if __name__ == "__main__":
    django.setup()
    fill(sys.argv[1], int(sys.argv[2]))
