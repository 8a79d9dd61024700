"""The project's addresses, and the baselines'."""

from django.urls import path

from chatsite.urls import handler500, urlpatterns
from tests.bench import baseline

__all__ = ["handler500", "urlpatterns"]

urlpatterns = [
    *urlpatterns,
    path("baseline/insert/<str:slug>/messages/", baseline.insert),
    path("baseline/task/<str:slug>/messages/", baseline.task),
]
