"""Answers that more than one view gives: refusals, in the form the caller asked for."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from chatsite.errors import ChatError, NotFound, Unavailable


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program that asked for JSON, not a person looking at a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def refusal(request: HttpRequest, error: ChatError) -> HttpResponse:
    """The answer to `error`: its status, with its code and message."""
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"code": error.code, "message": str(error.message)}, status=error.status)
    else:
        template = "404.html" if isinstance(error, NotFound) else "refused.html"
        context = {"message": error.message, "status": error.status}
        response = render(request, template, context, status=error.status)
    if isinstance(error, Unavailable):
        response["Retry-After"] = str(error.retry_after_s)
    return response
