"""The Django project: settings, addresses, and what every app stands on."""

from chatsite.celery import app as celery_app

__all__ = ["celery_app"]
