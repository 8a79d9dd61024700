"""The page on which somebody reports a message."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedInRequest
from chatsite.toasts import toast
from messaging import actions
from messaging.forms import ReportForm
from messaging.permissions import may_report
from messaging.queries.named import message_to_change


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    message = message_to_change(request.user, client_id, may_report)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        reported = form.run(actions.report_message, request.user, client_id)
        if reported is not None:
            toast(request, _("Reported. The site's admins will look at it."))
            return redirect(reported)
    context = {"message": message, "form": form}
    return form.shown(request, "messaging/report.html", context)
