"""Pictures of people: of whatever was uploaded nothing stays but two small squares of pixels."""

import logging
import math
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import IO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from chatsite.errors import Invalid

SIDES = (96, 192)  # pixels
MOST_BYTES = 5 << 20
MOST_PIXELS = 30_000_000  # decoded, four bytes each
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
STORED_BYTES = 20_000  # at most, for each square
SMALLEST_SHARE = 0.05

logger = logging.getLogger(__name__)

_QUALITIES = (85, 70, 50, 30, 10)
Image.MAX_IMAGE_PIXELS = None  # the library's own limit, which is higher and at first only a warning
_one_at_a_time = Lock()  # in this process: each may take 100 MB


@dataclass(frozen=True, slots=True)
class Cut:
    """The square of a picture that is shown.

    Arguments:
        x, y: where it lies: 0 at the left or the top edge, 1 at the other one.
        side: as a share of the picture's shorter side.
    """

    x: float = 0.5
    y: float = 0.5
    side: float = 1.0


def squares_of(file: IO[bytes], cut: Cut) -> dict[int, bytes]:
    """The part `cut` of the picture in `file` as WebP, by the side in pixels.

    It is decoded and encoded anew, the first frame alone and turned as the camera was held, so that
    nothing else that was in the file is served to anybody.

    Raises:
        Invalid: it is no picture, or has more pixels than are decoded.
    """
    with _one_at_a_time:
        try:
            with Image.open(file, formats=FORMATS) as picture:  # reads no more than its head
                _refuse_bomb(*picture.size)  # before any of it is decoded
                square = _square(picture, cut)
        except Invalid:
            raise
        except Exception as error:  # what decoders raise on damaged files has no common base
            logger.info("picture refused", extra={"reason": repr(error)})
            raise _no_picture() from error
        return {side: _encoded(square.resize((side, side), Image.Resampling.LANCZOS)) for side in SIDES}


def _square(picture: Image.Image, cut: Cut) -> Image.Image:
    side = min(1.0, max(SMALLEST_SHARE, cut.side))
    enough = math.ceil(max(SIDES) / side)
    picture.draft("RGB", (enough, enough))  # a JPEG is decoded smaller at once
    turned = ImageOps.exif_transpose(picture)
    width, height = turned.size
    pixels = max(1, round(min(width, height) * side))
    left, top = (
        round(min(1.0, max(0.0, share)) * (whole - pixels))
        for share, whole in ((cut.x, width), (cut.y, height))
    )
    part = turned.crop((left, top, left + pixels, top + pixels))
    return part.convert("RGBA" if part.has_transparency_data else "RGB")


def _encoded(square: Image.Image) -> bytes:
    square.info = {}  # profile and metadata would be written out again
    for quality in _QUALITIES:
        written = BytesIO()
        square.save(written, "WEBP", quality=quality, method=5)
        if written.tell() <= STORED_BYTES:
            break
    return written.getvalue()


def _refuse_bomb(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> Invalid:
    return Invalid(
        _("That picture has too many pixels. Up to %(most)s million work; save a smaller copy of it.")
        % {"most": MOST_PIXELS // 1_000_000},
        code="picture_too_many_pixels",
        field="picture",
    )


def _no_picture() -> Invalid:
    return Invalid(
        _("That file is no picture that can be read here. JPEG, PNG, WebP and GIF work."),
        code="picture_unreadable",
        field="picture",
    )
