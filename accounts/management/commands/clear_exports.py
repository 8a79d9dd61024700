"""Removes the files that people had made of their data, once they were there for as long as they are kept."""

from typing import Any

from accounts.actions import remove_old_exports
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Remove what people exported of their data more than seven days ago."

    def handle(self, *args: Any, **options: Any) -> None:
        remove_old_exports()
