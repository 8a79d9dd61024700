"""Says something in a channel, for scripts: the text is an argument or comes from standard input."""

import sys
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.arguments import the_user
from channels_app.management.arguments import the_channel
from chatsite.commands import ChatCommand, seconds
from messaging.names import new_client_id
from messaging.pipeline.accept import Accepted, accept, rejection_of, wait_until_stored

LONGEST_WAIT_S = 3600
NOT_STORED_YET = 3  # exit code


class Command(ChatCommand):
    help = "Post a message to a channel that its author is in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channel", help="the channel's name")
        parser.add_argument("text", nargs="?", default="-", help="standard input when it is left out or -")
        parser.add_argument("--as", dest="author", metavar="USERNAME", required=True, help="who says it")
        parser.add_argument(
            "--wait",
            type=seconds(most=LONGEST_WAIT_S, may_be_zero=True),
            default=0,
            metavar="SECONDS",
            help="with a broker: wait until a worker has stored it, "
            f"and exit with {NOT_STORED_YET} when it has not by then",
        )
        parser.add_argument(
            "--client-id",
            type=uuid.UUID,
            metavar="UUID",
            help="the message's own name: the same one sent twice is one message, so a script may try again",
        )

        parser.add_argument(
            "--previous",
            type=uuid.UUID,
            metavar="UUID",
            help="a message of the same author that this one must not come before: it is refused, to be sent "
            "again later, as long as that one may still be in the queue and the broker is away",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        author, channel = the_user(options["author"]), the_channel(options["channel"])
        text = options["text"] if options["text"] != "-" else from_stdin()
        client_id = options["client_id"] or new_client_id()
        accepted = accept(author, channel, text=text, client_id=client_id, previous=options["previous"])
        if accepted.is_stored:
            self.stdout.write(f"Stored: {accepted.client_id}")
            return
        self.stdout.write(f"Accepted: {accepted.client_id}")
        if options["wait"]:
            self.wait(accepted, options["wait"])

    def wait(self, accepted: Accepted, timeout_s: float) -> None:
        if wait_until_stored(accepted, timeout_s=timeout_s):
            self.stdout.write(f"Stored: {accepted.client_id}")
        elif reason := rejection_of(accepted):
            raise CommandError(f"Rejected: {reason}.")
        else:
            raise CommandError(
                f"Not stored within {timeout_s:g} s, but in the queue. `manage.py doctor` looks for workers.",
                returncode=NOT_STORED_YET,
            )


def from_stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise CommandError("What is on standard input is not UTF-8 text.") from None
