"""Pages and fragments of messages: the channel page, post, catch up, edit, delete."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from channels_app.models import Channel
from channels_app.queries import channel_by_slug, landing_channel, membership_of
from chatsite.errors import Invalid, NotFound
from chatsite.responses import refusal, wants_json
from chatsite.toasts import toast
from messaging import actions, queries
from messaging.forms import ComposerForm, TextForm
from messaging.pipeline.accept import Accepted, accept, refusal_for
from messaging.pipeline.ticket import ticket_for

WAIT_FOR_STORE_S = 2.0


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    return redirect(landing_channel())


@require_safe
def channel(request: SignedInRequest, slug: str) -> HttpResponse:
    shown = channel_by_slug(request.user, slug)
    if shown.slug != slug:
        return redirect(shown)
    return _channel_page(request, shown, ComposerForm())


@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: SignedInRequest, slug: str) -> HttpResponse:
    shown = channel_by_slug(request.user, slug)
    if request.method == "POST":
        return _post(request, shown)
    membership = membership_of(request.user, shown)
    page = queries.page_before(shown, membership, _number(request, "before", default=shown.last_seq + 1))
    return render(request, "messaging/_older.html", {"messages_page": page})


@require_safe
def changes(request: SignedInRequest, slug: str) -> HttpResponse:
    shown = channel_by_slug(request.user, slug)
    answer = queries.changes_after(request.user, shown, _number(request, "after", default=0))
    context = {"changes": answer, "ticket": _new_ticket(request, shown) if answer.may_post else ""}
    return render(request, "messaging/_changes.html", context)


@require_safe
def permalink(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    message = queries.message_by_client_id(request.user, client_id)
    if request.htmx:
        return render(request, "messaging/_message.html", {"message": message})
    return redirect(f"{message.channel.get_absolute_url()}?at={client_id}#m-{client_id}")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    message = queries.message_to_change(request.user, client_id)
    page = "messaging/_edit_form.html" if request.htmx else "messaging/edit.html"
    if request.method != "POST":
        form = TextForm(initial={"text": message.text})
        return render(request, page, {"message": message, "form": form})
    form = TextForm(request.POST)
    edited = form.run(actions.edit_message, request.user, client_id)
    if edited is None:
        return render(request, page, {"message": message, "form": form}, status=form.status)
    if request.htmx:
        return render(request, "messaging/_message.html", {"message": edited})
    return redirect(edited)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    if request.method != "POST":
        message = queries.message_to_change(request.user, client_id)
        return render(request, "messaging/delete.html", {"message": message})
    message = actions.delete_message(request.user, client_id)
    if request.htmx:
        return render(request, "messaging/_message.html", {"message": message})
    return redirect(message.channel)


def _post(request: SignedInRequest, shown: Channel) -> HttpResponse:
    form = ComposerForm(request.POST)
    accepted = form.run(accept, request.user, shown)
    if wants_json(request):
        return _posted_json(request, form, accepted)
    if accepted is None:
        return _refused(request, shown, form)
    if accepted.is_stored or queries.wait_until_stored(accepted, timeout_s=WAIT_FOR_STORE_S):
        return redirect(shown)
    if reason := queries.rejection_of(accepted):
        form.refuse(refusal_for(reason))
        return _refused(request, shown, form)
    toast(request, _("Your message is on its way."))
    return redirect(shown)


def _refused(request: SignedInRequest, shown: Channel, form: ComposerForm) -> HttpResponse:
    """The channel with the text still in the box and the reason beside it."""
    response = _channel_page(request, shown, form.to_send_again(), status=form.status)
    if form.retry_after_s is not None:
        response["Retry-After"] = str(form.retry_after_s)
    return response


def _posted_json(request: SignedInRequest, form: ComposerForm, accepted: Accepted | None) -> HttpResponse:
    if accepted is None:
        first = next(iter(form.errors.values()))[0]
        return refusal(request, form.refusal or Invalid(str(first), code="malformed"))
    if not accepted.is_stored:
        return JsonResponse({"client_id": str(accepted.client_id), "status": "sending"}, status=202)
    answer = {"client_id": str(accepted.client_id), "status": "sent", "html": ""}
    try:
        message = queries.message_by_client_id(request.user, accepted.client_id)
    except NotFound:
        return JsonResponse(answer, status=201)  # sent again after it was stored and deleted
    answer["html"] = render_to_string("messaging/_message.html", {"message": message}, request)
    return JsonResponse(answer, status=201)


def _channel_page(
    request: SignedInRequest, shown: Channel, composer: ComposerForm, *, status: int = 200
) -> HttpResponse:
    """The channel with the run of messages that the address asks for: at, before, after, or the newest."""
    membership = membership_of(request.user, shown)
    focus: UUID | None = None
    if "at" in request.GET:
        focus = _uuid(request.GET["at"])
        page = queries.page_around(request.user, shown, membership, focus)
    elif "before" in request.GET:
        page = queries.page_before(shown, membership, _number(request, "before"))
    elif "after" in request.GET:
        page = queries.page_after(shown, membership, _number(request, "after"))
    else:
        page = queries.newest_page(shown, membership)
    is_subscribed = membership is not None and membership.is_subscribed
    context: dict[str, Any] = {
        "channel": shown,
        "membership": membership if is_subscribed else None,
        "cleared_seq": membership.cleared_seq if membership else 0,
        "messages_page": page,
        "version": shown.version,
        "ticket": _new_ticket(request, shown) if is_subscribed and not shown.is_archived else "",
        "composer": composer,
        "focus": focus,
    }
    return render(request, "messaging/channel.html", context, status=status)


def _new_ticket(request: SignedInRequest, shown: Channel) -> str:
    return ticket_for(request.user, shown, session_key=request.session.session_key or "")


def _number(request: HttpRequest, name: str, *, default: int = 0) -> int:
    """The whole number that the address gives as `name`."""
    given = request.GET.get(name, str(default))
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise Invalid(_("That address does not work."), code="malformed")
    return int(given)


def _uuid(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise Invalid(_("That address does not work."), code="malformed") from None
