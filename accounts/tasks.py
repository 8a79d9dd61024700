"""The Celery tasks of accounts: each hands its argument to the business layer."""

from celery import shared_task

from accounts.actions import (
    ADDRESS_MAIL,
    EXPORT_TASK,
    NOTE_MAIL,
    RESET_MAIL,
    mail_address_link,
    mail_note,
    mail_reset_link,
    make_export,
)


# What is killed is called again.
@shared_task(name=EXPORT_TASK, acks_late=True, reject_on_worker_lost=True)
def export(user_id: int) -> None:
    make_export(user_id)


@shared_task(name=RESET_MAIL)
def reset_mail(email: str, site: str, language: str) -> None:
    mail_reset_link(email, site, language)


@shared_task(name=ADDRESS_MAIL)
def address_mail(user_id: int, site: str, language: str) -> None:
    mail_address_link(user_id, site, language)


@shared_task(name=NOTE_MAIL)
def note_mail(user_id: int, to: str, note: str, language: str) -> None:
    mail_note(user_id, to, note, language)
