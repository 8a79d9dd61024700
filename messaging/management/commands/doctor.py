"""Says what is wrong with this site and what to do, a line for each thing looked at."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from channels_app.health import check_public_channel
from chatsite import health
from chatsite.commands import ChatCommand
from messaging.pipeline.health import check_broker, check_rejected, check_workers


def findings() -> Iterator[health.Finding]:
    yield from health.examine(
        [health.check_settings, health.check_secret_key, health.check_var, health.check_static_files]
    )
    database = list(health.examine([health.check_database]))
    yield from database
    if database[0].level == "ok":
        yield from health.examine(
            [
                health.check_migrations,
                health.check_limits,
                check_public_channel,
                health.check_clock,
                check_workers,
                check_rejected,
            ]
        )
    yield from health.examine([check_broker])


class Command(ChatCommand):
    help = (
        "Look at settings, folders, static files, database, migrations, clock, broker, queues and workers. "
        "Exit with 1 when something is wrong."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON list instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for finding in findings():
            found.append(finding)
            if not options["json"]:
                self.stdout.write(str(finding))
        if options["json"]:
            self.stdout.write(
                json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False)
            )
        if any(finding.level == "wrong" for finding in found):
            sys.exit(1)
