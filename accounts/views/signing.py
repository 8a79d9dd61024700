"""Log-in, sign-up, log-out and passwords: what allauth's own views leave open."""

from typing import Any

from allauth.account.views import (
    LoginView,
    PasswordChangeView,
    PasswordResetFromKeyView,
    PasswordResetView,
    SignupView,
    logout,
)
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from accounts.actions import let_in
from accounts.models import SiteInvitation
from accounts.requests import SignedInRequest, token_of
from accounts.views.limited import Limited
from chatsite.errors import ChatError, Conflict, NotAllowed, NotFound
from chatsite.limits import PASSWORD, RESET, SIGN_UP, spend
from chatsite.responses import leaves_nothing_behind
from chatsite.toasts import toast


class LogIn(Limited, LoginView):  # type: ignore[misc]  # allauth has no types
    """Failures are counted where the password is looked at: in `accounts.adapter`."""


class SignUp(Limited, SignupView):  # type: ignore[misc]  # allauth has no types
    """At its own address, and at that of an invitation, which its form is sent to as well."""

    limit = SIGN_UP
    invitation: SiteInvitation | None = None
    refusal: ChatError

    def is_open(self) -> bool:
        try:
            self.invitation = let_in(token_of(self.request))
        except (NotAllowed, NotFound) as error:
            self.refusal = error
            return False
        return True

    def closed(self) -> HttpResponse:
        context = {"code": self.refusal.code, "message": self.refusal.message}
        return render(self.request, "account/signup_closed.html", context, status=self.refusal.status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "invitation": self.invitation}

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except Conflict as error:
            form.add_error(error.field, str(error.message))
            response = self.form_invalid(form)
        except (NotAllowed, NotFound) as error:  # since the page was asked for
            self.refusal = error
            response = self.closed()
        return response


class ChangePassword(Limited, PasswordChangeView):  # type: ignore[misc]  # allauth has no types
    limit = PASSWORD

    def dispatch(self, request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_usable_password():  # they come by another service
            toast(request, _("You have no password here yet. Here you get one."))
            return redirect("account_reset_password")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        toast(self.request, _("Your password is changed. You are logged out everywhere else."))
        return response


class ResetPassword(Limited, PasswordResetView):  # type: ignore[misc]  # allauth has no types
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SENDS_MAIL:
            return render(request, "account/password_reset_by_admin.html")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        spend(RESET, key=form.cleaned_data["email"].casefold())
        response: HttpResponse = super().form_valid(form)
        return response


class ResetPasswordFromKey(PasswordResetFromKeyView):  # type: ignore[misc]  # allauth has no types
    success_url = reverse_lazy("account_login")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            spend(RESET)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        toast(self.request, _("Your password is changed. Log in with it."))
        return response


log_in = LogIn.as_view()


sign_up = SignUp.as_view()


change_password = ChangePassword.as_view()


reset_password = login_not_required(ResetPassword.as_view())


reset_password_from_key = login_not_required(ResetPasswordFromKey.as_view())


log_out = leaves_nothing_behind(logout)
