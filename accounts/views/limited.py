"""What people may try only so often, in django-allauth's views: they get the form back, and are told when."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse

from chatsite.errors import TooMany
from chatsite.limits import spend
from chatsite.responses import refusal, wants_json

NOT_SENT_BACK = ("code", "credential")  # another one is asked for next time


class Limited:
    """A form of which each sending counts as one of `limit`; "" where it is counted elsewhere."""

    limit = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if self.limit:
                spend(self.limit, user=request.user.pk)
            response: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]  # the view's
        except TooMany as error:
            response = self.refused(request, error)
        return response

    def refused(self, request: HttpRequest, error: TooMany) -> HttpResponse:
        if wants_json(request):
            return refusal(request, error)
        form = self.as_typed(request)
        form.errors[NON_FIELD_ERRORS] = form.error_class([str(error.message)])
        view: Any = self
        response: HttpResponse = view.render_to_response(
            view.get_context_data(form=form), status=error.status
        )
        response["Retry-After"] = str(error.retry_after_s)
        return response

    def as_typed(self, request: HttpRequest) -> Any:
        """The form with what was typed, and nothing of it looked at.

        What is wrong with a name, say, is what somebody may try to find out.
        """
        view: Any = self
        typed = {name: value for name, value in request.POST.items() if name not in NOT_SENT_BACK}
        unbound = {**view.get_form_kwargs(), "data": None, "files": None, "initial": typed}
        return view.get_form_class()(**unbound)
