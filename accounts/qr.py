"""A link as a picture that a telephone's camera reads."""

from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode


def qr_code(link: str) -> SafeString:
    """An `<svg>` to stand in a page; it has no style of its own, which the policy of pages forbids."""
    code = QRCode(image_factory=SvgPathImage, border=4)  # the quiet zone that cameras need
    code.add_data(link)
    drawn: str = code.make_image().to_string(encoding="unicode")
    return mark_safe(drawn)  # noqa: S308  # nosec B308 B703  # squares, with nothing of the link in words
