"""What is kept of what was said."""

from django.db import models

from accounts.models import User
from channels_app.models import Channel


class Line(models.Model):
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="lines")
    author = models.ForeignKey(User, models.CASCADE, related_name="lines")
    client_id = models.UUIDField()
    text = models.TextField()
    posted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "channels_baseline"

    def __str__(self) -> str:
        return self.text
