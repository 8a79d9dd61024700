"""The tables of messaging."""

from messaging.models.messages import (
    EarlierText,
    Message,
    MessageQuerySet,
    RejectedMessage,
    Tombstone,
    Worker,
)
from messaging.models.removals import Removal

__all__ = [
    "EarlierText",
    "Message",
    "MessageQuerySet",
    "RejectedMessage",
    "Removal",
    "Tombstone",
    "Worker",
]
