"""Accounts in the admin: every change is an action, nothing is deleted."""

from collections.abc import Iterator
from copy import copy
from datetime import timedelta
from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import (
    create_user,
    deactivate_user,
    edit_site,
    edit_user,
    give_rights,
    lift_ban,
    make_reset_link,
    reactivate_user,
    remove_avatar,
    set_password,
    take_away_two_factor,
)
from accounts.actors import Actor
from accounts.models import Act, AuditEntry, Ban, SiteSettings, User
from accounts.permissions import (
    may_ban,
    may_edit_log_in,
    may_edit_user,
    may_give_rights,
    may_look_at_bans,
)
from accounts.queries import audit_of, audit_seen_by, bans_of, named_like, site_settings
from accounts.requests import SignedInRequest, admin_of
from chatsite.admin import ActionModelForm, ReadOnlyAdmin, SavedByAction, SearchedByIndex, for_each

RIGHTS = frozenset({"is_staff", "is_superuser", "groups", "user_permissions"})  # fields of an account

# An account's address is its own `email`; allauth's table of them is unused, and no action writes it.
admin.site.unregister(EmailAddress)
for model in (SocialAccount, SocialApp, SocialToken):  # the environment says which service there is
    admin.site.unregister(model)
admin.site.unregister(Authenticator)  # it shows and writes what is its owner's alone


def to_own_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """To the site's own page, which counts wrong passwords, and whose change is in the audit log."""
    return redirect("account_change_password")


admin.site.password_change = to_own_password  # type: ignore[method-assign,assignment]


class NewAccountForm(ActionModelForm, AdminUserCreationForm):  # type: ignore[type-arg]  # Django's own, of users
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].required = False

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        return username  # the action knows what is taken and what looks like it

    def act(self) -> User:
        entry = self.cleaned_data
        return create_user(
            self.actor,
            username=entry["username"],
            password=entry["password1"] if entry.get("set_usable_password", True) else None,
            display_name=entry["display_name"],
            email=entry["email"],
            is_email_verified=True,
        )


class AccountForm(ActionModelForm, UserChangeForm):  # type: ignore[type-arg]  # Django's own, of users
    def act(self) -> User:
        entry = self.cleaned_data
        # One's own address is shown here, and no field.
        email = entry.get("email", self.instance.email)
        user = edit_user(self.actor, self.instance, display_name=entry["display_name"], email=email)
        if "is_active" in self.changed_data:
            user = (reactivate_user if entry["is_active"] else deactivate_user)(self.actor, user)
        if not RIGHTS.isdisjoint(self.changed_data):
            user = give_rights(
                self.actor,
                user,
                is_staff=entry["is_staff"],
                is_superuser=entry["is_superuser"],
                groups=entry["groups"],
                permissions=entry["user_permissions"],
            )
        return user


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # Django's own, of users
    actor: Actor

    def save(self, commit: bool = True) -> User:
        entry = self.cleaned_data
        password = entry["password1"] if entry["set_usable_password"] else None
        self.user = user = set_password(self.actor, self.user, password=password)
        return user


