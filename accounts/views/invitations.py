"""The page on which admins make and revoke the links with which people sign up."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import invite_to_site, revoke_site_invitation
from accounts.forms import SiteInvitationForm
from accounts.permissions import may_invite_to_site
from accounts.qr import qr_code
from accounts.queries import open_site_invitations
from accounts.requests import SignedInRequest
from chatsite.rights import require
from chatsite.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
def site_invitations(request: SignedInRequest) -> HttpResponse:
    """The links that work, and a form for another; the answer to it shows the new one, this once."""
    require(may_invite_to_site, request.user)
    form = SiteInvitationForm(request.POST or None)
    context: dict[str, Any] = {}
    if request.method == "POST" and (made := form.run(invite_to_site, request.user)):
        _invitation, token = made
        link = request.build_absolute_uri(reverse("invited", args=[token]))
        context = {"link": link, "qr_code": qr_code(link)}
        form = SiteInvitationForm()
    context |= {"form": form, "links": open_site_invitations()}
    return form.shown(request, "accounts/site_invitations.html", context)


@require_POST
def revoke(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    revoke_site_invitation(request.user, invitation_id)
    toast(request, _("The link does not work any more."))
    return redirect("site_invitations")
