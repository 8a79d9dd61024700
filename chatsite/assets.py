"""Style sheets and scripts as browsers get them: joined, without comments, hashed and compressed."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import PurePath
from typing import Any

import rcssmin
import rjsmin
from django.contrib.staticfiles.finders import FileSystemFinder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from chatsite.joining import SHEET, files_asked_for, inline_sheets, join_modules

OURS = ("css", "js")  # the folders of static/; what libraries bring is as small as they make it
MINIFIERS: Mapping[str, Callable[[str], str]] = {".css": rcssmin.cssmin, ".js": rjsmin.jsmin}
ENTRY = "page"  # the module that every page runs

Files = Mapping[str, tuple[Storage, str]]


class JoinedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise's storage, which `collectstatic` fills, with our own files joined and minified."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        joined = InMemoryStorage()
        for name, text in joined_files(paths).items():
            joined.save(name, ContentFile(text.encode()))
            paths[name] = (joined, name)
        yield from super().post_process(paths, dry_run, **options)

    def _save(self, name: str, content: Any) -> str:
        path = PurePath(name)
        minify = MINIFIERS.get(path.suffix)
        if minify and path.parts[0] in OURS:
            content = ContentFile(minify(b"".join(content.chunks()).decode()).encode())
        saved: str = super()._save(name, content)
        return saved


def joined_files(files: Files) -> dict[str, str]:
    """The text of each of our files that has others joined into it."""
    sheets = _texts(files, "css")
    sources = {PurePath(name).stem: text for name, text in _texts(files, "js").items()}
    joined = {f"js/{name}.js": text for name, text in join_modules(sources, entry=ENTRY).items()}
    for name, text in sheets.items():
        joined[name] = inline_sheets(text, lambda other: sheets[f"css/{other}"])
    return joined


@cache
def import_map() -> str:
    """Where a browser finds the modules by their names, as JSON."""
    names = sorted(
        PurePath(path).stem for path, _storage in FileSystemFinder().list([]) if _is_ours(path, "js")
    )
    addresses = {f"chat/{name}": staticfiles_storage.url(f"js/{name}.js") for name in names}
    return json.dumps({"imports": addresses})


@cache
def parts() -> frozenset[str]:
    """Those of our files that no page asks for, as others have them in them."""
    files = {path: (storage, path) for path, storage in FileSystemFinder().list([])}
    sheets, modules = _texts(files, "css"), _texts(files, "js")
    asked_for = files_asked_for({PurePath(name).stem: text for name, text in modules.items()}, entry=ENTRY)
    joined = {name for name in modules if PurePath(name).stem not in asked_for}
    return frozenset(joined | {f"css/{name}" for text in sheets.values() for name in SHEET.findall(text)})


def _texts(files: Files, folder: str) -> dict[str, str]:
    found = {}
    for name, (storage, path) in files.items():
        if _is_ours(name, folder):
            with storage.open(path) as file:
                found[name] = file.read().decode()
    return found


def _is_ours(name: str, folder: str) -> bool:
    return PurePath(name).parent == PurePath(folder) and PurePath(name).suffix == f".{folder}"
