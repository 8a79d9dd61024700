"""The messaging app: what you say."""

from celery import current_app
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from chatsite.readiness import add_need


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from accounts.actions import contribute_to_export, on_messages_unwanted, on_user_deleted
        from messaging.actions import erase_all_rejected_of, remove_all_said_by
        from messaging.actions.exports import count_messages, files_of_messages
        from messaging.pipeline.health import reasons_against_background_tasks, reasons_against_the_broker
        from messaging.pipeline.queues import tasks_queue

        # Where Celery puts other tasks; messages have queues and a step of their own (messaging.pipeline).
        current_app.conf.task_queues = [tasks_queue()]
        add_need("the broker", reasons_against_the_broker)
        add_need("background tasks", reasons_against_background_tasks, is_spared=True)
        contribute_to_export(count=count_messages, files=files_of_messages)
        on_messages_unwanted(remove_all_said_by)
        on_user_deleted(erase_all_rejected_of)
