"""`make pictures`: what the site looks like with the team of `demo` on it, as files in docs/pictures/.

After a change of the looks these are what to look at. Each scene is kept in the shapes that show most.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM_FLAGS
from tests.site import CHECKOUT, Site
from tests.visitor import PASSWORD, Visitor

ALBUM = CHECKOUT / "docs" / "pictures"
SIZES: dict[str, Any] = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 820, "height": 1180},
    "desktop": {"width": 1440, "height": 900},
}
COLOURS = 256  # enough for all but a photograph, at a third of the bytes
LONG_NAME = "everything-about-the-new-rental-flow-from-search-to-handover"
WORDS_OF_ONE = "One message is how it begins."
ODD = (
    "The log line, as it came:",
    "a1b2c3d4e5f6g7h8i9j0" * 200,
    "صباح الخير! هل النسخة الجديدة جاهزة للتجربة؟",
    "🎉",
    "https://fernway.invalid/reports/2026/11/" + "a-very-long-address-" * 6,
)
IN_ARABIC = (
    "صباح الخير جميعًا، رفعتُ الرسومات الجديدة لشاشة الحجز.",
    "شكرًا! الألوان أهدأ بكثير. هل نجرّب الزر في أسفل الشاشة؟",
    "نعم، سأجهّز نسختين لنقارن بينهما بعد الظهر. The file is booking-v3.fig",
    "👏",
)


class Album:
    """Scenes on a site where the demo's people talk; each leads `page` to what is to be seen."""

    def __init__(self, maya: Visitor, aiko: Visitor) -> None:
        self._empty = maya.create_channel("Brand new")
        self._one = maya.create_channel("First steps")
        maya.say(self._one, WORDS_OF_ONE)
        self._odd = maya.create_channel(LONG_NAME)
        self._arabic = maya.create_channel("مكتب التصميم")
        aiko.create_channel("مكتب التصميم")
        for text in ODD:
            maya.say(self._odd, text)
        for author, text in zip((maya, aiko, maya, aiko), IN_ARABIC, strict=True):
            author.say(self._arabic, text)

    # Before the log-in.

    def sign_up(self, page: Page) -> None:
        page.goto("/accounts/signup/")

    def log_in(self, page: Page) -> None:
        page.goto("/accounts/login/")

    # After it.

    def channel(self, page: Page) -> None:
        _open(page, "/channels/design/")

    def members(self, page: Page) -> None:
        _open(page, "/channels/design/")
        page.locator("a.channel__members").click()
        aside = page.get_by_role("complementary")
        expect(aside.get_by_role("listitem").first).to_be_visible()
        expect(aside.get_by_text("offline").first).to_be_visible()

    def empty(self, page: Page) -> None:
        _open(page, self._empty)

    def one_message(self, page: Page) -> None:
        _open(page, self._one)

    def odd_texts(self, page: Page) -> None:
        _open(page, self._odd)

    def arabic(self, page: Page) -> None:
        _open(page, self._arabic)

    def private(self, page: Page) -> None:
        _open(page, "/channels/public/")
        _enter(page, "hiring")

    def direct(self, page: Page) -> None:
        _open(page, "/channels/public/")
        _enter(page, "Aiko Tanaka")

    def browse(self, page: Page) -> None:
        page.goto("/channels/")

    def preferences(self, page: Page) -> None:
        page.goto("/accounts/preferences/")

    def switcher(self, page: Page) -> None:
        _open(page, "/channels/design/")
        page.keyboard.press("Control+k")
        page.keyboard.type("en")
        expect(page.get_by_role("option").first).to_have_accessible_name("engineering not joined")


# Which scenes are kept, in which size and scheme.
KEPT = """
channel: desktop light, desktop dark, tablet light, phone light, phone dark
members: desktop light, phone light
empty: desktop light, phone dark
one_message: tablet light, phone light
private: desktop dark, phone light
direct: desktop light, phone dark
odd_texts: desktop light, tablet dark, phone light
sign_up: desktop light, phone dark
log_in: desktop dark, phone light
browse: desktop light, tablet dark, phone light
preferences: desktop light, phone dark
switcher: desktop dark, phone light
arabic: desktop light, phone dark
"""
ALL = ", ".join(f"{size} {scheme}" for size in SIZES for scheme in ("light", "dark"))


def _open(page: Page, channel: str) -> None:
    """Go to a channel, and wait until its page is live."""
    page.goto(channel)
    expect(page.locator("#my-presence[data-state=online]")).to_be_attached()


def _enter(page: Page, name: str) -> None:
    """Go to a channel of the sidebar whose address nobody knows beforehand."""
    address = page.get_by_role("navigation", name="Channels", include_hidden=True).get_by_title(name)
    page.goto(address.get_attribute("href") or "")
    expect(page.locator("#my-presence[data-state=online]")).to_be_attached()


def _shots(kept: str) -> Iterator[tuple[str, str, str]]:
    """Scene, size and scheme of each picture."""
    for line in kept.strip().splitlines():
        scene, _colon, shapes = line.partition(": ")
        for shape in shapes.split(", "):
            size, scheme = shape.split()
            yield scene, size, scheme


@contextmanager
def demo() -> Iterator[tuple[str, Album]]:
    """The site with the demo on it: its address and its scenes."""
    with ExitStack() as stack:
        site = stack.enter_context(Site.embedded(SITE_NAME="Fernway", LOG_IN_RATE=""))
        site.manage("demo", "--password", PASSWORD)
        people = [stack.enter_context(Visitor(site.url, name)) for name in ("maya", "aiko")]
        for someone in people:
            someone.log_in()
        yield site.url, Album(*people)


def _logged_in(browser: Browser, url: str) -> Any:
    """What a browser keeps of somebody who has logged in."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill("maya")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("log")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


def _take(browser: Browser, url: str, go: Callable[[Page], None], **look: Any) -> bytes:
    """A picture of what `go` leads to, in a browser of its own."""
    context = browser.new_context(
        base_url=url, reduced_motion="reduce", service_workers="block", timezone_id="UTC", **look
    )
    page = context.new_page()
    go(page)
    picture = page.screenshot(caret="hide")
    context.close()
    return picture


def _packed(png: bytes) -> bytes:
    """The same picture in few bytes."""
    written = BytesIO()
    picture = Image.open(BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def main(arguments: list[str]) -> int:
    """Arguments: none; or a folder, which then gets every scene in every size and scheme."""
    folder = Path(arguments[0]) if arguments else ALBUM
    scenes = [line.partition(":")[0] for line in KEPT.strip().splitlines()]
    kept = "\n".join(f"{scene}: {ALL}" for scene in scenes) if arguments else KEPT
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    expect.set_options(timeout=15_000)
    with demo() as (url, album), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        state = _logged_in(browser, url)
        for scene, size, scheme in _shots(kept):
            path = folder / f"{scene.replace('_', '-')}-{size}-{scheme}.png"
            png = _take(
                browser,
                url,
                getattr(album, scene),
                storage_state=None if scene in ("sign_up", "log_in") else state,
                viewport=SIZES[size],
                color_scheme=scheme,
                locale="ar" if scene == "arabic" else "en-GB",
            )
            path.write_bytes(_packed(png))
            print(f"{path.name}: {path.stat().st_size // 1000} KB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
