"""Shows how messages get into the database: queues, workers, times and rejections."""

import json
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from chatsite.commands import ChatCommand, seconds
from messaging.pipeline.figures import Figures, QueueFigures, figures
from messaging.pipeline.roster import FRESH_S

WATCH_EVERY_S = 2.0
LOOK_EVERY_S = 0.5
SETTLE_S = FRESH_S + 2  # by then a worker has told what it took, or is out of the roster
LONGEST_WAIT_S = 86_400
FIRST_OF_THE_SCREEN = "\x1b[H\x1b[2J"

HELP = f"""
Show each persist queue with the messages waiting, its consumers and the oldest; the workers in the roster;
the dwell time (stored minus accepted) of the newest 1,000 stored messages; rejected messages; and the queue
of all other background tasks, with a warning while nobody reads it. Exit with 1 when something is wrong: no
consumer on a persist queue, messages that the broker gave up, broker or database away.

waiting: without what a worker has taken and not stored yet, two batches for a queue at most; the worker
  tells that every second, as `in hand`.
oldest: for how long the oldest message of the queue has been on its way, as the worker that holds it tells
  every second. While none does it is a bound ("at most"): nobody can look at the head of a queue that one
  consumer alone may read, without being that one. A queue is stored in its order, so what waits was accepted
  after the newest stored message of its channels, and the bound is the time since then. It says too little
  while messages are also stored directly (broker away, PERSIST_DIRECT), as those pass the queue.
--wait-empty: returns when no queue and no worker of the roster has had anything for {SETTLE_S:g} s; or at
  once when no worker is left to hold anything.
"""


class Command(ChatCommand):
    help = HELP
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.formatter_class = RawDescriptionHelpFormatter  # the help above has its own lines
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON; with --watch an object a line")
        how_long = parser.add_mutually_exclusive_group()
        how_long.add_argument(
            "--watch",
            type=seconds(most=LONGEST_WAIT_S),
            nargs="?",
            const=WATCH_EVERY_S,
            metavar="SECONDS",
            help=f"look again and again, every {WATCH_EVERY_S:g} s if not told otherwise, until Ctrl-C",
        )
        how_long.add_argument(
            "--wait-empty",
            type=seconds(most=LONGEST_WAIT_S),
            nargs="?",
            const=LONGEST_WAIT_S,
            metavar="SECONDS",
            help="return once nothing waits; exit with 1 when something still does after so long",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        show = self.show_json if options["json"] else self.show_lines
        if options["watch"]:
            self.watch(show, options["watch"], repaints=not options["json"] and self.stdout.isatty())
        elif options["wait_empty"]:
            self.wait_empty(options["wait_empty"])
        else:
            found = figures()
            show(found)
            if found.wrong:
                sys.exit(1)

    def watch(self, show: Callable[[Figures], None], every_s: float, *, repaints: bool) -> None:
        try:
            while True:
                found = figures()
                if repaints:
                    self.stdout.write(FIRST_OF_THE_SCREEN, ending="")
                show(found)
                time.sleep(every_s)
        except KeyboardInterrupt:
            return

    def wait_empty(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        empty_since: float | None = None
        while True:
            found = figures()
            now = time.monotonic()
            empty_since = (empty_since or now) if found.is_empty else None
            if empty_since is not None and (now - empty_since >= SETTLE_S or not found.has_consumers):
                self.stdout.write("Nothing waits.")
                return
            if now >= deadline:
                raise CommandError(why_not_empty(found, timeout_s))
            time.sleep(LOOK_EVERY_S)

    def show_json(self, found: Figures) -> None:
        fields = asdict(found)
        del fields["database"]["newest_accepted"]
        self.stdout.write(json.dumps({**fields, "wrong": found.wrong, "warnings": found.warnings}))

    def show_lines(self, found: Figures) -> None:
        for line in (*about_queues(found), *about_workers(found), *about_messages(found)):
            self.stdout.write(line)
        for words in found.wrong:
            self.stdout.write(f"wrong: {words}")
        for words in found.warnings:
            self.stdout.write(f"warning: {words}")


def why_not_empty(found: Figures, timeout_s: float) -> str:
    if found.wrong:
        return f"Not known to be empty after {timeout_s:g} s: {'; '.join(found.wrong)}."
    gone = [f"{worker.host}:{worker.pid}" for worker in found.database.workers if not worker.is_fresh]
    in_hand = sum(worker.in_hand for worker in found.database.workers)
    if found.broker.waiting or not gone:
        left = f"{found.broker.waiting:,}, and in the hands of workers: {in_hand:,}"
        return f"After {timeout_s:g} s there still are messages waiting: {left}."
    return f"Not known to be empty after {timeout_s:g} s: messages may be with a silent worker, {gone[0]}."


def about_queues(found: Figures) -> Iterator[str]:
    if not found.broker.is_used:
        yield "broker: none, messages are stored in the request"
        return
    width = max((len(queue.name) for queue in found.broker.queues), default=0)
    for queue in found.broker.queues:
        leftover = "  (left from a higher PERSIST_QUEUES)" if queue.is_leftover else ""
        yield (
            f"{queue.name:<{width}}  waiting {queue.waiting:>7,}  consumers {queue.consumers}"
            f"  oldest {age_shown(queue)}{leftover}"
        )
    if found.broker.tasks is not None:
        tasks = found.broker.tasks
        yield f"{tasks.name}  waiting {tasks.waiting:,}  consumers {tasks.consumers}"


def age_shown(queue: QueueFigures) -> str:
    if queue.oldest_s is not None:
        return f"{queue.oldest_s:,.1f} s"
    if not queue.waiting:
        return "-"
    return "unknown" if queue.oldest_s_at_most is None else f"at most {queue.oldest_s_at_most:,.1f} s"


def about_workers(found: Figures) -> Iterator[str]:
    for worker in found.database.workers:
        state = "" if worker.is_fresh else ", gone"
        held = f", {worker.in_hand:,} in hand" if worker.in_hand else ""
        yield f"worker {worker.host}:{worker.pid}  seen {worker.seen_s_ago:.1f} s ago{held}{state}"


def about_messages(found: Figures) -> Iterator[str]:
    database = found.database
    if database.fault:
        return
    if database.dwell_of:
        yield (
            f"dwell of the newest {database.dwell_of:,} stored: "
            f"p50 {database.dwell_p50_ms:,} ms, p99 {database.dwell_p99_ms:,} ms"
        )
    yield f"rejected: {database.rejected_open:,} open, {database.rejected:,} in all"
