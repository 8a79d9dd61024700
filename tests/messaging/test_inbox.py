"""What the broker delivered, until a batch of it is taken."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from messaging.pipeline.inbox import LONGEST_STRETCH, Delivery, Inbox, Lease

SOON_S = 0.01
LONG_S = 3600.0


def inbox(*, most: int = 3, most_bytes: int = 100, wait_s: float = SOON_S) -> Inbox:
    return Inbox(most=most, most_bytes=most_bytes, wait_s=wait_s)


def put(box: Inbox, lease: Lease, *bodies: str) -> None:
    for tag, body in enumerate(bodies, 1):
        box.put(Delivery(lease, tag, body))


def bodies(batch: list[Delivery]) -> list[bytes | str]:
    return [delivery.body for delivery in batch]


def test_a_full_batch_does_not_wait() -> None:
    box = inbox(wait_s=LONG_S)
    put(box, Lease(0, None), "a", "b", "c", "d")

    assert bodies(box.take()) == ["a", "b", "c"]


def test_the_oldest_of_each_queue_is_known_until_it_is_done() -> None:
    box = inbox(most=2)
    one, other = Lease(0, None), Lease(1, None)
    put(box, one, "a", "b")
    put(box, other, "c")

    def oldest() -> dict[int, bytes | str]:
        return {partition: delivery.body for partition, delivery in box.oldest.items()}

    assert oldest() == {0: "a", 1: "c"}
    batch = box.take()
    assert oldest() == {0: "a", 1: "c"}
    box.done(batch)
    assert oldest() == {1: "c"}
    box.end(other)
    assert oldest() == {}
    assert box.in_hand == 0


def test_what_comes_after_a_pause_does_not_wait() -> None:
    box = inbox(wait_s=LONG_S)
    put(box, Lease(0, None), "a")

    assert bodies(box.take()) == ["a"]


def test_right_after_a_batch_the_next_one_waits_until_it_is_full() -> None:
    box = inbox(most=2, wait_s=LONG_S)
    lease = Lease(0, None)
    put(box, lease, "a")
    box.take()
    put(box, lease, "b")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(box.take)
        put(box, lease, "c")
        assert bodies(waiting.result(timeout=10)) == ["b", "c"]


def test_what_is_not_full_goes_once_the_last_batch_is_long_enough_ago() -> None:
    box = inbox()
    lease = Lease(0, None)
    put(box, lease, "a")
    box.take()
    put(box, lease, "b")

    assert bodies(box.take()) == ["b"]


def test_while_much_comes_the_wait_for_the_next_batch_is_longer() -> None:
    waits_s = []
    for count in (1, 100):
        box = inbox(most=1_000, most_bytes=1_000)
        lease = Lease(0, None)
        put(box, lease, *["x"] * count)
        began = time.monotonic()
        box.take()
        put(box, lease, "next")
        box.take()
        waits_s.append(time.monotonic() - began)

    assert waits_s[0] >= SOON_S
    assert waits_s[1] >= SOON_S * LONGEST_STRETCH


@pytest.mark.parametrize(
    ("sizes", "expected"), [([60, 30, 30], [60, 30]), ([150, 10, 10], [150]), ([40, 40, 40], [40, 40])]
)
def test_a_batch_keeps_within_its_bytes_but_for_one_that_is_larger_alone(
    sizes: list[int], expected: list[int]
) -> None:
    box = inbox(wait_s=LONG_S)
    put(box, Lease(0, None), *("x" * size for size in sizes))

    assert [len(body) for body in bodies(box.take())] == expected


def test_what_is_handed_back_is_not_taken_and_the_rest_keeps_its_order() -> None:
    box = inbox()
    kept, ended = Lease(0, None), Lease(1, None)
    box.put(Delivery(kept, 1, "a"))
    box.put(Delivery(ended, 1, "x"))
    box.put(Delivery(kept, 2, "b"))

    box.end(ended)
    box.put(Delivery(ended, 2, "y"))

    assert bodies(box.take()) == ["a", "b"]


def test_a_lease_is_in_work_until_its_batch_is_done() -> None:
    box = inbox()
    lease = Lease(0, None)
    put(box, lease, "a")
    batch = box.take()

    assert box.is_in_work(lease)
    box.done(batch)
    assert not box.is_in_work(lease)


def test_closing_ends_the_wait_for_a_batch() -> None:
    box = inbox()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(box.take)
        box.close()
        assert waiting.result(timeout=10) == []


def test_a_pause_ends_when_nobody_wants_the_batch_any_more() -> None:
    box = inbox()
    one, other = Lease(0, None), Lease(1, None)
    batch = [Delivery(one, 1, "a"), Delivery(other, 1, "b")]

    assert box.pause(batch, SOON_S)
    box.end(one)
    assert box.pause(batch, SOON_S)
    box.end(other)
    assert not box.pause(batch, LONG_S)
