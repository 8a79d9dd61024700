"""A worker in which something breaks that can't be broken from outside; the variable TROUBLE names what.

It is run as `celery -A tests.messaging.troubled worker`.
"""

import os
import signal
from importlib import import_module
from typing import Any

from celery.signals import worker_init

from chatsite.celery import app
from tests.waiting import let_a_fault_last

__all__ = ["app"]

OTHERS_FIRST_S = 0.3  # what an acknowledgement needs, several times


@worker_init.connect
def make_trouble(**_sender: Any) -> None:
    """Once Django is set up, and before anything runs."""
    {
        "an error of our own": break_down_at_trouble,
        "the roster is heard at ticks alone": hear_the_roster_at_ticks_alone,
        "it dies when it is to tell": die_when_it_is_to_tell,
    }[os.environ["TROUBLE"]]()


def break_down_at_trouble() -> None:
    """Storing a message that says "trouble" raises what nobody expects."""
    from messaging.pipeline.envelope import Envelope

    worker: Any = import_module("messaging.pipeline.worker")
    deliver = worker.deliver

    def deliver_or_break(batch: Any, **options: Any) -> None:
        if any(isinstance(one, Envelope) and one.text == "trouble" for one in batch):
            raise RuntimeError("trouble")
        deliver(batch, **options)

    worker.deliver = deliver_or_break


def hear_the_roster_at_ticks_alone() -> None:
    """A change in the roster wakes nobody, as when the tick comes first."""
    worker: Any = import_module("messaging.pipeline.worker")
    roster = worker.Roster
    worker.Roster = lambda on_change, **others: roster(on_change=lambda: None, **others)


def die_when_it_is_to_tell() -> None:
    """The process is killed before the first event is with the broker, after all that may come first."""
    publisher: Any = import_module("chatsite.live.publisher")

    def die(*_event: object) -> None:
        let_a_fault_last(OTHERS_FIRST_S)
        os.kill(os.getpid(), signal.SIGKILL)

    publisher.Publisher._publish = die
