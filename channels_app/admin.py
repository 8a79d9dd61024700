"""Channels and memberships in the admin: every change is an action, nothing is deleted."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.requests import admin_of
from channels_app import queries
from channels_app.actions import (
    archive_channel,
    create_channel,
    edit_topic,
    join_channel,
    leave_channel,
    restore_channel,
)
from channels_app.models import Channel, Membership
from chatsite.admin import ActionModelForm, SavedByAction, SearchedByIndex, for_each


class ChannelForm(ActionModelForm):
    def act(self) -> Channel:
        topic = self.cleaned_data["topic"]
        if self.instance.pk is None:
            return create_channel(self.actor, name=self.cleaned_data["name"], topic=topic)
        channel: Channel = self.instance
        edit_topic(self.actor, channel, topic=topic)
        return channel


class MembershipForm(ActionModelForm):
    def _get_validation_exclusions(self) -> set[str]:
        # A membership that ended is no reason against joining again: that is for the action.
        return {*super()._get_validation_exclusions(), "channel"}  # type: ignore[misc]  # not in the stubs

    def act(self) -> Membership:
        entry = self.cleaned_data
        return join_channel(self.actor, entry["channel"], user=entry["user"])


class IsArchivedFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", pgettext_lazy("state of a channel", "Open")), ("yes", _("Archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("yes", "no"):
            return queryset.filter(archived_at__isnull=self.value() == "no")
        return queryset


class ChannelFilter(admin.SimpleListFilter):
    """The busiest channels and the one chosen: a list of all could be of any length."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [
            (str(channel.pk), channel.name)
            for channel in queries.busiest_channels(admin_of(request), and_also=chosen)
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {key for key, _name in self.lookup_choices}
        if self.value() in known:
            return self.in_channel(queryset, int(self.value() or 0))
        return queryset

    def in_channel(self, rows: QuerySet[Any], channel_id: int) -> QuerySet[Any]:
        """The rows of one channel, in the order of an index that begins with the channel."""
        raise NotImplementedError


class MembershipChannelFilter(ChannelFilter):
    def in_channel(self, rows: QuerySet[Any], channel_id: int) -> QuerySet[Any]:
        return queries.memberships_in(rows, channel_id)


@admin.register(Channel)
class ChannelAdmin(SearchedByIndex, SavedByAction):
    form = ChannelForm
    list_display = (
        "name",
        "kind",
        "slug",
        "topic",
        "member_count",
        "last_seq",
        "last_activity_at",
        "archived_at",
    )
    list_filter = (IsArchivedFilter,)
    search_fields = ("slug",)
    search_help_text = _("Search by the beginning of a name.")
    actions = ("archive", "restore")
    readonly_fields = (
        "kind",
        "slug",
        "creator",
        "created_at",
        "archived_at",
        "member_count",
        "last_seq",
        "version",
        "last_activity_at",
        "see_also",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "topic") if obj is None else ("name", "topic", *self.readonly_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("name", *self.readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Any] = rows.visible_to(request.user)
        return visible

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return queries.named_like(rows, words)

    def log_addition(self, request: HttpRequest, obj: Channel, message: Any) -> Any:
        if obj.is_new:
            return super().log_addition(request, obj, message)
        return self.log_change(request, obj, "Joined.")

    def response_add(
        self, request: HttpRequest, obj: Channel, post_url_continue: str | None = None
    ) -> HttpResponse:
        if obj.is_new or IS_POPUP_VAR in request.POST:
            return super().response_add(request, obj, post_url_continue)
        words = gettext("“%(name)s” was there already. You are in it now; its topic is as it was.")
        self.message_user(request, words % {"name": obj.name}, messages.WARNING)
        return redirect("admin:channels_app_channel_change", obj.pk)

    @admin.display(description=_("see also"))
    def see_also(self, channel: Channel) -> str:
        return format_html(
            '<a href="{}?channel={}">{}</a> · <a href="{}?channel={}">{}</a>',
            reverse("admin:channels_app_membership_changelist"),
            channel.pk,
            gettext("memberships"),
            reverse("admin:messaging_message_changelist"),
            channel.pk,
            gettext("messages"),
        )

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, chosen: QuerySet[Channel]) -> None:
        for_each(self, request, chosen, archive_channel)

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Channel]) -> None:
        for_each(self, request, chosen, restore_channel)


@admin.register(Membership)
class MembershipAdmin(SearchedByIndex, SavedByAction):
    form = MembershipForm
    list_display = ("user", "channel", "joined_at", "left_at", "cleared_seq", "last_read_seq", "is_muted")
    list_filter = (MembershipChannelFilter,)
    search_fields = ("user__username",)
    search_help_text = _("Search by #channel or by the beginning of a username.")
    autocomplete_fields = ("channel", "user")
    actions = ("unsubscribe",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("channel", "user")
        return ("channel", "user", "joined_at", "left_at", "cleared_seq", "last_read_seq", "is_muted")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.memberships_seen_by(admin_of(request), self.with_related(request, "user", "channel"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # The list has an action that changes; there is nothing to change in the row itself.
        return obj is None and super().has_change_permission(request)

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return queries.find_memberships(admin_of(request), rows, words)

    @admin.action(description=_("Unsubscribe"), permissions=["change"])
    def unsubscribe(self, request: HttpRequest, chosen: QuerySet[Membership]) -> None:
        def leave(actor: Any, membership: Membership) -> None:
            leave_channel(actor, membership.channel, user=membership.user)

        for_each(self, request, chosen, leave)
