"""Where somebody is logged in, and logging out there from here."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actions import end_other_sessions, end_session
from accounts.queries import sessions_of
from accounts.requests import SignedInRequest
from chatsite.toasts import toast


@require_safe
def sessions(request: SignedInRequest) -> HttpResponse:
    shown = sessions_of(request.user, here=_here(request))
    return render(request, "accounts/sessions.html", {"sessions": shown})


@require_POST
def end(request: SignedInRequest, session_id: int) -> HttpResponse:
    end_session(request.user, session_id, here=_here(request))
    toast(request, _("You are logged out there."))
    return redirect("sessions")


@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    end_other_sessions(request.user, here=_here(request))
    toast(request, _("You are logged out everywhere else."))
    return redirect("sessions")


def _here(request: SignedInRequest) -> str:
    return request.session.session_key or ""
