"""The Celery application as the workers of background tasks run it: `celery -A chatsite.task_worker worker`.

A process beside the one that talks to the broker runs the tasks, one at a time: however long one takes, the
broker hears that the worker is there.
"""

from chatsite.celery import app

app.conf.worker_consumer = "chatsite.consumer:Consumer"
app.conf.worker_pool = "prefork"
