"""Pages and fragments of messages: the channel page, sidebar, post, catch up, edit, delete, unread, fate."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.queries import blocked_by
from accounts.requests import SignedInRequest
from channels_app.actions import mark_read
from channels_app.forms import ReadForm
from channels_app.models import Channel, Membership
from channels_app.permissions import is_member, may_open_settings
from channels_app.queries import channel_by_slug, landing_channel, membership_of
from chatsite.database import need_database
from chatsite.errors import ChatError, Invalid
from chatsite.passes import lets_in_by
from chatsite.responses import kept_offline, refusal, wants_json
from chatsite.toasts import toast
from messaging import actions
from messaging.forms import BrowserForm, ComposerForm, TextForm
from messaging.models import Message
from messaging.permissions import may_delete, may_edit, may_moderate
from messaging.pipeline.accept import (
    Accepted,
    accept,
    accept_with_ticket,
    refusal_for,
    rejection_of,
    wait_until_stored,
)
from messaging.pipeline.fate import fate_of
from messaging.pipeline.ticket import Ticket, read_ticket, ticket_for
from messaging.queries.changes import changes_after
from messaging.queries.named import message_by_client_id, message_to_change
from messaging.queries.timeline import (
    TimelinePage,
    newest_page,
    opening_page,
    page_after,
    page_around,
    page_before,
    with_new_line,
)

WAIT_FOR_STORE_S = 2.0


class PostingRequest(SignedInRequest):
    shown_pass: Ticket | None


def ticket_shown(request: HttpRequest, slug: str) -> Ticket | None:
    """The posting ticket that a post into the channel `slug` brings; it is let in by that."""
    if request.method != "POST" or "ticket" not in request.POST:
        return None
    return read_ticket(request.POST["ticket"], slug=slug, session_key=request.session.session_key or "")


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    return redirect(landing_channel())


@require_safe
def sidebar(request: SignedInRequest) -> HttpResponse:
    """The navigation alone, with what is unread now."""
    return render(request, "_sidebar.html")


@require_safe
def channel(request: SignedInRequest, slug: str) -> HttpResponse:
    shown = channel_by_slug(request.user, slug)
    if shown.slug != slug:
        return redirect(shown)
    page = _channel_page(request, shown, ComposerForm(initial=_sent_before(request)))
    return page if {"before", "after"} & request.GET.keys() else kept_offline(page)


@lets_in_by(ticket_shown)
@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: PostingRequest, slug: str) -> HttpResponse:
    if request.method == "POST":
        return _post(request, slug)
    shown = channel_by_slug(request.user, slug)
    membership = membership_of(request.user, shown)
    if "after" in request.GET:
        page = page_after(shown, membership, _number(request, "after"))
    else:
        page = page_before(shown, membership, _number(request, "before", default=shown.last_seq + 1))
    return render(request, "messaging/_run.html", {"messages_page": page, "version": shown.version})


@require_safe
def changes(request: SignedInRequest, slug: str) -> HttpResponse:
    shown = channel_by_slug(request.user, slug)
    answer = changes_after(request.user, shown, _number(request, "after", default=0))
    ticket = _new_ticket(request, shown) if answer.may_post else ""
    context = {
        "channel": shown,
        "changes": answer,
        "ticket": ticket,
        "composer": ComposerForm(),
        "rights": _rights(request.user, shown),
    }
    return render(request, "messaging/_changes.html", context)


@lets_in_by(ticket_shown)
@require_POST
def typing(request: PostingRequest, slug: str) -> HttpResponse:
    """The composer says every few seconds that its user writes."""
    if request.shown_pass is not None:
        actions.tell_typing_with_ticket(request.shown_pass)
    else:
        actions.tell_typing(request.user, channel_by_slug(request.user, slug))
    return HttpResponse(status=204)


@require_POST
def presence(request: SignedInRequest) -> HttpResponse:
    """A browser says that it is used or not any more, or shows other people."""
    form = BrowserForm(request.POST)
    if not form.is_valid():
        raise Invalid(code="malformed")
    actions.tell_browser(
        request.user,
        session_key=request.session.session_key or "",
        is_idle=form.is_idle,
        people=form.people_shown,
    )
    return HttpResponse(status=204)


@require_safe
def permalink(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    message = message_by_client_id(request.user, client_id)
    if request.htmx:
        return render(request, "messaging/_message.html", {"message": message})
    return redirect(f"{message.channel.get_absolute_url()}?at={client_id}#m-{client_id}")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    message = message_to_change(request.user, client_id, may_edit)
    page = "messaging/_edit_form.html" if request.htmx else "messaging/edit.html"
    if request.method != "POST":
        form = TextForm(initial={"text": message.text})
        return render(request, page, {"message": message, "form": form})
    form = TextForm(request.POST)
    edited = form.run(actions.edit_message, request.user, client_id)
    if edited is None:
        return form.shown(request, page, {"message": message, "form": form})
    if request.htmx:
        return render(request, "messaging/_message.html", {"message": edited})
    return redirect(edited)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    if request.method != "POST":
        message = message_to_change(request.user, client_id, may_delete)
        return render(request, "messaging/delete.html", {"message": message})
    deleted = actions.delete_message(request.user, client_id)
    if deleted is None:  # it was not stored yet, and never will be
        return HttpResponse() if request.htmx else redirect("home")
    if request.htmx:
        return render(request, "messaging/_message.html", {"message": deleted})
    return redirect(deleted.channel)


@require_POST
def unread(request: SignedInRequest, client_id: UUID) -> HttpResponse:
    message = actions.mark_unread_from(request.user, client_id)
    return HttpResponse(status=204) if wants_json(request) else redirect(message.channel)


@require_safe
def status(request: SignedInRequest, client_id: UUID) -> JsonResponse:
    """What became of a message of the asker's own."""
    fate = fate_of(request.user.pk, client_id, accepted_us=_number(request, "accepted_us"))
    answer = {"client_id": str(client_id), "status": fate.status}
    if fate.message is not None:
        answer["html"] = render_to_string("messaging/_message.html", {"message": fate.message})
    if fate.reason:
        told = refusal_for(fate.reason)
        answer |= {"code": told.code, "message": str(told.message)}
    return JsonResponse(answer)


