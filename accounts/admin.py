"""Accounts in the admin: made through `create_user`, changed in place, never deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.actions import clean_display_name, create_user
from accounts.models import User
from accounts.queries import named_like
from chatsite.admin import ActionModelForm, SavedByAction
from chatsite.errors import ChatError


class NewAccountForm(ActionModelForm, AdminUserCreationForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].required = False

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        return username  # the action knows what is taken and what looks like it

    def act(self) -> User:
        entry = self.cleaned_data
        return create_user(
            username=entry["username"],
            password=entry["password1"] if entry.get("set_usable_password", True) else None,
            display_name=entry["display_name"],
            email=entry["email"],
        )


class AccountForm(UserChangeForm):  # type: ignore[type-arg]
    def clean_display_name(self) -> str:
        try:
            return clean_display_name(self.cleaned_data["display_name"])
        except ChatError as error:
            raise forms.ValidationError(str(error.message), code=error.code) from error


@admin.register(User)
class AccountAdmin(SavedByAction, UserAdmin):  # type: ignore[type-arg]
    form = AccountForm
    add_form = NewAccountForm
    list_display = ("username", "display_name", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username",)
    search_help_text = _("Search by the beginning of a username.")
    ordering = ("-pk",)
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        if request.user.is_superuser:
            return self.readonly_fields
        # Else the right to edit accounts would be the right to everything.
        return (*self.readonly_fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False  # a new password for a superuser would be a way to become one
        return super().has_change_permission(request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return named_like(queryset, search_term) if search_term else queryset, False
