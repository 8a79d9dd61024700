"""Prints the audit log, for who keeps it elsewhere or looks for something."""

import csv
import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from accounts.management.arguments import the_user
from accounts.models import Act, AuditEntry
from accounts.queries import audit_log
from chatsite.commands import ChatCommand

FIELDS = ("at", "who", "what", "whom", "about", "before", "after", "from")
CHUNK = 2000  # rows read at once


class Command(ChatCommand):
    help = "Print the audit log, the oldest act first: JSON, one act a line, or CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=a_moment, help="a date or a date and time, in the site's zone")
        parser.add_argument("--until", type=a_moment, help="before this one")
        parser.add_argument("--act", default="", choices=["", *Act.values], metavar="ACT", help="only these")
        parser.add_argument("--user", metavar="USERNAME", help="what they did, or what was done to them")
        parser.add_argument("--format", choices=["json", "csv"], default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        user = the_user(options["user"]) if options["user"] else None
        entries = audit_log(since=options["since"], until=options["until"], act=options["act"], user=user)
        write = self.as_csv() if options["format"] == "csv" else self.as_json
        for entry in entries.iterator(CHUNK):
            write(facts_of(entry))

    def as_json(self, facts: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(facts, ensure_ascii=False))

    def as_csv(self) -> Any:
        rows = csv.DictWriter(self.stdout, FIELDS)
        rows.writeheader()
        return rows.writerow


def facts_of(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "who": entry.actor.username if entry.actor else "",
        "what": entry.act,
        "whom": entry.person.username if entry.person else "",
        "about": entry.about,
        "before": entry.before,
        "after": entry.after,
        "from": entry.origin,
    }


def a_moment(typed: str) -> datetime:
    """What --since and --until mean: midnight, when it is a date."""
    try:
        moment = parse_datetime(typed)
        if moment is None and (day := parse_date(typed)) is not None:
            moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # made aware below
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{typed} is no date such as 2026-11-23.")
    return make_aware(moment) if is_naive(moment) else moment
