"""The channels app: where you talk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels_app"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from accounts.actions import (
            Place,
            before_leaving,
            contribute_to_export,
            on_invited,
            on_user_created,
            on_user_deleted,
            on_user_switched,
        )
        from accounts.queries import on_audit_seen
        from channels_app.actions import (
            channel_to_invite_to,
            empty_memberships,
            follow_account,
            join_invited,
            join_public,
            lock_channels_of,
            refuse_to_leave_ownerless,
        )
        from channels_app.actions.exports import count_memberships, files_of_memberships
        from channels_app.queries import audit_not_hidden_from

        on_user_created(join_public)
        on_user_switched(lock=lock_channels_of, step=follow_account)
        before_leaving(refuse_to_leave_ownerless)
        on_user_deleted(empty_memberships)
        on_invited(Place(find=channel_to_invite_to, join=join_invited))
        contribute_to_export(count=count_memberships, files=files_of_memberships)
        on_audit_seen(audit_not_hidden_from)
