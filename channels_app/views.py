"""Pages and buttons for channels: finding and making them, being in one, and looking after one."""

from typing import Any

from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.permissions import may_ban
from accounts.queries import ban_of, has_blocked, user_by_username
from accounts.requests import SignedInRequest
from channels_app import actions, queries
from channels_app.forms import (
    CreateChannelForm,
    InviteForm,
    MuteForm,
    NotifyForm,
    ReadForm,
    RoleForm,
    SettingsForm,
)
from channels_app.models import Channel
from channels_app.permissions import (
    Seat,
    may_archive,
    may_invite,
    may_leave,
    may_open_settings,
    may_remove,
    may_rename,
    may_restore,
    may_set_roles,
)
from chatsite.errors import Invalid, NotAllowed
from chatsite.forms import ActionForm
from chatsite.responses import wants_json
from chatsite.rights import require
from chatsite.text import isolated
from chatsite.toasts import toast


@require_safe
def browse(request: SignedInRequest) -> HttpResponse:
    query = request.GET.get("q", "")
    page = queries.browse(request.user, name_filter=query, page=request.GET.get("page", "1"))
    return render(request, "channels/browse.html", {"page_obj": page, "query": query})


@require_safe
def search(request: SignedInRequest) -> HttpResponse:
    """Where one can go by name, as a page; for a script, what there is beside one's own channels."""
    typed = request.GET.get("q", "")
    channels, has_more_channels = queries.channels_to_offer(request.user, typed=typed)
    people, has_more_people = queries.people_to_offer(request.user, typed=typed)
    if wants_json(request):
        answer = {
            "channels": [{"name": channel.name, "url": channel.get_absolute_url()} for channel in channels],
            "people": [_offered_person(person) for person in people],
            "has_more": has_more_channels or has_more_people,
        }
        return JsonResponse(answer)
    context = {
        "typed": typed,
        "own": queries.own_channels_called(request.user, typed),
        "channels": channels,
        "people": people,
        "has_more": has_more_channels or has_more_people,
    }
    return render(request, "channels/search.html", context)


@require_safe
def members(request: SignedInRequest, slug: str) -> HttpResponse:
    """Who is in a channel; for a script the list alone, which it shows beside the messages."""
    channel = queries.channel_by_slug(request.user, slug)
    after = request.GET.get("after", "")
    people, has_more = queries.members(request.user, channel, after=after)
    context = {
        "channel": channel,
        "people": people,
        "has_more": has_more,
        "after": after,
        "may_invite": not after and may_invite.test(request.user, channel),
    }
    page = "channels/_members.html" if request.htmx else "channels/members.html"
    return render(request, page, context)


@require_safe
def person(request: SignedInRequest, username: str) -> HttpResponse:
    """Who somebody is, and where one meets them."""
    someone = user_by_username(username)
    now = someone.local_time
    is_to_ban = may_ban.test(request.user, someone)
    context = {
        "person": someone,
        "clock": now.replace(tzinfo=None) if now else None,  # else it would be shown in the reader's zone
        "channels": queries.shared_channels(request.user, someone),
        "may_ban": is_to_ban,
        "is_blocked": has_blocked(request.user, someone),
        "is_banned": is_to_ban and ban_of(someone) is not None,
    }
    return render(request, "channels/person.html", context)


@require_safe
def member(request: SignedInRequest, slug: str, username: str) -> HttpResponse:
    """What may be done about somebody in a channel."""
    channel = queries.channel_by_slug(request.user, slug)
    return _member_page(request, channel, queries.member(request.user, channel, username))


