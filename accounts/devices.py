"""What browser on what system a request comes from, short enough for a list: "Firefox on Linux"."""

from dataclasses import dataclass

import ua_parser
from django.utils.translation import gettext as _

NAMES = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS", "HeadlessChrome": "Chrome"}
FOR_PHONES = (
    "Mobile ",
    " Mobile",
    " WebView",
    " iOS",
    " UI/WKWebView",
)  # of a browser's name; the system says it


@dataclass(frozen=True, slots=True)
class Device:
    """A browser and its system, each "" when it is not known."""

    browser: str
    system: str

    @property
    def is_handheld(self) -> bool:
        return self.system in ("Android", "iOS")

    @property
    def name(self) -> str:
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self.system or _("Unknown browser")


def device_of(user_agent: str) -> Device:
    """What the header `User-Agent` says; anybody may send any."""
    seen = ua_parser.parse(user_agent)
    browser = seen.user_agent.family if seen.user_agent else ""
    for part in FOR_PHONES:
        browser = browser.replace(part, "")
    system = seen.os.family if seen.os else ""
    return Device(NAMES.get(browser, browser), NAMES.get(system, system))
