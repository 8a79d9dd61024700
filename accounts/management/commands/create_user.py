"""Makes an account, for operators and scripts; `createsuperuser` makes one that may use the whole admin."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.actions import create_user
from accounts.actors import SYSTEM
from accounts.models import User
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Make an account, subscribed to #public as after signing up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--display-name", default="", help="what others see (default: the username)")
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input; without one nobody can log in "
            "until `manage.py changepassword` or the admin has given one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = a_password(options["username"]) if options["password_stdin"] else None
        user = create_user(
            SYSTEM,
            username=options["username"],
            password=password,
            display_name=options["display_name"],
            is_email_verified=True,
            email=options["email"],
        )
        self.stdout.write(f"{user.username} has an account.")


def a_password(username: str) -> str:
    """The first line of standard input, if it may be the password of `username`."""
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise CommandError("There is no password on standard input.")
    try:
        validate_password(password, User(username=username))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
