"""What uvicorn serves."""

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

pages = get_asgi_application()

from tests.bench.channels_baseline.consumers import ChatConsumer  # noqa: E402

sockets = AuthMiddlewareStack(URLRouter([path("ws/<str:slug>/", ChatConsumer.as_asgi())]))
application = ProtocolTypeRouter({"http": pages, "websocket": AllowedHostsOriginValidator(sockets)})
