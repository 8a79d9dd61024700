"""How long a switch of channel takes on the embedded default: `python -m tests.bench.switching`.

From the click until the other channel is painted, in Chromium, with 1,000 messages in each of two channels:
by a click out of nowhere, for which the page is asked then, and by that of a mouse that points at the link a
moment before, as a hand does.
"""

import shutil
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests.bench.figures import percentile, print_machine
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.person import Person
from tests.site import PYTHON, Site

MESSAGES = 1_000
SLUGS = ("switch-one", "switch-two")
SWITCHES = 40
WARM_UP = 6
POINTS_MS = 120

# The frame after the one that has the new channel is drawn when that one was painted.
SWITCHED = """(slug) => new Promise((done) => {
  addEventListener("click", ({ timeStamp }) => {
    const look = () => document.getElementById("timeline")?.dataset.slug === slug
      ? requestAnimationFrame(() => done(performance.now() - timeStamp))
      : requestAnimationFrame(look);
    look();
  }, { once: true, capture: true });
})"""


def main() -> None:
    print_machine()
    with Site.embedded(DJANGO_SETTINGS_MODULE="chatsite.settings") as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        reader = Person(browser.new_context(base_url=site.url, locale="en-GB"), "reader").sign_up()
        for slug in SLUGS:
            reader.create_channel(slug)
            site.run(PYTHON, "-m", "tests.bench.fill", slug, str(MESSAGES))
        for name, points_ms in (("out of nowhere", 0), (f"pointed at {POINTS_MS} ms before", POINTS_MS)):
            times = [switch_ms(reader.page, turn, points_ms) for turn in range(SWITCHES + WARM_UP)][WARM_UP:]
            print(
                f"  {name}: {median(times):.0f} ms (p95 {percentile(times, 95):.0f}, "
                f"fastest {min(times):.0f}, slowest {max(times):.0f})",
                flush=True,
            )
        browser.close()


def switch_ms(page: Page, turn: int, points_ms: int) -> float:
    """Go to the other channel; how many milliseconds that takes."""
    slug = SLUGS[turn % 2]
    link = page.locator(f".place[data-channel={slug}]")
    if points_ms:
        link.hover()
        page.wait_for_timeout(points_ms)
    page.evaluate(f"(slug) => {{ globalThis.switched = ({SWITCHED})(slug); }}", slug)
    if points_ms:
        page.mouse.down()
        page.mouse.up()
    else:
        link.evaluate("(link) => link.click()")
    took: float = page.evaluate("() => globalThis.switched")
    page.mouse.move(700, 400)
    page.wait_for_timeout(300)  # a person reads; what the page begins with has ended
    return took


if __name__ == "__main__":
    main()
