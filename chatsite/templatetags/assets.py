"""Tags that name the style sheets and scripts of a page, and have its `Link` header name them too."""

from typing import Any

from django import template
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from chatsite import assets

register = template.Library()

# Not rel=modulepreload: a browser that begins with a module reads no import map any more.
AS_MODULE = "rel=preload; as=script; crossorigin"


@register.simple_tag(takes_context=True)
def sheet(context: RequestContext, name: str) -> SafeString:
    """The style sheet `name`, without which nothing is drawn."""
    address = static(f"css/{name}.css")
    _preload(context, f"<{address}>; rel=preload; as=style")
    return format_html('<link rel="stylesheet" href="{}">', address)


@register.simple_tag(takes_context=True)
def module(context: RequestContext, name: str) -> SafeString:
    """The module `name`, which runs once the page has been read."""
    address = static(f"js/{name}.js")
    _preload(context, f"<{address}>; {AS_MODULE}")
    return format_html('<script type="module" src="{}" nonce="{}"></script>', address, context["CSP_NONCE"])


@register.simple_tag(takes_context=True)
def module_ahead(context: RequestContext, name: str) -> SafeString:
    """The module `name`, which a script of this page will ask for."""
    address = static(f"js/{name}.js")
    _preload(context, f"<{address}>; {AS_MODULE}")
    return format_html('<link rel="modulepreload" href="{}">', address)


@register.simple_tag
def import_map() -> SafeString:
    return mark_safe(assets.import_map())  # noqa: S308  # nosec B308 B703  # our own addresses


def _preload(context: RequestContext, link: str) -> None:
    request: Any = context.get("request")
    if request is not None:
        request.preloads = [*getattr(request, "preloads", []), link]
