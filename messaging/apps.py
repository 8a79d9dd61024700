"""The messaging app: what you say."""

from celery import current_app
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from messaging.pipeline.queues import tasks_queue

        # What Celery itself reads; messages have a step of their own (messaging.pipeline.worker).
        current_app.conf.task_queues = [tasks_queue()]
