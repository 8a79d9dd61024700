"""The link in a mail that shows whose address it is, and having it sent again."""

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import address_of, confirm_address
from accounts.requests import SignedInRequest
from chatsite.errors import Unavailable
from chatsite.toasts import toast


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """It takes a button: programs that look at mail follow the links in it."""
    if request.method == "POST":
        confirm_address(key)
        toast(request, _("Your e-mail address is confirmed."))
        return redirect("preferences")
    _user_id, email = address_of(key)
    return render(request, "account/confirm_address.html", {"email": email})


@require_POST
def send_again(request: SignedInRequest) -> HttpResponse:
    if request.user.email and not request.user.has_verified_email:
        send_address_mail(request, request.user.email)
    return redirect(f"{reverse('preferences')}?saved=email")


def send_address_mail(request: SignedInRequest, email: str) -> None:
    """Mail the link, and say so, or why not."""
    try:
        get_adapter(request).send_address_mail(request, request.user)
    except Unavailable as error:
        toast(request, error.message)
    else:
        toast(
            request,
            _("A link is on its way to %(email)s. Open it to confirm the address.") % {"email": email},
        )
