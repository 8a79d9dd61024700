"""The ASGI entry point: everything in the embedded default, streams in production."""

import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

# WhiteNoise hands files over in Django's synchronous way. They are small, and browsers keep them for ever.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

from chatsite.body_limit import BodyLimit  # noqa: E402

pages = BodyLimit(get_asgi_application())

from messaging.stream import LiveStreams  # noqa: E402  # stands on Django's apps, which are set up now

application = LiveStreams(pages)
