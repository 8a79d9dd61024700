"""The request that a view gets once somebody is logged in, which is every view not marked otherwise."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User

THEME_COOKIE = "theme"  # what whoever was logged in last in this browser chose


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
