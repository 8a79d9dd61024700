"""What somebody said, in the file with all that the site keeps of them."""

from array import array
from collections import defaultdict
from collections.abc import Iterator

from accounts.actions import ExportFile, as_line
from accounts.models import User
from channels_app.models import Channel
from messaging.models import Message

READ = 500  # messages at once


def count_messages(user: User) -> int:
    return Message.objects.filter(author=user, deleted_at=None).count()


def files_of_messages(user: User) -> Iterator[ExportFile]:
    """A file for each channel. Of the messages only the ids are ever in memory together, eight bytes each."""
    ids: dict[int, array[int]] = defaultdict(lambda: array("Q"))
    for pk, channel_id in _ids(user):
        ids[channel_id].append(pk)
    for channel in Channel.objects.filter(pk__in=ids).order_by("pk"):
        yield ExportFile(f"messages/{channel.slug}.jsonl", _messages(ids[channel.pk]))


def _ids(user: User) -> Iterator[tuple[int, int]]:
    """Of each message the id and its channel's, along the author's index."""
    last = 0
    while True:
        ahead = Message.objects.filter(author=user, deleted_at=None, pk__gt=last).order_by("author_id", "pk")
        portion = list(ahead.values_list("pk", "channel_id")[: 10 * READ])
        if not portion:
            return
        yield from portion
        last = portion[-1][0]


def _messages(ids: "array[int]") -> Iterator[bytes]:
    for start in range(0, len(ids), READ):
        portion = Message.objects.filter(pk__in=ids[start : start + READ], deleted_at=None).order_by("pk")
        for message in portion:
            yield as_line(
                {
                    "number": message.seq,
                    "said": message.accepted_at,
                    "edited": message.edited_at,
                    "text": message.text,
                    "name": message.client_id,
                }
            )
