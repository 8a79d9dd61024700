"""Gives somebody a role in a channel: also in a private one whose owners are gone."""

from argparse import ArgumentParser
from typing import Any

from accounts.actors import SYSTEM
from accounts.management.arguments import the_user
from channels_app.actions import set_role
from channels_app.management.arguments import the_channel
from channels_app.models import Role
from chatsite.commands import ChatCommand
from chatsite.errors import NotFound


class Command(ChatCommand):
    help = "Make a member of a channel its owner, a moderator or a plain member."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("channel", help="the channel's name; a private one's address, as in /channels/…/")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        user, channel = the_user(options["username"]), the_channel(options["channel"])
        try:
            set_role(SYSTEM, channel, user=user, role=Role(options["role"]))
        except NotFound:
            raise NotFound(f"{user.username} is not in #{channel.slug}.") from None
        self.stdout.write(f"{user.username} is {options['role']} of #{channel.slug}.")
