"""The file with all that the site keeps of a person: the button, how far it is, and the file itself."""

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import ask_for_export
from accounts.queries import export_of, export_part, export_parts
from accounts.requests import SignedInRequest
from chatsite.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: SignedInRequest) -> HttpResponse:
    """The button; and for a script, how far it is."""
    if request.method == "POST":
        ask_for_export(request.user)
        toast(request, _("Your data is being collected. You need not wait here."))
    elif request.htmx:
        return render(request, "accounts/_export.html")
    return redirect("/accounts/preferences/?saved=export")


@require_safe
def export_file(request: SignedInRequest) -> StreamingHttpResponse:
    """The file, piece by piece. Whose it is the session says: the address alone gives nobody anything."""
    export = export_of(request.user)
    parts = _async_parts(export.pk) if isinstance(request, ASGIRequest) else export_parts(export.pk)
    response = StreamingHttpResponse(parts, content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="chat-data.zip"'
    response["Content-Length"] = str(export.size)
    response["Content-Encoding"] = "identity"  # nothing is gained by packing it once more
    return response


async def _async_parts(export_id: int) -> AsyncIterator[bytes]:
    number = 0
    while (part := await sync_to_async(export_part)(export_id, number)) is not None:
        yield part
        number += 1
