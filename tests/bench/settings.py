"""The project's settings with one address more: the baseline that posts are compared with."""

from chatsite.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
