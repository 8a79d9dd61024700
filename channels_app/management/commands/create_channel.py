"""Creates a channel."""

from argparse import ArgumentParser
from typing import Any

from accounts.actors import SYSTEM
from accounts.management.arguments import the_user
from channels_app.actions import create_channel
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Create a channel. If the name is taken, that channel stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="1 to 80 characters, shown as typed")
        parser.add_argument("--topic", default="", help="what the channel is for")
        parser.add_argument("--as", dest="creator", metavar="USERNAME", help="who creates it and is in it")

    def handle(self, *args: Any, **options: Any) -> None:
        creator = the_user(options["creator"]) if options["creator"] else SYSTEM
        channel = create_channel(creator, name=options["name"], topic=options["topic"])
        self.stdout.write(f"#{channel.slug} is at {channel.get_absolute_url()}")
