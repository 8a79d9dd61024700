"""Messages in the admin: to look at, with their earlier texts, and what could not be stored."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.requests import admin_of
from channels_app.admin import ChannelFilter
from chatsite.admin import MOST_LISTED, ReadOnlyAdmin, SearchedByIndex, for_each
from chatsite.numbers import number
from messaging.actions import delete_reported, discard_rejected, retry_rejected, settle_report
from messaging.models import EarlierText, Message, RejectedMessage, Report
from messaging.permissions import may_decide_rejected, may_settle_reports
from messaging.queries.admin import (
    find_messages,
    find_rejected,
    find_reports,
    is_hidden_from,
    messages_in,
    messages_seen_by,
    rejected_seen_by,
    rejection_reasons,
    reported_seen_by,
)

EXCERPT_LENGTH = 100  # characters


class MessageChannelFilter(ChannelFilter):
    def in_channel(self, rows: QuerySet[Any], channel_id: int) -> QuerySet[Any]:
        return messages_in(rows, channel_id)


class EarlierTexts(admin.TabularInline):  # type: ignore[type-arg]
    model = EarlierText
    fields = readonly_fields = ("replaced_at", "text")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NewestAdmin(ReadOnlyAdmin):
    """A list that may be longer than what it shows, and says so."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        words = gettext("The newest %(most)s at most; search for older ones.") % {"most": number(MOST_LISTED)}
        return super().changelist_view(request, {"subtitle": words, **(extra_context or {})})


class DecidedAdmin(SearchedByIndex, NewestAdmin):
    """What an admin decides, by the actions of the list; the page of an open row has them as buttons."""

    change_form_template = "admin/messaging/decided.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        decisions = [action[1:] for action in self.get_actions(request).values() if action]
        context = {"decisions": decisions, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


@admin.register(Message)
class MessageAdmin(SearchedByIndex, NewestAdmin):
    list_display = ("seq", "channel", "author", "excerpt", "accepted_at", "is_edited", "is_deleted")
    list_filter = (MessageChannelFilter,)
    search_fields = ("client_id",)
    search_help_text = _("Search by client id, by #channel or by the beginning of an author's username.")
    fields = readonly_fields = (
        "client_id",
        "channel",
        "author",
        "seq",
        "version",
        "text",
        "accepted_at",
        "stored_at",
        "edited_at",
        "deleted_at",
    )
    inlines = (EarlierTexts,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.with_related(request, "channel", "author").defer("html", "fingerprint")
        return messages_seen_by(admin_of(request), rows)

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return find_messages(admin_of(request), rows, words)

    @admin.display(description=_("text"))
    def excerpt(self, message: Message) -> str:
        return truncatechars(message.text, EXCERPT_LENGTH)

    @admin.display(description=_("edited"), boolean=True)
    def is_edited(self, message: Message) -> bool:
        return message.is_edited

    @admin.display(description=_("deleted"), boolean=True)
    def is_deleted(self, message: Message) -> bool:
        return message.is_deleted


class ReasonFilter(admin.SimpleListFilter):
    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason, reason) for reason in rejection_reasons()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class OutcomeFilter(admin.SimpleListFilter):
    """Those that wait for a decision, unless others are asked for."""

    title = _("outcome")
    parameter_name = "outcome"

    outcomes: type[TextChoices] = RejectedMessage.Outcome

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        decided = [choice for choice in self.outcomes.choices if choice[0]]
        return [*decided, ("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        _all, *others = super().choices(changelist)
        yield {**_all, "display": self.outcomes("").label}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(outcome=self.value() or "")


@admin.register(RejectedMessage)
class RejectedMessageAdmin(DecidedAdmin):
    list_display = ("client_id", "author", "reason", "outcome", "rejected_at")
    list_filter = (OutcomeFilter, ReasonFilter)
    search_fields = ("client_id",)
    search_help_text = _("Search by client id.")
    actions = ("retry", "discard")
    fields = readonly_fields = (
        "client_id",
        "author",
        "reason",
        "detail",
        "rejected_at",
        "outcome",
        "ended_at",
        "envelope_as_text",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.with_related(request, "author")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        return rejected_seen_by(admin_of(request), found) if found else None

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(may_decide_rejected.test(request.user))

    @admin.action(description=_("Retry"), permissions=["decide"])
    def retry(self, request: HttpRequest, chosen: QuerySet[RejectedMessage]) -> None:
        self.decide(request, chosen, retry_rejected, "Retried.")

    @admin.action(description=_("Discard"), permissions=["decide"])
    def discard(self, request: HttpRequest, chosen: QuerySet[RejectedMessage]) -> None:
        self.decide(request, chosen, discard_rejected, "Discarded.")

    def decide(
        self,
        request: HttpRequest,
        chosen: QuerySet[RejectedMessage],
        action: Callable[[Any, RejectedMessage], None],
        done: str,
    ) -> None:
        def act(actor: Any, rejected: RejectedMessage) -> None:
            action(actor, rejected)
            self.log_change(request, rejected, done)

        # The oldest first, as they were said.
        for_each(self, request, chosen.order_by("pk"), act)

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return find_rejected(rows, words)

    @admin.display(description=_("envelope"))
    def envelope_as_text(self, rejected: RejectedMessage) -> str:
        return format_html(
            "<pre>{}</pre>", json.dumps(json.loads(rejected.envelope), indent=2, ensure_ascii=False)
        )


class ReportFilter(OutcomeFilter):
    """Those that wait for a decision, unless others are asked for."""

    outcomes = Report.Outcome


@admin.register(Report)
class ReportAdmin(DecidedAdmin):
    list_display = ("reported_at", "author", "reporter", "reason", "outcome", "settled_by", "settled_at")
    list_filter = (ReportFilter,)
    search_fields = ("message__client_id",)
    search_help_text = _("Search by client id.")
    actions = ("settle", "delete_messages")
    fields = readonly_fields = (
        "reported_at",
        "reporter",
        "reason",
        "author",
        "place",
        "text_now",
        "outcome",
        "settled_by",
        "settled_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.with_related(request, "message__author", "reporter", "settled_by")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.seen = reported_seen_by(admin_of(request), found)
            found.is_hidden = is_hidden_from(admin_of(request), found.message)
        return found

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(may_settle_reports.test(request.user))

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return find_reports(rows, words)

    @admin.action(description=_("Settle"), permissions=["decide"])
    def settle(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        for_each(self, request, chosen, settle_report)

    @admin.action(description=_("Delete message"), permissions=["decide"])
    def delete_messages(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        for_each(self, request, chosen, delete_reported)

    @admin.display(description=_("author"))
    def author(self, report: Report) -> str:
        person = report.message.author
        return format_html('<a href="{}">{}</a>', person.get_absolute_url(), person)

    @admin.display(description=_("where"))
    def place(self, report: Any) -> str:
        if report.is_hidden:  # its name is not for this admin
            return gettext("In a private channel or a conversation")
        message = report.message
        words = message.channel.label or gettext("In a conversation")
        return format_html('<a href="{}">{}</a>', message.get_absolute_url(), words)

    @admin.display(description=_("text as it is now"))
    def text_now(self, report: Any) -> str:
        if report.seen is not None:
            return format_html("<pre>{}</pre>", report.seen.text)
        return gettext("Deleted") if report.message.is_deleted else gettext("Not to be seen any more")
