"""The page on which an admin bans somebody from the site, and follows how what they said is removed."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import lift_ban
from accounts.models import User
from accounts.permissions import may_ban
from accounts.queries import ban_of, user_by_username
from accounts.requests import SignedInRequest
from chatsite.rights import require
from chatsite.text import isolated
from chatsite.toasts import toast
from messaging import actions
from messaging.forms import BanForm, RemovalForm
from messaging.queries.admin import last_removal


@require_http_methods(["GET", "HEAD", "POST"])
def ban(request: SignedInRequest, username: str) -> HttpResponse:
    person = _person_to_ban(request, username)
    if request.method != "POST":
        return _page(request, person, BanForm())
    form = BanForm(request.POST)
    form.run(actions.ban, request.user, person)
    if form.errors:
        return _page(request, person, form)
    toast(request, _("%(name)s is banned.") % {"name": isolated(person.display_name)})
    return redirect("messaging:ban", person.username)


@require_POST
def lift(request: SignedInRequest, username: str) -> HttpResponse:
    person = _person_to_ban(request, username)
    lift_ban(request.user, person)
    toast(request, _("The ban of %(name)s is lifted.") % {"name": isolated(person.display_name)})
    return redirect(person)


@require_POST
def remove(request: SignedInRequest, username: str) -> HttpResponse:
    person = _person_to_ban(request, username)
    form = RemovalForm(request.POST)
    form.run(actions.start_removal, request.user, person)
    if form.errors:
        return _page(request, person, form)
    return redirect("messaging:ban", person.username)


@require_POST
def remove_again(request: SignedInRequest, username: str) -> HttpResponse:
    """Go on with the removal that was begun last."""
    person = _person_to_ban(request, username)
    actions.begin_removal_again(request.user, person)
    return redirect("messaging:ban", person.username)


def _person_to_ban(request: SignedInRequest, username: str) -> User:
    person = user_by_username(username)
    require(may_ban, request.user, person)
    return person


def _page(request: SignedInRequest, person: User, form: BanForm | RemovalForm) -> HttpResponse:
    ban = ban_of(person)
    if ban is not None and not isinstance(form, RemovalForm):
        form = RemovalForm()
    context = {"person": person, "ban": ban, "form": form, "removal": last_removal(person)}
    return render(request, "messaging/ban.html", context, status=form.status if form.errors else 200)