def _sent_before(request: HttpRequest) -> dict[str, Any]:
    """What a plain page's next post says of the last one, which its reader has not seen stored."""
    if "sent" not in request.GET:
        return {}
    accepted_us = _number(request, "accepted_us") or None
    return {"previous": _uuid(request.GET["sent"]), "previous_accepted_us": accepted_us}


def _post(request: PostingRequest, slug: str) -> HttpResponse:
    form = ComposerForm(request.POST)
    if request.shown_pass is not None:
        accepted = form.run(accept_with_ticket, request.shown_pass)
    else:
        accepted = form.run(accept, request.user, channel_by_slug(request.user, slug))
    if wants_json(request):
        return _posted_json(request, form, accepted)
    if accepted is None:
        return _refused(request, slug, form)
    return _posted_page(request, slug, form, accepted)


def _posted_json(request: PostingRequest, form: ComposerForm, accepted: Accepted | None) -> HttpResponse:
    if accepted is None:
        first = next(iter(form.errors.values()))[0]
        return refusal(request, form.refusal or Invalid(str(first), code="malformed"))
    if accepted.is_stored:
        message = fate_of(accepted.author_id, accepted.client_id).message
        html = render_to_string("messaging/_message.html", {"message": message}) if message else ""
        answer = {"client_id": str(accepted.client_id), "status": "sent", "html": html}
        return JsonResponse(answer, status=201)
    taken = {"client_id": str(accepted.client_id), "status": "sending", "accepted_us": accepted.accepted_us}
    return JsonResponse(taken, status=202)


