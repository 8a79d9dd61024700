"""Gives a channel a history: `python -m tests.bench.fill SLUG MESSAGES`, run with the settings of a site.

The newest page looks the same whatever the length, so that only the length can make a difference. The first
messages come in as any history does; the others are copies of these made in the database, ten times as fast.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from random import Random
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from messaging.pipeline.envelope import Envelope

CYCLE = 500  # messages, after which the same texts come again: a length is a multiple of it
FIRST = 2_000  # messages that are not copies; a multiple of CYCLE
COPIES_AT_ONCE = 64_000  # messages in a statement
PACE_S = 20  # from one message to the next
STATEMENT_TIMEOUT_S = 600

# A copy is `shift` messages later, and has a name as if it had been said then (messaging/names.py).
COPY = """
    INSERT INTO messaging_message (channel_id, author_id, client_id, seq, version, text, html, html_version,
        fingerprint, accepted_at, stored_at)
    SELECT channel_id, author_id, {client_id}, seq + {shift}, version + {shift}, text, html, html_version,
        fingerprint, {accepted_at}, {accepted_at}
    FROM messaging_message WHERE channel_id = {channel} AND seq > 0 AND seq <= {count}
"""
MARIADB = {
    "accepted_at": "TIMESTAMPADD(SECOND, {shift} * {pace}, accepted_at)",
    "client_id": "CONCAT(LPAD(HEX((UNIX_TIMESTAMP(accepted_at) + {shift} * {pace}) * 1000), 12, '0'), '7', "
    "INSERT(SUBSTR(MD5(CONCAT(client_id, seq + {shift})), 1, 19), 4, 1, 'a'))",
}
SQLITE = {
    "accepted_at": "strftime('%Y-%m-%d %H:%M:%f', accepted_at, ({shift} * {pace}) || ' seconds')",
    "client_id": "printf('%012x7', (strftime('%s', accepted_at) + {shift} * {pace}) * 1000) || "
    "substr(lower(hex(randomblob(2))), 2) || 'a' || substr(lower(hex(randomblob(8))), 2)",
}


def fill(slug: str, length: int) -> None:
    """Store `length` messages of the demo's team in the empty channel `slug`."""
    from messaging.demo.actions import gather_team
    from messaging.pipeline.load import load

    assert length % CYCLE == 0, f"{length} is not a multiple of {CYCLE}"
    gather_team(password=secrets.token_hex(16), among_others=True)
    for _stored in load(islice(history(slug, length), min(length, FIRST))):
        pass
    stored = FIRST
    while stored < length:
        stored += copy(slug, stored, min(stored, COPIES_AT_ONCE, length - stored))


def history(slug: str, length: int) -> "Iterator[Envelope]":
    """Envelopes of what the demo's team says, over and over, the number `length` of them now."""
    from django.utils import timezone

    from accounts.models import User
    from channels_app.models import Channel
    from messaging.demo.month import MONTH, conversation
    from messaging.names import new_client_id
    from messaging.pipeline.envelope import Envelope

    channel = Channel.objects.get(slug=slug)
    authors = dict(User.objects.values_list("username", "pk"))
    now = timezone.now()
    said = list(conversation(Random(1), count=CYCLE, begin=now - MONTH, end=now))
    for number, line in enumerate(cycle(said), start=1):
        age = timedelta(seconds=PACE_S) * (length - number)
        said_at = now - age
        yield Envelope(new_client_id(said_at), channel.pk, authors[line.author], line.text, said_at)


def copy(slug: str, stored: int, count: int) -> int:
    """Copy the first `count` messages of the channel behind the `stored` that it has; returns `count`."""
    from django.db import connection, transaction
    from django.db.models import F

    from channels_app.models import Channel

    dialect = MARIADB if connection.vendor == "mysql" else SQLITE
    numbers = {"shift": stored, "pace": PACE_S, "count": count}
    with transaction.atomic():
        channel = Channel.objects.select_for_update().get(slug=slug)
        written = {name: expression.format(**numbers) for name, expression in dialect.items()}
        with connection.cursor() as cursor:
            cursor.execute(COPY.format(**written, **numbers, channel=channel.pk))
        Channel.objects.filter(pk=channel.pk).update(
            last_seq=F("last_seq") + count,
            version=F("version") + count,
            last_activity_at=channel.messages.get(seq=stored + count).accepted_at,
        )
    return count


if __name__ == "__main__":
    os.environ["DATABASE_TIMEOUT"] = str(STATEMENT_TIMEOUT_S)
    django.setup()
    fill(sys.argv[1], int(sys.argv[2]))
