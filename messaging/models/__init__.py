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
from messaging.models.reports import REPORT_LENGTH, Report

__all__ = [
    "REPORT_LENGTH",
    "EarlierText",
    "Message",
    "MessageQuerySet",
    "RejectedMessage",
    "Removal",
    "Report",
    "Tombstone",
    "Worker",
]
