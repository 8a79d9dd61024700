"""A long history costs no more than a short one: MariaDB reads the rows that a page shows, and few others."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection

from channels_app.models import Channel
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.load import load
from messaging.queries.changes import changes_after
from messaging.queries.timeline import PAGE, newest_page, page_after, page_around, page_before
from tests.cast import Cast
from tests.messaging.test_timeline import NOON

pytestmark = pytest.mark.stack

LENGTH = 10_000  # messages
FEW = 20 * PAGE  # rows, an index entry and a message and its author each counted


def rows_read(read: Callable[[], object]) -> int:
    """How many rows the database looks at for `read`, by its own count."""
    with connection.cursor() as cursor:
        cursor.execute("FLUSH STATUS")
        read()
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(count) for _name, count in cursor.fetchall())


def test_every_read_of_a_long_history_looks_at_few_rows(cast: Cast) -> None:
    history = (Envelope(uuid.uuid4(), cast.design.pk, cast.bob.pk, f"{n}", NOON) for n in range(LENGTH))
    for _stored in load(history):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE messaging_message")
        cursor.fetchall()
    channel = Channel.objects.get(pk=cast.design.pk)
    middle = Message.objects.get(channel=channel, seq=LENGTH // 2)

    reads: dict[str, Callable[[], object]] = {
        "newest": lambda: newest_page(channel, None),
        "before the middle": lambda: page_before(channel, None, LENGTH // 2),
        "before the beginning": lambda: page_before(channel, None, 100),
        "after the middle": lambda: page_after(channel, None, LENGTH // 2),
        "after the beginning": lambda: page_after(channel, None, 1),
        "around the middle": lambda: page_around(cast.bob, channel, None, middle.client_id),
        "last change": lambda: changes_after(cast.bob, channel, LENGTH - 1),
        "last changes": lambda: changes_after(cast.bob, channel, LENGTH - 300),
        "reset": lambda: changes_after(cast.bob, channel, 1),
    }

    assert {name: count for name, read in reads.items() if (count := rows_read(read)) > FEW} == {}
