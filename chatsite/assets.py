"""Style sheets and scripts as browsers get them: without comments and indentation, hashed and compressed."""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("css", "js")  # the folders of static/; what libraries bring is as small as they make it
MINIFIERS: Mapping[str, Callable[[str], str]] = {".css": rcssmin.cssmin, ".js": rjsmin.jsmin}


class MinifiedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise's storage, which `collectstatic` fills, with our own files minified."""

    def _save(self, name: str, content: Any) -> str:
        path = PurePath(name)
        minify = MINIFIERS.get(path.suffix)
        if minify and path.parts[0] in OURS:
            content = ContentFile(minify(b"".join(content.chunks()).decode()).encode())
        saved: str = super()._save(name, content)
        return saved
