"""Unsubscribes somebody from a channel."""

from argparse import ArgumentParser
from typing import Any

from accounts.actors import SYSTEM
from accounts.management.arguments import the_user
from channels_app.actions import leave_channel
from channels_app.management.arguments import the_channel
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Unsubscribe a user from a channel. Doing it twice is doing it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("channel", help="the channel's name")

    def handle(self, *args: Any, **options: Any) -> None:
        user, channel = the_user(options["username"]), the_channel(options["channel"])
        leave_channel(SYSTEM, channel, user=user)
        self.stdout.write(f"{user.username} is not in #{channel.slug}.")
