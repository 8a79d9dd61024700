"""What the project's commands share: a refusal or an outage is one clear line, never a traceback."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError

from chatsite.background import finish_here
from chatsite.errors import ChatError
from chatsite.origin import acting_from

STOPPED = 130  # exit code: as a shell reports what Ctrl-C ended


def seconds(*, most: float, may_be_zero: bool = False) -> Callable[[str], float]:
    """Reads a time that is typed as an option: above 0, or from 0 on, and `most` seconds at most."""

    def read(typed: str) -> float:
        try:
            number = float(typed)
        except ValueError:
            number = -1
        if not 0 <= number <= most or (not number and not may_be_zero):
            raise ArgumentTypeError(f"a number of seconds up to {most:g}, not {typed}")
        return number

    return read


class ChatCommand(BaseCommand):
    """A command that calls the business layer and lets its refusals through."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        command = type(self).__module__.rpartition(".")[2]
        try:
            with acting_from(lambda: f"manage.py {command}"):
                said = super().execute(*args, **options)
            finish_here()
            return said
        except ChatError as error:
            raise CommandError(str(error.message)) from error
        except (OperationalError, InterfaceError, ProgrammingError) as fault:
            raise CommandError(
                f"The database can't be used: {fault}\n`manage.py doctor` says what is wrong."
            ) from fault
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=STOPPED) from None
