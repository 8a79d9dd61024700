"""Finishes what was to be removed of messages and nobody is at any more, as after an outage of the broker."""

from typing import Any

from chatsite.commands import ChatCommand
from messaging.actions import finish_stalled_removals


class Command(ChatCommand):
    help = "Finish the removals of messages that were begun and that nobody is at any more."

    def handle(self, *args: Any, **options: Any) -> None:
        finish_stalled_removals()
