"""Log-in by another service: on the way there, and back."""

from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.actions import disconnect_service
from accounts.oidc import SERVICE_ID, Conversation, the_service
from accounts.requests import SignedInRequest
from accounts.sealing import seal
from chatsite.errors import Conflict, NotFound
from chatsite.limits import LOG_IN, spend
from chatsite.toasts import toast


@login_not_required
@require_POST
def to_service(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise NotFound
    brought = {"invitation": seal(request.POST.get("invitation", ""))}
    return _led_there(request, AuthProcess.LOGIN, brought)


@require_POST
def connect(request: SignedInRequest) -> HttpResponse:
    """Go there to be logged in by it from then on: not for who finds this page open.

    Raises:
        ReauthenticationRequired: they did not show lately that it is them.
    """
    if not settings.OIDC_ISSUER:
        raise NotFound
    raise_if_reauthentication_required(request, app="")
    return _led_there(request, AuthProcess.CONNECT, {"user_id": request.user.pk})


@require_POST
def disconnect(request: SignedInRequest) -> HttpResponse:
    """As `connect`."""
    raise_if_reauthentication_required(request, app="")
    try:
        disconnect_service(request.user)
    except Conflict as error:
        toast(request, error.message)
    else:
        toast(request, _("You no longer log in by another service."))
    return redirect(f"{reverse('preferences')}?saved=service")


def _led_there(request: HttpRequest, process: str, brought: dict[str, Any]) -> HttpResponse:
    spend(LOG_IN)
    service = the_service(request)
    try:
        response: HttpResponse = service.redirect(
            request, process, next_url=get_next_redirect_url(request), data=brought
        )
    except OAuth2Error as error:
        response = render_authentication_error(request, service, exception=error)
    return response


@login_not_required
@require_GET
def back_from_service(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise NotFound
    view = OAuth2CallbackView.adapter_view(Conversation(request, SERVICE_ID))
    try:
        response: HttpResponse = view(request)
    except OAuth2Error as error:
        response = render_authentication_error(request, the_service(request), exception=error)
    return response
