"""Sign-up, for the one case django-allauth leaves open: a name taken while the form was checked."""

from typing import Any

from allauth.account.views import SignupView
from django.http import HttpResponse

from chatsite.errors import Conflict


class SignUp(SignupView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except Conflict as error:
            form.add_error(error.field, str(error.message))
            response = self.form_invalid(form)
        return response


sign_up = SignUp.as_view()
