"""Preferences; and sign-up, for what allauth leaves open: a name taken while the form was checked."""

from typing import Any

from allauth.account.views import SignupView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import set_preferences
from accounts.forms import PreferencesForm
from accounts.requests import SignedInRequest
from chatsite.errors import Conflict
from chatsite.toasts import toast


class SignUp(SignupView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except Conflict as error:
            form.add_error(error.field, str(error.message))
            response = self.form_invalid(form)
        return response


sign_up = SignUp.as_view()


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        form = PreferencesForm(initial={"shows_presence": request.user.shows_presence})
        return render(request, "accounts/preferences.html", {"form": form})
    form = PreferencesForm(request.POST)
    form.run(set_preferences, request.user)
    if form.errors:
        return render(request, "accounts/preferences.html", {"form": form}, status=form.status)
    toast(request, _("Your preferences are saved."))
    return redirect("preferences")
