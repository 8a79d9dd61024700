"""The channels app: where you talk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels_app"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from accounts.actions import on_user_created
        from channels_app.actions import join_public

        on_user_created(join_public)
