"""What the product is compared with: the plainest ways to take a message.

Both views pass the same session, CSRF and membership checks and write the same row, but promise nothing:
messages have no order, a text sent twice is stored twice, and while the database is away it is lost.
"""

from random import getrandbits
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from channels_app.models import Channel, Membership
from chatsite.errors import NotAllowed
from messaging.models import Message
from messaging.rendering import HTML_VERSION, render
from messaging.texts import clean_text


@require_POST
def insert(request: SignedInRequest, slug: str) -> HttpResponse:
    """(a) INSERT and commit in the request."""
    store(**_checked(request, slug))
    return JsonResponse({"client_id": request.POST["client_id"], "status": "sent"}, status=201)


@require_POST
def task(request: SignedInRequest, slug: str) -> HttpResponse:
    """(b) A call of a Celery task, confirmed by the broker."""
    from tests.bench.tasks import QUEUE, STORE_TASK, app  # only where there is a broker

    app.send_task(STORE_TASK, kwargs=_checked(request, slug), queue=QUEUE)
    return JsonResponse({"client_id": request.POST["client_id"], "status": "sending"}, status=202)


def store(channel_id: int, author_id: int, client_id: str, text: str, accepted_at: str) -> None:
    """One INSERT and its commit."""
    Message.objects.create(
        channel_id=channel_id,
        author_id=author_id,
        client_id=UUID(client_id),
        seq=getrandbits(62) + 1,  # a number of its own would have to wait for the channel's lock
        version=getrandbits(62),
        text=text,
        html=render(text),
        html_version=HTML_VERSION,
        fingerprint=b"",
        accepted_at=accepted_at,
        stored_at=timezone.now(),
    )


def _checked(request: SignedInRequest, slug: str) -> dict[str, Any]:
    """What `store` stores."""
    channel = Channel.objects.get(slug=slug)
    if not Membership.objects.filter(channel=channel, user=request.user, left_at=None).exists():
        raise NotAllowed
    return {
        "channel_id": channel.pk,
        "author_id": request.user.pk,
        "client_id": request.POST["client_id"],
        "text": clean_text(request.POST["text"]),
        "accepted_at": timezone.now().isoformat(),
    }
