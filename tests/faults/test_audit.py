"""The auditor finds what it is there to find."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from tests.faults.audit import Audit, Books, Stored, audit
from tests.faults.outbox import Sent, State


def a_message(number: int, sender: str = "bob", channel: str = "public") -> Sent:
    return Sent(
        uuid4(), sender, channel, f"text {number}", 100.0 + number, State.SENT, acknowledged_at=101.0 + number
    )


def a_row(sent: Sent, seq: int) -> Stored:
    return Stored(sent.client_id, sent.sender, sent.channel, sent.text, seq, stored_at=sent.written_at + 3)


def the_books(rows: list[Stored], *, last_seq: int | None = None, rejected: set[UUID] | None = None) -> Books:
    last = len(rows) if last_seq is None else last_seq
    return Books(rows, before={"public": 0}, last_seq={"public": last}, rejected=rejected or set())


@pytest.fixture
def journal() -> list[Sent]:
    return [a_message(number) for number in range(5)]


@pytest.fixture
def rows(journal: list[Sent]) -> list[Stored]:
    return [a_row(sent, seq) for seq, sent in enumerate(journal, 1)]


def test_what_is_stored_once_and_in_order_is_clean(journal: list[Sent], rows: list[Stored]) -> None:
    found = audit(journal, the_books(rows))

    assert found == Audit(5, 5, 5, 0, 0, 0, 0, 0, longest_wait_s=1, longest_way_s=3)
    assert found.is_clean


def test_an_acknowledged_message_that_is_not_stored_is_lost(journal: list[Sent], rows: list[Stored]) -> None:
    found = audit(journal, the_books(rows[:-1]))

    assert (found.stored, found.lost) == (4, 1)
    assert not found.is_clean


def test_a_message_that_nobody_acknowledged_may_be_missing(journal: list[Sent], rows: list[Stored]) -> None:
    journal[-1].acknowledged_at = None

    assert audit(journal, the_books(rows[:-1])).is_clean


def test_a_message_that_was_set_aside_is_not_lost(journal: list[Sent], rows: list[Stored]) -> None:
    found = audit(journal, the_books(rows[:-1], rejected={journal[-1].client_id}))

    assert (found.lost, found.rejected) == (0, 1)
    assert found.is_clean


@pytest.mark.parametrize(
    "change",
    [{"text": "another"}, {"sender": "mallory"}, {"channel": "elsewhere"}],
    ids=lambda c: next(iter(c)),
)
def test_a_message_that_is_stored_as_another_is_lost(
    journal: list[Sent], rows: list[Stored], change: dict[str, str]
) -> None:
    rows[2] = replace(rows[2], **change)  # type: ignore[arg-type]  # each is a string
    books = replace(the_books(rows), last_seq={"public": 5, "elsewhere": 0})

    assert audit(journal, books).lost == 1


def test_a_message_that_is_stored_again_under_another_name_is_doubled(
    journal: list[Sent], rows: list[Stored]
) -> None:
    rows.append(replace(rows[0], client_id=uuid4(), seq=6))

    found = audit(journal, the_books(rows))

    assert (found.doubled, found.lost) == (1, 0)
    assert not found.is_clean


def test_a_message_that_is_stored_again_under_its_own_name_is_doubled(
    journal: list[Sent], rows: list[Stored]
) -> None:
    rows.append(replace(rows[0], seq=6))

    assert audit(journal, the_books(rows)).doubled == 1


def test_a_message_that_is_stored_before_an_earlier_one_is_misordered(
    journal: list[Sent], rows: list[Stored]
) -> None:
    rows[1], rows[3] = replace(rows[1], seq=4), replace(rows[3], seq=2)

    found = audit(journal, the_books(rows))

    assert (found.misordered, found.lost, found.doubled, found.gaps) == (2, 0, 0, 0)
    assert not found.is_clean


def test_the_messages_of_two_people_may_be_stored_in_any_order(
    journal: list[Sent], rows: list[Stored]
) -> None:
    carols = a_message(9, sender="carol")

    assert audit([carols, *journal], the_books([*rows, a_row(carols, 6)])).is_clean


def test_a_number_that_no_message_has_is_a_gap(journal: list[Sent], rows: list[Stored]) -> None:
    rows[-1] = replace(rows[-1], seq=6)

    found = audit(journal, the_books(rows, last_seq=6))

    assert (found.gaps, found.misordered) == (1, 0)
    assert not found.is_clean


def test_a_channel_that_counts_further_than_its_messages_has_a_gap(
    journal: list[Sent], rows: list[Stored]
) -> None:
    assert audit(journal, the_books(rows, last_seq=7)).gaps == 2


def test_a_number_that_two_messages_have_is_a_gap(journal: list[Sent], rows: list[Stored]) -> None:
    rows[-1] = replace(rows[-1], seq=4)

    assert not audit(journal, the_books(rows, last_seq=4)).is_clean
