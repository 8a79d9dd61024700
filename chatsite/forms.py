"""The form that hands what it parsed to one action and shows what the action refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chatsite.errors import ChatError, NotNow

Result = TypeVar("Result")


class ActionForm(forms.Form):
    """A form whose rules live in an action, not in its fields.

    `run` keeps the entry and shows the refusal beside the field that caused it; `refusal` is that error.
    """

    refusal: ChatError | None = None

    def run(self, action: Callable[..., Result], *args: Any, **kwargs: Any) -> Result | None:
        """Call `action` with the given arguments and, by name, the fields; None when it was refused."""
        if not self.is_valid():
            return None
        try:
            return action(*args, **kwargs, **self.cleaned_data)
        except ChatError as error:
            self.refuse(error)
            return None

    def refuse(self, error: ChatError) -> None:
        """Show `error` beside the field that caused it."""
        self.refusal = error
        self.add_error(error.field if error.field in self.fields else None, str(error.message))

    def shown(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        """The page `template` with this form in its `context`; refused, it has the status that says so."""
        page = render(request, template, context, status=self.status if self.errors else 200)
        if self.errors and self.retry_after_s is not None:
            page["Retry-After"] = str(self.retry_after_s)
        return page

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form again: 422 unless the refusal has its own."""
        return self.refusal.status if self.refusal else 422

    @property
    def retry_after_s(self) -> int | None:
        """Seconds after which to try again, when the refusal is only for the moment."""
        return self.refusal.retry_after_s if isinstance(self.refusal, NotNow) else None
