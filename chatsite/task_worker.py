"""The Celery application as the workers of background tasks run it: `celery -A chatsite.task_worker worker`.

Processes beside the one that talks to the broker run the tasks: however long one takes, the broker hears that
the worker is there. There are two, so that a mail need not wait for an export.
"""

from chatsite.celery import app

app.conf.worker_consumer = "chatsite.consumer:Consumer"
app.conf.worker_pool = "prefork"
app.conf.worker_concurrency = 2
