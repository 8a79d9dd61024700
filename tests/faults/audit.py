"""Comparing what people sent, and were told, with what is in the database afterwards."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from tests.faults.outbox import Sent
from tests.site import Site


@dataclass(frozen=True, slots=True)
class Stored:
    """A message's row; `stored_at` in seconds since the epoch."""

    client_id: UUID
    sender: str
    channel: str  # its slug
    text: str
    seq: int
    stored_at: float


@dataclass(frozen=True, slots=True)
class Books:
    """What the database has of some channels.

    Arguments:
        rows: their messages behind `before`, the number of the last earlier one of each.
        last_seq: of each channel.
        rejected: the names of what was set aside.
    """

    rows: Sequence[Stored]
    before: Mapping[str, int]
    last_seq: Mapping[str, int]
    rejected: Collection[UUID]


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of a case; every number but the first three and `rejected` has to be 0.

    `doubled` counts every row beyond one for each message sent, `misordered` the messages that are stored
    before an earlier one of their sender in their channel, `gaps` the numbers of a channel that no message or
    more than one has.
    """

    sent: int
    acknowledged: int
    stored: int
    lost: int
    doubled: int
    misordered: int
    gaps: int
    rejected: int
    longest_wait_s: float  # from the sender's key to the acknowledgement
    longest_way_s: float  # from the sender's key to the database

    def __str__(self) -> str:
        line = (
            f"sent {self.sent:,}, acknowledged {self.acknowledged:,}, stored {self.stored:,}, "
            f"lost {self.lost}, doubled {self.doubled}, misordered {self.misordered}, "
            f"longest wait {self.longest_wait_s:.1f} s (until stored {self.longest_way_s:.1f} s)"
        )
        for name in ("gaps", "rejected"):
            if number := getattr(self, name):
                line += f", {name} {number}"
        return line

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.misordered or self.gaps)


def audit(journal: Sequence[Sent], books: Books) -> Audit:
    """Compare the `journal` of all that was sent to the channels of `books` with those."""
    rows = {(row.client_id, row.sender, row.channel, row.text): row for row in books.rows}
    found = [rows.get((sent.client_id, sent.sender, sent.channel, sent.text)) for sent in journal]
    pairs = list(zip(journal, found, strict=True))
    acknowledged = [sent for sent in journal if sent.acknowledged_at is not None]
    return Audit(
        sent=len(journal),
        acknowledged=len(acknowledged),
        stored=sum(row is not None for row in found),
        lost=sum(
            row is None and sent.acknowledged_at is not None and sent.client_id not in books.rejected
            for sent, row in pairs
        ),
        doubled=len(books.rows) - sum(row is not None for row in found),
        misordered=_misordered(pairs),
        gaps=_gaps(books),
        rejected=sum(row is None and sent.client_id in books.rejected for sent, row in pairs),
        longest_wait_s=max(
            ((sent.acknowledged_at or 0) - sent.written_at for sent in acknowledged), default=0
        ),
        longest_way_s=max((row.stored_at - sent.written_at for sent, row in pairs if row), default=0),
    )


def _misordered(pairs: Iterable[tuple[Sent, Stored | None]]) -> int:
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for sent, row in pairs:
        if row is not None:
            numbers[sent.sender, sent.channel].append(row.seq)
    return sum(earlier > later for own in numbers.values() for earlier, later in pairwise(own))


def _gaps(books: Books) -> int:
    numbers: dict[str, list[int]] = {slug: [] for slug in books.last_seq}
    for row in books.rows:
        numbers[row.channel].append(row.seq)
    gaps = 0
    for slug, last in books.last_seq.items():
        expected = set(range(books.before.get(slug, 0) + 1, last + 1))
        found = numbers[slug]
        gaps += len(expected ^ set(found)) + len(found) - len(set(found))
    return gaps


def last_numbers(site: Site, slugs: Collection[str]) -> dict[str, int]:
    """The number of the newest message in each of the channels `slugs`."""
    numbers = site.rows("SELECT slug, last_seq FROM channels_app_channel")
    return {slug: last_seq for slug, last_seq in numbers if slug in slugs}


def open_books(site: Site, before: Mapping[str, int]) -> Books:
    """What the database has now of the channels in `before`, behind the numbers given there."""
    rows = site.rows(
        "SELECT message.client_id, author.username, channel.slug, message.text, message.seq, "
        "message.stored_at FROM messaging_message AS message "
        "JOIN channels_app_channel AS channel ON channel.id = message.channel_id "
        "JOIN accounts_user AS author ON author.id = message.author_id"
    )
    stored = [
        Stored(UUID(str(client_id)), sender, slug, text, seq, _seconds(stored_at))
        for client_id, sender, slug, text, seq, stored_at in rows
        if slug in before and seq > before[slug]
    ]
    rejected = site.rows("SELECT client_id FROM messaging_rejectedmessage WHERE client_id IS NOT NULL")
    return Books(
        stored,
        before=before,
        last_seq=last_numbers(site, set(before)),
        rejected={UUID(str(client_id)) for (client_id,) in rejected},
    )


def _seconds(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()