@require_POST
def role(request: SignedInRequest, slug: str, username: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    member = queries.member(request.user, channel, username)
    form = RoleForm(request.POST)
    form.run(actions.set_role, request.user, channel, user=member.user)
    if form.errors:
        return _member_page(request, channel, member, form)
    words = _("%(name)s has another role now.") % {"name": isolated(member.user.display_name)}
    toast(request, words)
    return redirect("channels:members", channel.slug)


@require_POST
def remove(request: SignedInRequest, slug: str, username: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    member = queries.member(request.user, channel, username)
    if member.user == request.user:
        raise NotAllowed
    actions.leave_channel(request.user, channel, user=member.user)
    words = _("%(name)s is not in %(channel)s any more.")
    toast(request, words % {"name": isolated(member.user.display_name), "channel": isolated(channel.label)})
    return redirect("channels:members", channel.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: SignedInRequest, slug: str) -> HttpResponse:
    """Whom a channel waits for, and the form that asks somebody more."""
    channel = queries.channel_by_slug(request.user, slug)
    require(may_invite, request.user, channel)
    form = InviteForm(request.POST or None)
    if request.method == "POST":
        invitation = form.run(actions.invite, request.user, channel)
        if invitation is not None:
            toast(request, _("%(name)s is invited.") % {"name": isolated(invitation.user.display_name)})
            return redirect("channels:invitations", channel.slug)
    pending = queries.invitations_to(request.user, channel)
    context = {"channel": channel, "form": form, "pending": pending}
    return form.shown(request, "channels/invitations.html", context)


@require_POST
def accept_invitation(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    return redirect(actions.accept_invitation(request.user, invitation_id))


@require_POST
def decline_invitation(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    actions.decline_invitation(request.user, invitation_id)
    toast(request, _("Invitation declined."))
    return redirect("home")


@require_POST
def withdraw_invitation(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    channel = actions.withdraw_invitation(request.user, invitation_id)
    toast(request, _("Invitation withdrawn."))
    return redirect("channels:invitations", channel.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    require(may_open_settings, request.user, channel)
    if request.method != "POST":
        form = SettingsForm(initial={"name": channel.name, "topic": channel.topic})
        return _settings_page(request, channel, form)
    form = SettingsForm(request.POST)
    if not may_rename.test(request.user, channel):
        form = form.without_name()
    edited = form.run(actions.edit_channel, request.user, channel)
    if edited is None:
        return _settings_page(request, channel, form)
    toast(request, _("Saved."))
    return redirect("channels:settings", edited.slug)


@require_POST
def archive(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    actions.archive_channel(request.user, channel)
    toast(
        request,
        _("%(channel)s is archived.") % {"channel": isolated(channel.label)},
        undo_url=reverse("channels:restore", args=[channel.slug]),
    )
    return redirect(channel)


@require_POST
def restore(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    actions.restore_channel(request.user, channel)
    return redirect(channel)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        actions.require_may_create(request.user)
        form = CreateChannelForm(initial={"name": request.GET.get("name", "")})
        return form.shown(request, "channels/create.html", {"form": form})
    form = CreateChannelForm(request.POST)
    channel = form.run(actions.create_channel, request.user)
    if channel is None:
        return form.shown(request, "channels/create.html", {"form": form})
    return redirect(channel)


@require_http_methods(["GET", "HEAD", "POST"])
def new_direct(request: SignedInRequest) -> HttpResponse:
    """The page on which one chooses whom to write to: found by name, chosen one by one, then opened."""
    if request.method != "POST":
        return _people_page(request, chosen=request.GET.getlist("person"), form=ActionForm())
    form = ActionForm(request.POST)
    channel = form.run(actions.open_direct, request.user, usernames=request.POST.getlist("person"))
    if channel is None:
        return _people_page(request, chosen=request.POST.getlist("person"), form=form)
    return redirect(channel)


@require_http_methods(["GET", "HEAD", "POST"])
def direct(request: SignedInRequest, username: str) -> HttpResponse:
    """The conversation with one person: the button opens it, the address leads to one that there is."""
    person = queries.person(username)
    if request.method == "POST":
        return redirect(actions.open_direct(request.user, usernames=[person.username]))
    channel = queries.direct_of({request.user, person})
    if channel is None:
        return _people_page(request, chosen=[person.username], form=ActionForm())
    return redirect(channel)


@require_POST
def join(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = queries.channel_by_slug(request.user, slug)
    actions.join_channel(request.user, channel)
    return redirect(channel)


@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: SignedInRequest, slug: str) -> HttpResponse:
    """The button; and a page that asks before somebody leaves where they can't come back by themselves."""
    channel = queries.channel_by_slug(request.user, slug)
    if request.method != "POST":
        if channel.is_public:
            return HttpResponseNotAllowed(["POST"])
        require(may_leave, request.user, Seat(channel, request.user))
        return render(request, "channels/leave.html", {"channel": channel})
    actions.leave_channel(request.user, channel)
    words = _("You left %(channel)s.") % {"channel": isolated(channel.label)}
    if channel.is_public:
        toast(request, words, undo_url=reverse("channels:join", args=[channel.slug]))
        return redirect(channel)
    toast(request, words)
    return redirect("home")


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


def _offered_person(person: User) -> dict[str, Any]:
    url = reverse("direct", args=[person.username])
    return {"id": person.pk, "name": person.display_name, "username": person.username, "url": url}


def _member_page(
    request: SignedInRequest, channel: Channel, member: queries.Member, form: RoleForm | None = None
) -> HttpResponse:
    seat = Seat(channel, member.user)
    may_set_role, may_be_removed = (
        may_set_roles.test(request.user, channel),
        may_remove.test(request.user, seat),
    )
    if not (may_set_role or may_be_removed):
        raise NotAllowed
    form = form or RoleForm(initial={"role": member.role})
    context = {
        "channel": channel,
        "member": member,
        "form": form,
        "may_set_role": may_set_role,
        "may_be_removed": may_be_removed,
    }
    return form.shown(request, "channels/member.html", context)


def _people_page(request: SignedInRequest, *, chosen: list[str], form: ActionForm) -> HttpResponse:
    typed = request.GET.get("q", "")
    found = queries.people_to_write_to(request.user, typed)
    people = queries.people_named(chosen)
    context = {
        "form": form,
        "typed": typed,
        "chosen": people,
        "found": [person for person in found if person not in people],
    }
    return form.shown(request, "channels/direct.html", context)


def _settings_page(request: SignedInRequest, channel: Channel, form: SettingsForm) -> HttpResponse:
    if not may_rename.test(request.user, channel):
        form = form.without_name()
    context = {
        "channel": channel,
        "form": form,
        "may_archive": not channel.is_archived and may_archive.test(request.user, channel),
        "may_restore": channel.is_archived and may_restore.test(request.user, channel),
    }
    return form.shown(request, "channels/settings.html", context)
