"""Log-in by another service: on the way there, and back."""

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from accounts.oidc import SERVICE_ID, Conversation, the_service
from accounts.sealing import seal
from chatsite.errors import NotFound
from chatsite.limits import LOG_IN, spend


@login_not_required
@require_POST
def to_service(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise NotFound
    spend(LOG_IN)
    service = the_service(request)
    brought = {"invitation": seal(request.POST.get("invitation", ""))}
    try:
        response: HttpResponse = service.redirect(
            request, AuthProcess.LOGIN, next_url=get_next_redirect_url(request), data=brought
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
