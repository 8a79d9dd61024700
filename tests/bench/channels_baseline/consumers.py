"""One person's WebSocket: what they say is saved and sent to the group, what the group says comes to them."""

import json
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from channels_app.models import Membership
from tests.bench.channels_baseline.models import Line


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    async def connect(self) -> None:
        self.user = self.scope["user"]
        self.channel_id = await self._channel_id(self.scope["url_route"]["kwargs"]["slug"])
        if self.channel_id is None:
            await self.close()
            return
        self.group = f"chat.{self.channel_id}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.channel_id is not None:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        said = json.loads(text_data or "")
        line = await self._save(UUID(said["client_id"]), said["text"])
        await self.channel_layer.group_send(
            self.group,
            {
                "type": "chat.line",
                "id": line.pk,
                "client_id": said["client_id"],
                "author": self.user.username,
                "name": self.user.display_name,
                "text": line.text,
                "posted_at": line.posted_at.isoformat(),
            },
        )

    async def chat_line(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(event))

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _channel_id(self, slug: str) -> int | None:
        if not self.user.is_authenticated:
            return None
        mine = Membership.objects.filter(user=self.user, channel__slug=slug, left_at=None)
        return mine.values_list("channel_id", flat=True).first()

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _save(self, client_id: UUID, text: str) -> Line:
        line = Line(channel_id=self.channel_id, author=self.user, client_id=client_id, text=text)
        line.save()
        return line
