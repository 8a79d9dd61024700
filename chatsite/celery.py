"""The Celery application; the tasks themselves live in each app's tasks.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

# Here, as every process comes by: web, live, workers and commands.
TRANSPORT_ALIASES["amqps"] = "chatsite.amqp:CheckedTransport"

app = Celery("chatsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def leave_logging_alone(**_wanted: Any) -> None:
    """Django's settings set it up; without somebody here Celery would by its own ideas of level and form."""
