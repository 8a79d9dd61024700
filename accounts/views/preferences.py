"""The page on which people choose for themselves."""

from collections.abc import Callable, Mapping

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

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
from accounts.queries import blocked_by, is_known_to_service
from accounts.requests import SignedInRequest
from accounts.views.addresses import send_address_mail
from chatsite.errors import Invalid
from chatsite.toasts import toast

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
    if section == "email":
        need_second_factor(request)
    form_of, action = SECTIONS[section]
    form = form_of.of(request.user, request.POST)
    form.run(action, request.user)
    if form.errors:
        form.focus_wrong_field()
        return _preferences_page(request, {section: form})
    if section == "email":
        return _address_saved(request)
    with translation.override(form.cleaned_data.get("language") or translation.get_language()):
        toast(request, _("Your preferences are saved."))
    return _saved(section)


@require_POST
def picture(request: SignedInRequest) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    form.run(set_avatar, request.user)
    if form.errors:
        form.focus_wrong_field()
        return _preferences_page(request, {"picture": form})
    toast(request, _("Your picture is saved."))
    return _saved("picture")


@require_POST
def remove_picture(request: SignedInRequest) -> HttpResponse:
    remove_avatar(request.user, request.user)
    toast(request, _("Your picture is removed."))
    return _saved("picture")


def _address_saved(request: SignedInRequest) -> HttpResponse:
    request.user.refresh_from_db()
    if settings.SENDS_MAIL and request.user.email and not request.user.has_verified_email:
        send_address_mail(request, request.user.email)
    else:
        toast(request, _("Your preferences are saved."))
    return _saved("email")


def _saved(section: str) -> HttpResponse:
    """Back to the page, with the focus in that section; with a fragment no browser would look for it."""
    return redirect(f"{reverse('preferences')}?saved={section}")


def _preferences_page(
    request: SignedInRequest, entered: Mapping[str, PreferencesForm] | None = None
) -> HttpResponse:
    """The page, with the form that was `entered` in its section."""
    sections: dict[str, PreferencesForm] = {"picture": PictureForm()}
    sections |= {name: form_of.of(request.user) for name, (form_of, _action) in SECTIONS.items()}
    context = {
        "sections": {**sections, **(entered or {})},
        "saved": request.GET.get("saved", ""),
        "blocked": blocked_by(request.user),
        "sends_mail": settings.SENDS_MAIL,
        "is_connected": settings.OIDC_ISSUER and is_known_to_service(request.user),
    }
    for form in (entered or {}).values():
        return form.shown(request, "accounts/preferences.html", context)
    return render(request, "accounts/preferences.html", context)


def need_second_factor(request: SignedInRequest) -> None:
    """Have who has no password show the second factor, if they have one, before what else takes a password.

    Raises:
        ReauthenticationRequired: they did not lately; once they did, what they sent is taken up again.
    """
    if not request.user.has_usable_password():
        raise_if_reauthentication_required(request, app="")
