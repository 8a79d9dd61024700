"""The channel page: the newest messages, older ones by key, grouped and safe."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from channels_app.models import Channel
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from tests.cast import Cast, say, signed_in

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def said_at(channel: Channel, *said: tuple[User, datetime]) -> None:
    """Store one message for each author and time, the text being its number."""
    persist(
        [
            Envelope(uuid.uuid4(), channel.pk, author.pk, f"number {place}", time)
            for place, (author, time) in enumerate(said, start=1)
        ],
        keep_rejected=False,
    )


def seqs(page: Any) -> list[int]:
    return [item.message.seq for item in page.items]


def test_the_newest_fifty_are_shown_and_older_ones_by_link(cast: Cast) -> None:
    said_at(cast.design, *[(cast.bob, NOON + timedelta(seconds=n)) for n in range(120)])
    bob = signed_in(cast.bob)

    newest = bob.get("/channels/design/").context["messages_page"]
    middle = bob.get("/channels/design/", {"before": newest.before}).context["messages_page"]
    oldest = bob.get("/channels/design/", {"before": middle.before}).context["messages_page"]

    assert seqs(newest) == list(range(71, 121))
    assert seqs(middle) == list(range(21, 71))
    assert seqs(oldest) == list(range(1, 21))
    assert (newest.is_latest, oldest.before) == (True, None)
    assert seqs(bob.get("/channels/design/", {"after": 20}).context["messages_page"]) == seqs(middle)


def test_asking_for_what_comes_after_the_end_shows_the_newest(cast: Cast) -> None:
    said_at(cast.design, (cast.bob, NOON), (cast.carol, NOON))

    page = signed_in(cast.bob).get("/channels/design/", {"after": 2}).context["messages_page"]

    assert seqs(page) == [1, 2]
    assert page.is_latest


def test_older_messages_come_as_fragments_for_scrolling(cast: Cast) -> None:
    said_at(cast.design, *[(cast.bob, NOON + timedelta(seconds=n)) for n in range(60)])

    page = signed_in(cast.bob).get("/channels/design/messages/", {"before": 11}).content.decode()

    assert page.count("<article") == 10
    assert 'data-seq="1"' in page
    assert 'data-seq="11"' not in page
    assert "<html" not in page


def test_a_permalink_opens_the_channel_at_that_message(cast: Cast) -> None:
    said_at(cast.design, *[(cast.bob, NOON + timedelta(seconds=n)) for n in range(120)])
    message = Message.objects.get(seq=60)

    response = signed_in(cast.carol).get(message.get_absolute_url(), follow=True)

    page = response.context["messages_page"]
    assert response.redirect_chain[0][0].endswith(f"#m-{message.client_id}")
    assert seqs(page) == list(range(36, 86))
    assert response.context["focus"] == message.client_id
    assert (page.before, page.after) == (36, 85)


def test_a_message_is_not_found_in_another_channel_nor_where_it_was_cleared(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "here")
    bob = signed_in(cast.bob)

    assert bob.get("/channels/design/", {"at": str(message.client_id)}).status_code == 200
    assert bob.get("/channels/public/", {"at": str(message.client_id)}).status_code == 404
    bob.post("/channels/design/clear/")
    assert bob.get("/channels/design/", {"at": str(message.client_id)}).status_code == 404


def test_nothing_before_the_first_message_is_not_the_newest_page(cast: Cast) -> None:
    said_at(cast.design, (cast.bob, NOON), (cast.carol, NOON))
    bob = signed_in(cast.bob)

    page = bob.get("/channels/design/", {"before": 1}).context["messages_page"]

    assert (seqs(page), page.before, page.is_latest) == ([], None, False)
    newer = bob.get("/channels/design/", {"after": page.after}).context["messages_page"]
    assert (seqs(newer), newer.before) == ([1, 2], None)


@pytest.mark.parametrize("path", ["/", "/channels/", "/channels/design/", "/channels/design/messages/"])
def test_a_page_can_be_asked_for_its_head_alone(cast: Cast, path: str) -> None:
    bob = signed_in(cast.bob)

    assert bob.head(path).status_code == bob.get(path).status_code


def test_a_permalink_to_nothing_is_not_found(cast: Cast) -> None:
    assert signed_in(cast.bob).get(f"/messages/{uuid.uuid4()}/").status_code == 404


def test_messages_by_one_author_within_five_minutes_share_a_heading(cast: Cast) -> None:
    said_at(
        cast.design,
        (cast.bob, NOON),
        (cast.bob, NOON + timedelta(minutes=4, seconds=59)),
        (cast.carol, NOON + timedelta(minutes=5)),
        (cast.bob, NOON + timedelta(minutes=6)),
        (cast.bob, NOON + timedelta(minutes=11)),
    )

    page = signed_in(cast.bob).get("/channels/design/").context["messages_page"]

    assert [item.is_grouped for item in page.items] == [False, True, False, False, False]


def test_the_first_message_under_the_new_line_has_its_own_heading(cast: Cast) -> None:
    said_at(cast.design, *[(cast.carol, NOON + timedelta(minutes=minute)) for minute in range(3)])
    bob = signed_in(cast.bob)
    bob.post("/channels/design/read/", {"seq": 1})

    page = bob.get("/channels/design/").context["messages_page"]

    assert page.new_from == 2
    assert [item.is_grouped for item in page.items] == [False, False, True]


def test_days_are_told_apart_in_the_readers_zone(cast: Cast) -> None:
    evening = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    said_at(cast.design, (cast.bob, evening), (cast.bob, evening + timedelta(hours=2)))
    bob = signed_in(cast.bob)

    def days() -> list[int | None]:
        page = bob.get("/channels/design/").context["messages_page"]
        return [item.day.day if item.day else None for item in page.items]

    assert days() == [2, 3]
    bob.cookies["time_zone"] = "Europe/Berlin"
    assert days() == [2, 3]
    bob.cookies["time_zone"] = "Asia/Tokyo"
    assert days() == [3, None]
    bob.cookies["time_zone"] = "../../etc/passwd"
    assert days() == [2, 3]


def test_a_text_can_not_become_markup(cast: Cast) -> None:
    say(cast.mallory, cast.public, "<script>alert(1)</script><img src=x onerror=alert(1)>")

    page = signed_in(cast.bob).get("/channels/public/").content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    "address", ["?before=x", "?before=-1", "?after=1e9", "?at=nonsense", "?before=" + "9" * 30]
)
def test_an_address_that_makes_no_sense_is_refused_not_a_crash(cast: Cast, address: str) -> None:
    assert signed_in(cast.bob).get(f"/channels/design/{address}").status_code == 422


def test_an_empty_channel_says_what_it_is(cast: Cast) -> None:
    response = signed_in(cast.bob).get("/channels/design/")

    assert response.context["messages_page"].items == []
    assert "<article" not in response.content.decode().split("<template")[0]
