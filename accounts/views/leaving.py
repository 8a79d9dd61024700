"""The page on which people end their own account."""

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import Way, leave_site
from accounts.forms import LeaveForm
from accounts.requests import SignedInRequest
from accounts.views.preferences import need_second_factor
from chatsite.responses import leaves_nothing_behind
from chatsite.toasts import toast

PAGE = "accounts/leave.html"


@require_http_methods(["GET", "HEAD", "POST"])
@leaves_nothing_behind
def leave(request: SignedInRequest) -> HttpResponse:
    """Asks how, and for the password; who is gone then is told so where they would log in."""
    if request.method != "POST":
        return render(request, PAGE, {"form": LeaveForm(request.user)})
    need_second_factor(request)
    form = LeaveForm(request.user, request.POST)
    form.run(leave_site, request.user)
    if form.errors:
        return form.shown(request, PAGE, {"form": form})
    logout(request)
    is_kept = form.cleaned_data["way"] == Way.DEACTIVATE.value
    toast(request, _("Your account is deactivated.") if is_kept else _("Your account is deleted."))
    return redirect("account_login")
