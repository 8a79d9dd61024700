"""The pictures that people are shown by."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.queries import avatar_of
from accounts.requests import SignedInRequest

FOR_EVER = "private, max-age=31536000, immutable"


@require_safe
def avatar(request: SignedInRequest, user_id: int, digest: str, side: int) -> HttpResponse:
    """A picture, under an address of its own for each; who still has an old one is led to the new."""
    current, image = avatar_of(user_id, side)
    if digest != current:
        return redirect("avatar", user_id, current, side)
    headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "same-origin"}
    return HttpResponse(image, content_type="image/webp", headers=headers)
