"""The project's addresses, and the baseline's."""

from django.urls import path

from chatsite.urls import handler500, urlpatterns
from tests.bench.baseline import post

__all__ = ["handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, path("baseline/<str:slug>/messages/", post)]
