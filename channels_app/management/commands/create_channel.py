"""Creates a channel."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.actors import SYSTEM
from accounts.management.arguments import the_user
from channels_app.actions import create_channel
from channels_app.models import Kind
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Create a channel. If the name is taken, that channel stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="1 to 80 characters, shown as typed")
        parser.add_argument("--topic", default="", help="what the channel is for")
        parser.add_argument("--private", action="store_true", help="for who is invited alone; needs --as")
        parser.add_argument("--as", dest="creator", metavar="USERNAME", help="who creates it and is in it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["private"] and not options["creator"]:
            raise CommandError("A private channel is somebody's: say whose with --as.")
        creator = the_user(options["creator"]) if options["creator"] else SYSTEM
        kind = Kind.PRIVATE if options["private"] else Kind.PUBLIC
        channel = create_channel(creator, name=options["name"], topic=options["topic"], kind=kind)
        self.stdout.write(f"#{channel.slug} is at {channel.get_absolute_url()}")
