"""The Celery tasks of accounts: each hands its argument to the business layer."""

from celery import shared_task

from accounts.actions import EXPORT_TASK, make_export


# What is killed is called again.
@shared_task(name=EXPORT_TASK, acks_late=True, reject_on_worker_lost=True)
def export(user_id: int) -> None:
    make_export(user_id)
