"""Pages and buttons for channels: browse, search, create, join, leave, clear, read, mute; and for members."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries import user_by_username
from accounts.requests import SignedInRequest
from channels_app import actions, queries
from channels_app.forms import CreateChannelForm, MuteForm, NotifyForm, ReadForm
from channels_app.models import Channel
from chatsite.errors import Invalid
from chatsite.responses import wants_json
from chatsite.text import isolated
from chatsite.toasts import toast


@require_safe
def browse(request: SignedInRequest) -> HttpResponse:
    query = request.GET.get("q", "")
    page = queries.browse(request.user, name_filter=query, page=request.GET.get("page", "1"))
    return render(request, "channels/browse.html", {"page_obj": page, "query": query})


@require_safe
def search(request: SignedInRequest) -> JsonResponse:
    """The channels that the asker is not in yet, for a script that offers them beside their own."""
    channels, has_more = queries.channels_to_offer(request.user, typed=request.GET.get("q", ""))
    offered = [{"name": channel.name, "url": channel.get_absolute_url()} for channel in channels]
    return JsonResponse({"channels": offered, "has_more": has_more})


@require_safe
def members(request: SignedInRequest, slug: str) -> HttpResponse:
    """Who is in a channel; for a script the list alone, which it shows beside the messages."""
    channel = queries.channel_by_slug(request.user, slug)
    after = request.GET.get("after", "")
    people, has_more = queries.members(channel, after=after)
    page = "channels/_members.html" if request.htmx else "channels/members.html"
    context = {"channel": channel, "people": people, "has_more": has_more, "after": after}
    return render(request, page, context)


@require_safe
def person(request: SignedInRequest, username: str) -> HttpResponse:
    """Who somebody is, and where one meets them."""
    someone = user_by_username(username)
    now = someone.local_time
    context = {
        "person": someone,
        "clock": now.replace(tzinfo=None) if now else None,  # else it would be shown in the reader's zone
        "channels": queries.shared_channels(request.user, someone),
    }
    return render(request, "channels/person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        form = CreateChannelForm(initial={"name": request.GET.get("name", "")})
        return render(request, "channels/create.html", {"form": form})
    form = CreateChannelForm(request.POST)
    channel = form.run(actions.create_channel, request.user)
    if channel is None:
        return render(request, "channels/create.html", {"form": form}, status=form.status)
    return redirect(channel)


@require_POST
def join(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    actions.join_channel(request.user, channel)
    return redirect(channel)


@require_POST
def unsubscribe(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    actions.leave_channel(request.user, channel)
    toast(
        request,
        _("You left %(channel)s.") % {"channel": isolated(channel.name)},
        undo_url=reverse("channels:join", args=[channel.slug]),
    )
    return redirect(channel)


@require_POST
def clear(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    if "undo" in request.POST:
        actions.undo_clear_channel(request.user, channel)
    else:
        actions.clear_channel(request.user, channel)
        toast(
            request,
            _("History cleared for you."),
            undo_url=reverse("channels:clear", args=[channel.slug]),
        )
    return redirect(channel)


@require_POST
def read(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    form = ReadForm(request.POST)
    if not form.is_valid():
        raise Invalid(code="malformed")
    seq, known, marks = (form.cleaned_data[name] for name in ("seq", "known", "marks"))
    membership = actions.mark_read(request.user, channel, seq=seq, known=known or 0, marks=marks)
    if not wants_json(request):
        return redirect(channel)
    return JsonResponse({"last_read_seq": membership.read_up_to, "unread_marks": membership.unread_marks})


@require_POST
def mute(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    form = MuteForm(request.POST)
    if not form.is_valid():
        raise Invalid(code="malformed")
    actions.mute_channel(request.user, channel, is_muted=form.cleaned_data["muted"] == "true")
    return _done(request, channel)


@require_POST
def notify(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    form = NotifyForm(request.POST)
    if not form.is_valid():
        raise Invalid(code="malformed")
    actions.notify_of_channel(request.user, channel, notifies=form.cleaned_data["notify"] == "true")
    return _done(request, channel)


def _done(request: SignedInRequest, channel: Channel) -> HttpResponse:
    return HttpResponse(status=204) if wants_json(request) else redirect(channel)
