"""Preferences, pictures of people, and what allauth's own views of sign-up and passwords leave open."""

from collections.abc import Callable, Mapping
from typing import Any

from allauth.account.views import (
    PasswordChangeView,
    PasswordResetFromKeyView,
    PasswordResetView,
    SignupView,
)
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import (
    remove_avatar,
    set_appearance,
    set_avatar,
    set_display_name,
    set_email,
    set_enter,
    set_presence,
)
from accounts.forms import (
    AppearanceForm,
    DisplayNameForm,
    EmailForm,
    PictureForm,
    PreferencesForm,
    PresenceForm,
    WritingForm,
)
from accounts.queries import avatar_of
from accounts.requests import SignedInRequest
from chatsite.errors import Conflict, Invalid, Unavailable
from chatsite.toasts import toast


class SignUp(SignupView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except Conflict as error:
            form.add_error(error.field, str(error.message))
            response = self.form_invalid(form)
        return response


class ChangePassword(PasswordChangeView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        toast(self.request, _("Your password is changed. You are logged out everywhere else."))
        return response


class ResetPassword(PasswordResetView):  # type: ignore[misc]  # allauth has no types
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SENDS_MAIL:
            return render(request, "account/password_reset_by_admin.html")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except Unavailable as error:
            form.add_error(error.field, str(error.message))
            response = self.form_invalid(form)
        return response


class ResetPasswordFromKey(PasswordResetFromKeyView):  # type: ignore[misc]  # allauth has no types
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        toast(self.request, _("Your password is changed. Log in with it."))
        return response


sign_up = SignUp.as_view()
change_password = ChangePassword.as_view()
reset_password = login_not_required(ResetPassword.as_view())
reset_password_from_key = ResetPasswordFromKey.as_view()


FOR_EVER = "private, max-age=31536000, immutable"
SECTIONS: dict[str, tuple[type[PreferencesForm], Callable[..., None]]] = {
    "name": (DisplayNameForm, set_display_name),
    "appearance": (AppearanceForm, set_appearance),
    "writing": (WritingForm, set_enter),
    "presence": (PresenceForm, set_presence),
    "email": (EmailForm, set_email),
}


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """All sections on one page; each is saved by itself."""
    if request.method != "POST":
        return _preferences_page(request)
    section = request.POST.get("section", "")
    if section not in SECTIONS:
        raise Invalid(code="malformed")
    if section == "email" and (too_many := _too_many_passwords(request)):
        return too_many
    form_of, action = SECTIONS[section]
    form = form_of(request.POST)
    form.run(action, request.user)
    if form.errors:
        form.focus_wrong_field()
        return _preferences_page(request, {section: form}, status=form.status)
    with translation.override(form.cleaned_data.get("language") or translation.get_language()):
        toast(request, _("Your preferences are saved."))
    return _saved(section)


@require_POST
def picture(request: SignedInRequest) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    form.run(set_avatar, request.user)
    if form.errors:
        form.focus_wrong_field()
        return _preferences_page(request, {"picture": form}, status=form.status)
    toast(request, _("Your picture is saved."))
    return _saved("picture")


@require_POST
def remove_picture(request: SignedInRequest) -> HttpResponse:
    remove_avatar(request.user, request.user)
    toast(request, _("Your picture is removed."))
    return _saved("picture")


@require_safe
def avatar(request: SignedInRequest, user_id: int, digest: str, side: int) -> HttpResponse:
    """A picture, under an address of its own for each; who still has an old one is led to the new."""
    current, image = avatar_of(user_id, side)
    if digest != current:
        return redirect("avatar", user_id, current, side)
    headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "same-origin"}
    return HttpResponse(image, content_type="image/webp", headers=headers)


def _saved(section: str) -> HttpResponse:
    """Back to the page, with the focus in that section; with a fragment no browser would look for it."""
    return redirect(f"{reverse('preferences')}?saved={section}")


def _preferences_page(
    request: SignedInRequest, entered: Mapping[str, PreferencesForm] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page, with the form that was `entered` in its section."""
    sections: dict[str, PreferencesForm] = {"picture": PictureForm()}
    sections |= {name: form_of.of(request.user) for name, (form_of, _action) in SECTIONS.items()}
    context = {"sections": {**sections, **(entered or {})}, "saved": request.GET.get("saved", "")}
    return render(request, "accounts/preferences.html", context, status=status)


def _too_many_passwords(request: SignedInRequest) -> HttpResponse | None:
    """The answer to who has typed passwords too often."""
    answer: HttpResponse | None = ratelimit.consume_or_429(
        request, action="reauthenticate", user=request.user
    )
    return answer
