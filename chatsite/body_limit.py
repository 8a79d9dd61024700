"""Refuses request bodies that are larger than anything the site takes, before they fill the disk.

Django's ASGI handler writes a body to a temporary file before it looks at the request. In production nginx
stands in front and has a limit of its own; `make run` has this one.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from django.conf import settings

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class BodyLimit:
    """Wraps an ASGI application: 413 for a body that says it is too large, an end for one that is."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        most = settings.LARGE_BODIES.get(scope.get("path"), settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if scope["type"] == "http" and _announced(scope) > most:
            await _refuse(send)
            return
        taken = 0

        async def receive_up_to_limit() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            # A body without an announced length: as if the sender had hung up.
            return message if taken <= most else {"type": "http.disconnect"}

        await self._application(scope, receive_up_to_limit, send)


def _announced(scope: Any) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"That is more than this site takes.\n"})
