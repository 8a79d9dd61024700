"""What every gunicorn of the project shares, in `make run`, `make stack` and the systemd units alike.

The address, the worker class and the numbers are arguments there.
"""

import os

# Start and stop say nothing; trouble does. The web server in front keeps the access log.
loglevel = "warning"

# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108

# It would put a socket into the home folder, which a service has none of.
control_socket_disable = True

graceful_timeout = 10  # seconds
timeout = 60  # seconds

# Django's ASGI handler knows no lifespan, and saying so costs a warning at each start.
asgi_lifespan = "off"


def post_worker_init(worker: object) -> None:
    """Says where to go, once the site really answers; `make run` sets the words."""
    words = os.environ.pop("CHAT_WELCOME", "")
    if words:
        print(words, flush=True)  # noqa: T201
