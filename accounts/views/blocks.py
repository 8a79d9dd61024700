"""The buttons that block somebody, and that take it back."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actions import block_user, unblock_user
from accounts.queries import user_by_username
from accounts.requests import SignedInRequest
from chatsite.text import isolated
from chatsite.toasts import toast


@require_POST
def block(request: SignedInRequest, username: str) -> HttpResponse:
    person = user_by_username(username)
    block_user(request.user, person)
    words = _("%(name)s is blocked.") % {"name": isolated(person.display_name)}
    toast(request, words, undo_url=reverse("unblock", args=[person.username]))
    return redirect(person)


@require_POST
def unblock(request: SignedInRequest, username: str) -> HttpResponse:
    person = user_by_username(username)
    unblock_user(request.user, person)
    toast(request, _("%(name)s is not blocked any more.") % {"name": isolated(person.display_name)})
    return redirect("preferences" if "from_list" in request.POST else person)
