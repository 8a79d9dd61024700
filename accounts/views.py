"""Preferences, pictures of people, and of sign-up what allauth leaves open: a name taken in that moment."""

from collections.abc import Callable, Mapping
from typing import Any

from allauth.account.views import SignupView
from allauth.core import ratelimit
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
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
from chatsite.errors import Conflict, Invalid
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
