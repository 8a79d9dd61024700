"""The second factor and passkeys: django-allauth's views, each change through one action."""

import json
from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions import change_two_factor
from accounts.queries import second_factors_of
from accounts.requests import SignedInRequest
from accounts.views.limited import Limited
from chatsite.limits import LOG_IN, PASSWORD, refund, spend
from chatsite.responses import wants_json
from chatsite.toasts import toast


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """What somebody logs in with besides the password."""
    return render(request, "mfa/index.html", {"factors": second_factors_of(request.user)})


@require_safe
def to_index(request: SignedInRequest) -> HttpResponse:
    return redirect("mfa_index")


class SetUpApp(ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = change_two_factor(self.request.user, lambda: self._set_up(form))
        toast(self.request, _("From now on you log in with a code, too."))
        return response

    def _set_up(self, form: Any) -> Any:
        if is_mfa_enabled(self.request.user, [Authenticator.Type.TOTP]):
            return redirect("mfa_index")  # by a second press of the button
        return super().form_valid(form)


class RemoveApp(DeactivateTOTPView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = change_two_factor(self.request.user, lambda: self._remove(form))
        toast(self.request, _("The authenticator app is removed."))
        return response

    def _remove(self, form: Any) -> Any:
        return super().form_valid(form)


class MakeCodes(GenerateRecoveryCodesView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = change_two_factor(self.request.user, lambda: self._make(form))
        return response

    def _make(self, form: Any) -> Any:
        return super().form_valid(form)


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]  # allauth has no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        # Each can stand for username and password, so that there is one kind to explain.
        context["options"] = json.dumps(auth.begin_registration(self.request.user, passwordless=True))
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = change_two_factor(self.request.user, lambda: self._add(form))
        toast(self.request, _("The passkey is added."))
        return response

    def _add(self, form: Any) -> Any:
        return super().form_valid(form)


class RenamePasskey(EditWebAuthnView):  # type: ignore[misc]  # allauth has no types
    success_url = reverse_lazy("mfa_index")


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = change_two_factor(self.request.user, lambda: self._remove(form))
        toast(self.request, _("The passkey is removed."))
        return response

    def _remove(self, form: Any) -> Any:
        return super().form_valid(form)


class LogInByPasskey(LoginWebAuthnView):  # type: ignore[misc]  # allauth has no types
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not wants_json(request):
            return redirect("account_login")
        return JsonResponse(auth.begin_authentication(user=None))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        spend(LOG_IN)  # by address: whose it claims to be anybody may write there
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        refund(LOG_IN)
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        toast(self.request, _("That did not work. Log in with your password."))
        return redirect("account_login")


class Authenticate(Limited, AuthenticateView):  # type: ignore[misc]  # allauth has no types
    """Whatever is shown here takes a try of the account's (`accounts.actions.take_try`)."""

    def as_typed(self, request: HttpRequest) -> Any:
        user = self.stage.login.user
        self.auth_form = self.get_form_class()(user=user)
        self.webauthn_form = self.get_webauthn_form_class()(user=user)
        return self.auth_form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = context["js_data"]["request_options"]
        if options["publicKey"]["allowCredentials"]:  # they have passkeys
            context["options"] = json.dumps(options)
        return context


class ConfirmByPassword(Limited, ReauthenticateView):  # type: ignore[misc]  # allauth has no types
    limit = PASSWORD


class ConfirmByCode(Limited, ReauthenticateByCodeView):  # type: ignore[misc]  # allauth has no types
    """Counted as at the log-in."""


class ConfirmByPasskey(Limited, ReauthenticateWebAuthnView):  # type: ignore[misc]  # allauth has no types
    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "options": json.dumps(context["js_data"]["request_options"])}


authenticate = Authenticate.as_view()
confirm_by_password = ConfirmByPassword.as_view()
confirm_by_code = ConfirmByCode.as_view()
confirm_by_passkey = ConfirmByPasskey.as_view()
set_up_app = SetUpApp.as_view()
remove_app = RemoveApp.as_view()
codes = ViewRecoveryCodesView.as_view()
make_codes = MakeCodes.as_view()
add_passkey = AddPasskey.as_view()
rename_passkey = RenamePasskey.as_view()
remove_passkey = RemovePasskey.as_view()
log_in_by_passkey = LogInByPasskey.as_view()
