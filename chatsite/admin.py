"""What every admin page shares: rows stay, lists go by key and are counted up to a bound, actions save.

It lists a table of any length in the same time: nothing is ordered or counted without an index.
"""

from collections.abc import Callable, Sequence
from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import ChatError

MOST_LISTED = 5_000  # rows; who looks for older ones searches

admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.index_title = _("Administration")
admin.site.site_url = "/"
# One door for everybody: the log-in page counts failures, the admin's own would not.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # of any rows
    """Pages of the first MOST_LISTED rows, so that counting never reads more than that."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        count: int = rows.order_by()[:MOST_LISTED].count()
        return count


class KeyedChangeList(ChangeList):
    """A list in the order that its filter or search gave it (an index's), else newest row first."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Sequence[Any]:  # type: ignore[override]
        return list(queryset.query.order_by) or ["-pk"]


class KeptRowsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # rows of any model
    """Admin of a table whose rows are never deleted."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count the whole table, once for each choice of a filter
    ordering = ("-pk",)
    sortable_by = ()
    list_per_page = 50
    list_select_related = ()

    def with_related(self, request: HttpRequest, *names: str) -> QuerySet[Any]:
        """The rows with what they point to, in a query each.

        Not joined: MariaDB begins a join with the small table, and then sorts a million messages.
        """
        return super().get_queryset(request).prefetch_related(*names)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeyedChangeList

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Of what is typed into the address only what the filters shown would ask. Anything else may read a
        # whole table; and by what points to a row, as `blocks__isnull`, it tells what no page here shows.
        shown = {getattr(one, "parameter_name", one) for one in self.list_filter}
        return lookup in shown or lookup.removesuffix("__exact") in shown


class SearchedByIndex(KeptRowsAdmin):
    """Admin whose search is a query of its app's own, which an index answers."""

    def found(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Those of `rows` that are meant by `words`."""
        raise NotImplementedError

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return self.found(request, queryset, search_term) if search_term else queryset, False


class ReadOnlyAdmin(KeptRowsAdmin):
    """Admin of a table that is looked at here and written elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ActionModelForm(forms.ModelForm):  # type: ignore[type-arg]  # of any model
    """A form of the admin whose saving is an action; what the action refuses is an error of the form.

    It acts while it validates, for only then can a refusal still be shown with what was typed. So it has
    to be the whole page: what another form beside it refused would be too late (see `SavedByAction`).
    """

    actor: Any  # who is logged in; the model of a person is an app's, and the apps stand above this

    def act(self) -> Model:
        """Call actions with `self.actor` and `self.cleaned_data`; return the row they wrote.

        When one of them is refused, what those before it did is undone.
        """
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.act()
        except ChatError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error.message))

    def save(self, commit: bool = True) -> Any:
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is left to save: the action did it."""


class SavedByAction(KeptRowsAdmin):
    """Admin whose forms are `ActionModelForm`s, each alone on its page."""

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        inlines = super().get_inline_instances(request, obj)
        if inlines:
            raise TypeError(f"{type(self).__name__} acts before its inlines are validated: have none")
        return inlines

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.actor = request.user  # the class was made for this request alone
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing is left to save: the action did it."""


def for_each(
    page: KeptRowsAdmin, request: HttpRequest, chosen: QuerySet[Any], act: Callable[[Any, Any], object]
) -> None:
    """Call `act(actor, row)` for each row chosen; say how often it worked and what was refused."""
    done = 0
    for row in chosen:
        try:
            act(request.user, row)
        except ChatError as error:
            page.message_user(request, f"{row}: {error.message}", messages.ERROR)
        else:
            done += 1
    if done:
        page.message_user(request, gettext("Done: %(count)s.") % {"count": done}, messages.SUCCESS)
