"""axe-core finds nothing on any page or in any dialog, light and dark, in two directions of writing."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import MakePerson
from tests.browser.tour import Tour
from tests.site import Site
from tests.visitor import Visitor

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
SCHEMES: tuple[Any, ...] = ("light", "dark")
# What changes its colour is looked at when it has; one that a parent's change starts begins a frame later.
RUN = """async () => {
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    do await drawn(); while (document.getAnimations().some(({ playState }) => playState === "running"));
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html, any, all, none }) =>
        [html.slice(0, 200), ...[...any, ...all, ...none].map(({ message }) => message)])]);
}"""


@pytest.mark.parametrize("language", ["en", pytest.param("ar", marks=pytest.mark.long)])
def test_axe_finds_nothing_anywhere(
    site: Site,
    person: MakePerson,
    visitor: Callable[[str], Visitor],
    unique: Callable[[str], str],
    language: str,
) -> None:
    guide = person("guide", locale=language)
    tour = Tour(site, guide, visitor("resident"), language=language, slug=unique("tour"))

    found = [
        f"{stop}, {scheme}: {finding}"
        for stop in tour.stops()
        for scheme in SCHEMES
        for finding in findings(guide.page, scheme)
    ]

    assert found == [], "\n".join(found)


def findings(page: Page, scheme: Any) -> list[Any]:
    """What axe-core has against the page in a colour scheme: rule, elements and reasons."""
    page.emulate_media(color_scheme=scheme)
    # Not as a script of the page, which its policy would refuse.
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    found: list[Any] = page.evaluate(RUN)
    return found
