"""What makes the site an application to install: manifest, service worker, and its offline page.

They are for everybody, and say nothing that is about anybody.
"""

import hashlib
import json
from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import override
from django.views.decorators.http import require_safe
from whitenoise.storage import CompressedManifestStaticFilesStorage

from chatsite.assets import parts

GROUND = "#f7f4ef"  # --paper-sunken of tokens.css; a manifest knows one scheme
MANIFEST_KEPT_S = 3600
# What pages are made of; the worker holds it, so that a page it kept looks as it did.
HELD_FILES = ("css/", "js/", "icons/favicon", "django_htmx/htmx-2.min.js")
# A worker has a policy of its own. It may run our scripts and ask this site.
WORKER_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a browser installs the site as."""
    icons = [
        _icon("icon-192", 192, "any"),
        _icon("icon-512", 512, "any"),
        _icon("maskable-192", 192, "maskable"),
        _icon("maskable-512", 512, "maskable"),
        _icon("monochrome-96", 96, "monochrome"),
        _icon("monochrome-512", 512, "monochrome"),
    ]
    content = {
        "id": "/",
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "theme_color": GROUND,
        "background_color": GROUND,
        "icons": icons,
    }
    response = JsonResponse(content, content_type="application/manifest+json")
    patch_cache_control(response, public=True, max_age=MANIFEST_KEPT_S)
    return response


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's script: what belongs to this release, and the code, a static file like all others.

    It stands at the root, as it answers for what is below its own address. A browser that finds another text
    here installs the worker anew.
    """
    files = _held_files()
    site = {"release": _release(files), "offline": reverse("offline"), "files": files}
    code = static("js/service_worker.js")
    script = f"const SITE = {json.dumps(site)};\nimportScripts({json.dumps(code)});\n"
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["Content-Security-Policy"] = WORKER_POLICY
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page that the worker shows while nothing can be reached, in the language of who asks for it now."""
    return HttpResponse(_offline_page())


def _icon(name: str, size: int, purpose: str) -> dict[str, str]:
    address = static(f"icons/{name}.png")
    return {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


def _offline_page() -> str:
    return render_to_string("offline.html", {"site_name": settings.SITE_NAME})


@cache
def _held_files() -> list[str]:
    """The addresses of the files whose names change with their content; none while a name stays the same."""
    if not isinstance(staticfiles_storage, CompressedManifestStaticFilesStorage):
        return []
    paths = {path for finder in get_finders() for path, _storage in finder.list([])}
    return [static(path) for path in sorted(paths) if path.startswith(HELD_FILES) and path not in parts()]


def _release(files: list[str]) -> str:
    """Another text whenever what the worker holds is another."""
    with override(settings.LANGUAGE_CODE):
        return hashlib.sha256(json.dumps([files, _offline_page()]).encode()).hexdigest()[:12]
