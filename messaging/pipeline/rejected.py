"""Keeping what was accepted and can't be stored, whole and with the reason, so that nothing is dropped."""

import hashlib
import json
import logging
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.utils import timezone

from accounts.models import User
from chatsite.live.bus import announce
from chatsite.live.events import rejected
from messaging.models import RejectedMessage, Tombstone
from messaging.pipeline.envelope import KEPT_OF_A_CUT, cut_down, fingerprint_in, names_in, without_text
from messaging.pipeline.tombstones import Name, buried_among

NOT_STORED = (RejectedMessage.Outcome.OPEN, RejectedMessage.Outcome.DISCARDED)
ROWS_IN_A_STATEMENT = 50  # of 120 KB at most, far below max_allowed_packet

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejection:
    """What came out of the queue and is not stored.

    Arguments:
        fields: an envelope or what is none, of JSON's own types; what was not even JSON, as text.
        reason: a stable code.
        detail: what an admin should know besides.
    """

    fields: object
    reason: str
    detail: str = ""

    @property
    def client_id(self) -> UUID | None:
        return names_in(self.fields)[0]

    @property
    def author_id(self) -> int | None:
        return names_in(self.fields)[1]

    @property
    def digest(self) -> str:
        """The same for every delivery and every post of the same message, refused for the same reason."""
        fingerprint = fingerprint_in(self.fields)
        what = f"{self.client_id}:{fingerprint.hex()}" if fingerprint else self.envelope
        return hashlib.sha256(f"{self.reason}:{what}".encode()).hexdigest()

    @property
    def envelope(self) -> str:
        """`fields` as the row keeps them."""
        return json.dumps(self.fields)

    def cut_down(self) -> "Rejection":
        """This one, of a size that always fits; what is left of the envelope can't be taken for one."""
        detail = f"too large, and cut after {KEPT_OF_A_CUT:,} characters. {self.detail}"[:KEPT_OF_A_CUT]
        return Rejection(cut_down(self.fields), self.reason, detail)


def unreadable(fields: object, *, detail: str) -> Rejection:
    """The rejection of `fields`, which this release can't read."""
    return Rejection(fields, "unknown_envelope", detail)


def keep(rejections: Sequence[Rejection], *, at: datetime) -> None:
    """Keep `rejections`, one row for each message and reason.

    What is delivered again changes nothing. What its author posted again is to be decided again.

    Raises:
        django.db.Error: they could not be written, so that nothing may be acknowledged. An IntegrityError
            says that another worker kept one of them in the same moment.
    """
    rows = {row.digest: row for row in _rows(rejections, at)}
    known = {row.digest: row for row in RejectedMessage.objects.filter(digest__in=rows)}
    new = [row for digest, row in rows.items() if digest not in known]
    RejectedMessage.objects.bulk_create(new, batch_size=ROWS_IN_A_STATEMENT)
    again = [rows[digest] for digest, row in known.items() if row.envelope != rows[digest].envelope]
    for row in again:
        RejectedMessage.objects.filter(digest=row.digest).update(
            envelope=row.envelope,
            detail=row.detail,
            rejected_at=at,
            outcome=row.outcome,
            ended_at=row.ended_at,
        )
    transaction.on_commit(partial(_log, [*new, *again]))
    # Also of what was kept before: who did that may have ended between commit and announcement.
    announce(
        *(rejected(row.author_id, row.client_id) for row in rows.values() if row.author_id and row.client_id)
    )


def buried_and_rejected(names: Collection[Name]) -> tuple[set[Name], list[int]]:
    """As `buried_among`, and the rows of what was rejected under these names, in one query."""
    ids = {client_id for client_id, _author in names}
    buried = Tombstone.objects.filter(client_id__in=ids)
    rejected = RejectedMessage.objects.filter(client_id__in=ids, outcome__in=NOT_STORED)
    columns = ("client_id", "author_id")
    found = buried.values_list(*columns, Value(0)).union(rejected.values_list(*columns, "pk"), all=True)
    rows = [row for _client_id, _author, row in found if row]
    return set(names) & {(client_id, author) for client_id, author, row in found if not row}, rows


def end_as_stored(rows: Sequence[int], messages: Container[tuple[UUID | None, bytes | None]]) -> None:
    """Of the rejections `rows`, end those of `messages`: client_ids and fingerprints of what is stored."""
    stored = [
        row.pk
        for row in RejectedMessage.objects.filter(pk__in=rows)
        if (row.client_id, fingerprint_in(json.loads(row.envelope))) in messages
    ]
    RejectedMessage.objects.filter(pk__in=stored, outcome__in=NOT_STORED).update(
        outcome=RejectedMessage.Outcome.STORED, ended_at=timezone.now()
    )


@transaction.atomic
def set_aside(rejection: Rejection, *, at: datetime) -> None:
    """Keep `rejection`, unless its author deleted the message.

    Raises:
        django.db.Error: as `keep`.
    """
    keep([rejection], at=at)
    client_id, author_id = rejection.client_id, rejection.author_id
    if client_id is not None and author_id is not None and buried_among([(client_id, author_id)]):
        transaction.set_rollback(True)


def _rows(rejections: Sequence[Rejection], at: datetime) -> Iterable[RejectedMessage]:
    ids = {rejection.author_id for rejection in rejections if rejection.author_id is not None}
    authors = User.objects.only("username").in_bulk(ids)
    for rejection in rejections:
        author = authors.get(rejection.author_id or 0)
        row = RejectedMessage(
            client_id=rejection.client_id,
            author=author,
            digest=rejection.digest,
            envelope=rejection.envelope,
            reason=rejection.reason,
            detail=rejection.detail,
            rejected_at=at,
        )
        if author is not None and author.is_deleted:  # nobody can ever store it
            row.envelope, row.detail = json.dumps(without_text(rejection.fields)), ""
            row.outcome, row.ended_at = RejectedMessage.Outcome.DELETED, at
        yield row


def _log(rows: Sequence[RejectedMessage]) -> None:
    for row in rows:
        logger.warning("rejected", extra={"client_id": str(row.client_id or ""), "reason": row.reason})
