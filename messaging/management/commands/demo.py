"""Fills a site with a believable team and a month of its conversation, to look at or to measure with."""

import secrets
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from chatsite.commands import ChatCommand
from chatsite.errors import Conflict
from messaging.demo.actions import gather_team, talk
from messaging.demo.month import ONE_ROUND
from messaging.demo.team import PEOPLE, PLACES

MOST_MESSAGES = 10_000_000


def message_count(typed: str) -> int:
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 8 else 0
    if not 1 <= number <= MOST_MESSAGES:
        raise ArgumentTypeError(f"a whole number from 1 to {MOST_MESSAGES}, not {typed}")
    return number


class Command(ChatCommand):
    help = (
        f"Make {len(PEOPLE)} people, {len(PLACES)} channels, one of them private and one a conversation "
        "of two, and a month of what is said there. "
        "Run again, it adds more; it never touches what is not the demo's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--messages",
            type=message_count,
            default=ONE_ROUND,
            metavar="N",
            help=f"how many, up to {MOST_MESSAGES} (default: {ONE_ROUND}, with which no thread comes twice)",
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="the same seed makes the same conversation"
        )
        parser.add_argument("--password", help="of these people (default: a random one, which is printed)")
        parser.add_argument(
            "--force", action="store_true", help="even where other people already talk, in their #public too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = options["password"]
        if password == "":
            raise CommandError("The password is empty.")
        password = password or secrets.token_hex(6)
        try:
            made = gather_team(password=password, among_others=options["force"])
        except Conflict as error:
            advice = " Use --force to go on all the same." if error.code == "others_talk_here" else ""
            raise CommandError(f"{error.message}{advice}") from None
        # Said before the long part: who stops that can still log in.
        names = ", ".join(person.username for person in PEOPLE)
        if len(made) == len(PEOPLE):
            self.stdout.write(f"Log in as one of {names}\nwith the password {password}")
        elif made:
            new = ", ".join(user.username for user in made)
            self.stdout.write(f"New: {new}, with the password {password}\nThe others' are as they were.")
        else:
            self.stdout.write(f"The team is there already, its passwords are as they were: {names}.")
        self.talk(seed=options["seed"], count=options["messages"])
        self.stdout.write(f"{options['messages']:,} messages are in {len(PLACES)} channels.")

    def talk(self, *, seed: int, count: int) -> None:
        with tqdm(
            total=count, unit=" messages", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty()
        ) as bar:
            for stored in talk(seed=seed, count=count):
                bar.update(stored)
