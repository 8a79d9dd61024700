"""`make icons`: the drawings in static/icons/ as pictures, for what shows no SVG.

Each picture carries a fingerprint of its drawing, by which a test tells one that is out of date.
"""

import hashlib
import shutil
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ICONS = Path(__file__).resolve().parent.parent / "static" / "icons"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
FINGERPRINT = b"Source\0"  # the name of the chunk of text that has it


@dataclass(frozen=True, slots=True)
class Picture:
    """`name`.png, `size` pixels wide and high, of the drawing `drawing`.svg."""

    name: str
    drawing: str
    size: int

    @property
    def path(self) -> Path:
        return ICONS / f"{self.name}.png"

    @property
    def svg(self) -> str:
        return (ICONS / f"{self.drawing}.svg").read_text()


PICTURES = (
    Picture("icon-192", "favicon", 192),
    Picture("icon-512", "favicon", 512),
    Picture("maskable-192", "maskable", 192),
    Picture("maskable-512", "maskable", 512),
    Picture("monochrome-96", "monochrome", 96),
    Picture("monochrome-512", "monochrome", 512),
    Picture("apple-touch-icon", "maskable", 180),
)


def fingerprint(svg: str) -> str:
    return hashlib.sha256(svg.encode()).hexdigest()


def size_and_fingerprint(png: bytes) -> tuple[tuple[int, int], str]:
    """The width and height of a picture, and the fingerprint of what it was made of, "" without one."""
    size, found = (0, 0), ""
    for kind, content in _chunks(png):
        if kind == b"IHDR":
            size = struct.unpack(">II", content[:8])
        elif kind == b"tEXt" and content.startswith(FINGERPRINT):
            found = content.removeprefix(FINGERPRINT).decode()
    return size, found


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        [length] = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _with_fingerprint(png: bytes, svg: str) -> bytes:
    """The same picture with a chunk of text behind its header."""
    chunk = b"tEXt" + FINGERPRINT + fingerprint(svg).encode()
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    behind_header = len(SIGNATURE) + 25
    return png[:behind_header] + framed + png[behind_header:]


def main() -> int:
    from playwright.sync_api import sync_playwright  # only to draw: the test that looks needs none

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("Chromium is not installed: run deploy/services.sh install chromium", file=sys.stderr)  # noqa: T201
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for picture in PICTURES:
            page.set_viewport_size({"width": picture.size, "height": picture.size})
            page.set_content(f"<style>* {{ margin: 0 }} svg {{ display: block }}</style>{picture.svg}")
            png = page.screenshot(omit_background=True)
            picture.path.write_bytes(_with_fingerprint(png, picture.svg))
            print(picture.path.name)  # noqa: T201
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