def _posted_page(request: PostingRequest, slug: str, form: ComposerForm, accepted: Accepted) -> HttpResponse:
    page = reverse("messaging:channel", args=[slug])
    try:
        _mark_seen(request, slug)
        if accepted.is_stored or wait_until_stored(accepted, timeout_s=WAIT_FOR_STORE_S):
            return redirect(f"{page}?newest=1" if "newest" in request.POST else page)
        reason = rejection_of(accepted)
    except (OperationalError, InterfaceError):  # the database is away, but the queue has it
        return _on_its_way(page)
    if reason:
        form.refuse(refusal_for(reason))
        return _refused(request, slug, form)
    toast(request, _("Your message is on its way."))
    return redirect(f"{page}?sent={accepted.client_id}&accepted_us={accepted.accepted_us}")


def _mark_seen(request: PostingRequest, slug: str) -> None:
    """Who answers has read what their page showed: a page without a script can tell in no other way."""
    seen = ReadForm({"seq": request.POST.get("seen", "")})
    if seen.is_valid() and request.user.is_authenticated:
        with suppress(ChatError):  # they are out of the channel by now; what they said was accepted
            mark_read(request.user, channel_by_slug(request.user, slug), seq=seen.cleaned_data["seq"])


def _on_its_way(page: str) -> HttpResponse:
    """The page for who can't be shown their message now; it stands on nothing that is away."""
    context = {"page": page, "site_name": settings.SITE_NAME}
    return HttpResponse(render_to_string("messaging/on_its_way.html", context), status=202)


def _refused(request: SignedInRequest, slug: str, form: ComposerForm) -> HttpResponse:
    """The channel with the text still in the box and the reason beside it."""
    need_database()
    shown = channel_by_slug(request.user, slug)
    response = _channel_page(request, shown, form.to_send_again(), status=form.status)
    if form.retry_after_s is not None:
        response["Retry-After"] = str(form.retry_after_s)
    return response


def _channel_page(
    request: SignedInRequest, shown: Channel, composer: ComposerForm, *, status: int = 200
) -> HttpResponse:
    membership = membership_of(request.user, shown)
    focus = _uuid(request.GET["at"]) if "at" in request.GET else None
    page = _run_of_messages(request, shown, membership, focus)
    is_subscribed = membership is not None and membership.is_subscribed
    may_post = is_subscribed and not shown.is_archived and not shown.is_cut_off
    context: dict[str, Any] = {
        "channel": shown,
        "membership": membership if is_subscribed else None,
        "cleared_seq": membership.cleared_seq if membership else 0,
        "messages_page": page,
        "version": shown.version,
        "ticket": _new_ticket(request, shown) if may_post else "",
        "blocked": [person.username for person in blocked_by(request.user)],
        "composer": composer,
        "sketch": Message(author=request.user),
        "focus": focus,
        "rights": _rights(request.user, shown),
    }
    return render(request, "messaging/channel.html", context, status=status)


def _rights(user: User, channel: Channel) -> list[str]:
    """What the page's tools go by; an open page hears of others with what changed, and gets other tools."""
    rights = {"member": is_member, "moderator": may_moderate, "settings": may_open_settings}
    return [name for name, right in rights.items() if right.test(user, channel)]


def _run_of_messages(
    request: SignedInRequest, shown: Channel, membership: Membership | None, focus: UUID | None
) -> TimelinePage:
    """What the address asks for: at, before, after, newest, or where the viewer stopped reading."""
    if focus is not None:
        page = page_around(request.user, shown, membership, focus)
    elif "before" in request.GET:
        page = page_before(shown, membership, _number(request, "before"))
    elif "after" in request.GET:
        page = page_after(shown, membership, _number(request, "after"))
    elif {"newest", "sent"} & request.GET.keys() or request.method == "POST":
        page = newest_page(shown, membership)
    else:
        return opening_page(request.user, shown, membership)
    return with_new_line(page, request.user, shown, membership)


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
