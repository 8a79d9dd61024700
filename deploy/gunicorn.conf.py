"""What every gunicorn of the project shares, in `make run`, `make stack` and the systemd units alike.

The address, the worker class and the numbers are arguments there.
"""

import asyncio
import logging
import logging.config
import os
import signal
from typing import Any, Protocol, runtime_checkable

from gunicorn.glogging import Logger

from chatsite.logs import logging_settings

# Start and stop say nothing; trouble does. The web server in front keeps the access log.
loglevel = "warning"


class LoggerInOurFormat(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines in the form of all others, also those of the process that watches over workers."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        # From the environment alone: settings imported here would outlive a reload.
        log_format = os.environ.get("LOG_FORMAT", "line").lower()
        logging.config.dictConfig(logging_settings(log_format, level="WARNING"))


logger_class = LoggerInOurFormat

# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  # nosec B108

# It would put a socket into the home folder, which a service has none of.
control_socket_disable = True

graceful_timeout = 10  # seconds
timeout = 60  # seconds

# As much as nginx takes: a stream's address names up to twenty channels and two hundred people.
limit_request_line = 8190  # bytes

# Longer than nginx keeps an idle connection (60 s): else it may send a post into one that is being closed.
keepalive = 75  # seconds

# Django's ASGI handler knows no lifespan, and saying so costs a warning at each start.
asgi_lifespan = "off"


class Worker(Protocol):
    """What is asked of gunicorn's worker, which has no types: 1 for the first, 2 for the next."""

    age: int


@runtime_checkable
class StreamingWorker(Protocol):
    """gunicorn's asgi worker."""

    loop: asyncio.AbstractEventLoop
    asgi: Any

    def handle_exit_signal(self) -> None: ...


def end_streams(worker: StreamingWorker) -> None:
    """Stop, as gunicorn would at SIGTERM, and have no stream keep it waiting."""
    worker.handle_exit_signal()
    worker.asgi.end()


def post_worker_init(worker: Worker) -> None:
    """Runs in each worker process, once the site can answer there."""
    # Django leaves dropping the body of an answer to HEAD to the server; gunicorn warns about each.
    logging.getLogger("gunicorn.http.wsgi").setLevel(logging.ERROR)

    from chatsite.live.bus import connect_early  # the settings are there now

    connect_early()

    # A stream lasts as long as its page, and gunicorn would wait for it in vain.
    if isinstance(worker, StreamingWorker):
        worker.loop.add_signal_handler(signal.SIGTERM, end_streams, worker)

    # `make run` and `make stack` say where to go.
    words = os.environ.get("CHAT_WELCOME")
    if words and worker.age == 1:
        print(words, flush=True)  # noqa: T201
