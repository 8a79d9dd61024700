"""Switches two-factor log-in off for somebody: `manage.py take_away_two_factor alice`."""

from argparse import ArgumentParser
from typing import Any

from accounts.actions import take_away_two_factor
from accounts.actors import SYSTEM
from accounts.management.arguments import the_user
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Switches two-factor log-in off for somebody who lost what they log in with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = the_user(options["username"])
        take_away_two_factor(SYSTEM, user)
        self.stdout.write(f"{user.username} logs in with the password alone.")
