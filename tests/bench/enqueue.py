"""Fills the queues: `python -m tests.bench.enqueue product|task USERNAME MESSAGES SLUG...`.

Run with the settings of a site. Nobody may read them meanwhile. Each message goes in as from a post,
confirmed by the broker.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import django

from messaging.names import new_client_id
from tests.bench.load import TEXTS

THREADS = 8
PERSISTS = "product"


def enqueue(kind: str, username: str, length: int, slugs: Sequence[str]) -> None:
    """Put `length` messages of `username` into the queues of the product, or of baseline (b)."""
    from accounts.models import User
    from channels_app.models import Channel

    author = User.objects.get(username=username).pk
    channels = list(Channel.objects.filter(slug__in=slugs).values_list("pk", flat=True))
    put = _put_envelope if kind == PERSISTS else _put_task

    def put_some(channel_id: int, count: int) -> None:
        for number in range(count):
            put(channel_id, author, TEXTS[number % len(TEXTS)])

    # A thread to a channel at most: the messages of one stay in order.
    with ThreadPoolExecutor(THREADS) as threads:
        shares = [length // len(channels)] * len(channels)
        list(threads.map(put_some, channels, shares))


def _put_envelope(channel_id: int, author: int, text: str) -> None:
    from django.utils import timezone

    from messaging.pipeline.envelope import Envelope
    from messaging.pipeline.publish import publish

    publish(Envelope(new_client_id(), channel_id, author, text, timezone.now()))


def _put_task(channel_id: int, author: int, text: str) -> None:
    from django.utils import timezone

    from tests.bench.tasks import QUEUE, STORE_TASK, app

    fields = {"channel_id": channel_id, "author_id": author, "client_id": str(new_client_id()), "text": text}
    app.send_task(STORE_TASK, kwargs={**fields, "accepted_at": timezone.now().isoformat()}, queue=QUEUE)


if __name__ == "__main__":
    django.setup()
    enqueue(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