@admin.register(User)
class AccountAdmin(SearchedByIndex, SavedByAction, UserAdmin):  # type: ignore[type-arg]  # Django's own, of users
    form = AccountForm
    add_form = NewAccountForm
    list_display = ("username", "display_name", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username",)
    search_help_text = _("Search by the beginning of a username.")
    ordering = ("-pk",)
    actions = ("remove_pictures", "take_away_two_factor")
    readonly_fields = ("username", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "display_name", "email", "usable_password", "password1", "password2"),
            },
        ),
    )

    @admin.action(description=_("Remove picture"), permissions=["change"])
    def remove_pictures(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for_each(self, request, chosen, remove_avatar)

    @admin.action(description=_("Take away two-factor log-in"), permissions=["change"])
    def take_away_two_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for_each(self, request, chosen, take_away_two_factor)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.reset_link)
        return [path("<int:user_id>/reset-link/", page, name="accounts_user_reset_link"), *super().get_urls()]

    def reset_link(self, request: SignedInRequest, user_id: int) -> HttpResponse:
        """Asks, then shows once, a link by which this person chooses a new password."""
        user = self.get_object(request, str(user_id))
        if user is None or not self.has_change_permission(request, user):
            raise PermissionDenied
        if not user.is_active or not may_edit_log_in.test(request.user, user):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("A link to a new password"),
            "original": user,
        }
        if request.method == "POST":
            address = reverse("account_reset_password_from_key", args=make_reset_link(request.user, user))
            context["link"] = request.build_absolute_uri(address)
            context["good_until"] = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        return render(request, "admin/accounts/user/reset_link.html", context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or obj != request.user:
            return fieldsets
        own = {
            "fields": ("username", "display_name", "email"),
            "description": _("Your own password and address you change in your preferences."),
        }
        return ((None, own), *fieldsets[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        own = ("email",) if obj == request.user else ()
        rights = () if request.user.is_superuser else RIGHTS
        return (*self.readonly_fields, *own, *rights)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if obj is not None and not may_edit_user.test(request.user, obj):
            return False
        return super().has_change_permission(request, obj)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        person = self.get_object(request, object_id)
        context = {
            "may_ban": person is not None and may_ban.test(request.user, person),
            "may_edit_log_in": person is not None and may_edit_log_in.test(request.user, person),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if id == str(request.user.pk):
            return redirect("account_change_password")
        # Django hands its form no request: a copy of this page, for this request alone, knows who asks.
        page = copy(self)
        page.change_password_form = type("NewPasswordForm", (NewPasswordForm,), {"actor": request.user})
        return super(AccountAdmin, page).user_change_password(request, id, form_url)

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return named_like(rows, words)


admin.site.unregister(Group)


@admin.register(Group)
class RightsAdmin(GroupAdmin):
    """A group is rights, which are given by superusers alone, whatever Django's permissions say."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(may_give_rights.test(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(may_give_rights.test(request.user))

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


class HoldsFilter(admin.SimpleListFilter):
    """Those that hold, unless the lifted ones are asked for."""

    title = _("state")
    parameter_name = "lifted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("lifted"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        holding, *others = super().choices(changelist)
        yield {**holding, "display": _("holds")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(lifted_at__isnull=self.value() is None)


@admin.register(Ban)
class BanAdmin(SearchedByIndex, ReadOnlyAdmin):
    """Who is banned; it is done on a page of the site that asks, to which the account's page here leads."""

    list_display = ("user", "reason", "banned_at", "banned_by", "lifted_at")
    list_filter = (HoldsFilter,)
    search_fields = ("user__username",)
    search_help_text = _("Search by the beginning of a username.")
    fields = readonly_fields = list_display
    actions = ("lift",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.with_related(request, "user", "banned_by")

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return bool(may_look_at_bans.test(request.user))

    @admin.action(description=_("Lift the ban"), permissions=["lift"])
    def lift(self, request: HttpRequest, chosen: QuerySet[Ban]) -> None:
        for_each(self, request, chosen, lambda actor, ban: lift_ban(actor, ban.user))

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return bans_of(rows, words)


class SiteForm(ActionModelForm):
    def act(self) -> SiteSettings:
        return edit_site(self.actor, **self.cleaned_data)


@admin.register(SiteSettings)
class SiteAdmin(SavedByAction):
    """One page, for the one row there is."""

    form = SiteForm
    radio_fields = {"sign_up": admin.VERTICAL, "channel_creators": admin.VERTICAL}
    fields = ("sign_up", "channel_creators")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:accounts_sitesettings_change", SiteSettings.THE_ROW)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return site_settings()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ActFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Act.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(act=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditAdmin(SearchedByIndex, ReadOnlyAdmin):
    list_display = ("at", "actor", "act", "person", "about", "before", "after", "origin")
    list_filter = (ActFilter,)
    search_fields = ("person__username",)
    search_help_text = _("Search by the beginning of a username: of who did it, or to whom it was done.")
    fields = readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return audit_seen_by(admin_of(request), self.with_related(request, "actor", "person"))

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return audit_of(rows, words)
