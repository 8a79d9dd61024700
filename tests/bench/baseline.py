"""What posts are compared with: the plainest way to take a message, an INSERT and a commit in the request.

It passes the same session, CSRF and membership checks and writes the same row, but promises nothing: messages
have no order, a text sent twice is stored twice, and while the database is away it is lost.
"""

from random import getrandbits
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from channels_app.models import Channel, Membership
from messaging.models import Message
from messaging.rendering import HTML_VERSION, render
from messaging.texts import clean_text


@require_POST
def post(request: SignedInRequest, slug: str) -> HttpResponse:
    channel = Channel.objects.get(slug=slug)
    if not Membership.objects.filter(channel=channel, user=request.user, left_at=None).exists():
        return JsonResponse({"code": "not_allowed"}, status=403)
    text = clean_text(request.POST["text"])
    now = timezone.now()
    Message.objects.create(
        channel=channel,
        author=request.user,
        client_id=UUID(request.POST["client_id"]),
        seq=getrandbits(62) + 1,  # a number of its own would have to wait for the channel's lock
        version=getrandbits(62),
        text=text,
        html=render(text),
        html_version=HTML_VERSION,
        fingerprint=b"",
        accepted_at=now,
        stored_at=now,
    )
    return JsonResponse({"client_id": request.POST["client_id"], "status": "sent"}, status=201)
