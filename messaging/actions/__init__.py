"""Every write of messaging, one function per thing a person does."""

from messaging.actions.erasing import erase_all_rejected_of
from messaging.actions.messages import delete_message, edit_message
from messaging.actions.presence import tell_browser
from messaging.actions.reading import mark_unread_from
from messaging.actions.rejected import discard_rejected, retry_rejected
from messaging.actions.removals import (
    ban,
    begin_removal_again,
    finish_stalled_removals,
    go_on_removing,
    remove_all_said_by,
    start_removal,
)
from messaging.actions.reports import delete_reported, report_message, settle_report
from messaging.actions.typing import tell_typing, tell_typing_with_ticket

__all__ = [
    "ban",
    "begin_removal_again",
    "delete_message",
    "delete_reported",
    "discard_rejected",
    "edit_message",
    "erase_all_rejected_of",
    "finish_stalled_removals",
    "go_on_removing",
    "mark_unread_from",
    "remove_all_said_by",
    "report_message",
    "retry_rejected",
    "settle_report",
    "start_removal",
    "tell_browser",
    "tell_typing",
    "tell_typing_with_ticket",
]
