"""Storing a history at once: many messages that are past already and were checked by whoever brings them.

What people say now comes through `accept` and `persist`; this path checks no author and no duplicate.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chatsite.errors import Conflict, NotFound
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import locked_channels
from messaging.pipeline.rows import insert, numbered
from messaging.rendering import render

BATCH = 2_000  # messages in a transaction: the others who write in these channels wait for it
REMEMBERED_TEXTS = 10_000  # a history that is made up repeats itself, and rendering is the slowest part


def load(envelopes: Iterable[Envelope]) -> Iterator[int]:
    """Store `envelopes` behind what their channels have, a transaction for each BATCH of them.

    Every message gets the next `seq` and `version` of its channel, as from `persist`, but counts as stored
    when it was accepted.

    Arguments:
        envelopes: of people who may write there, under client_ids that were never used, with texts as
            `messaging.texts.clean_text` returns them, oldest first. They are read as they are stored.

    Yields:
        How many were stored, after each transaction.

    Raises:
        NotFound: a channel does not exist; the batch is not stored.
        Conflict: a channel is archived; the batch is not stored.
        IntegrityError: a client_id is taken; the batch is not stored.
    """
    rendered = lru_cache(REMEMBERED_TEXTS)(render)
    left = iter(envelopes)
    while batch := list(islice(left, BATCH)):
        html = [rendered(envelope.text) for envelope in batch]
        _store(batch, html)
        yield len(batch)


@transaction.atomic
def _store(batch: Sequence[Envelope], html: Sequence[str]) -> None:
    channels = locked_channels({envelope.channel_id for envelope in batch})
    if any(envelope.channel_id not in channels for envelope in batch):
        raise NotFound
    if archived := [channel.name for channel in channels.values() if channel.is_archived]:
        raise Conflict(
            _("Archived, so nothing can be added: %(channels)s.") % {"channels": ", ".join(archived)},
            code="channel_archived",
        )
    rows = [
        numbered(envelope, its_html, channels[envelope.channel_id], now=envelope.accepted_at)
        for envelope, its_html in zip(batch, html, strict=True)
    ]
    insert(rows, channels.values())
