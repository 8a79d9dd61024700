"""The project's settings with what Channels needs."""

import os

from chatsite.settings import *  # noqa: F403
from chatsite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "channels", "tests.bench.channels_baseline"]
ASGI_APPLICATION = "tests.bench.channels_baseline.asgi.application"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("REDIS_URL", "")]},
    }
}
