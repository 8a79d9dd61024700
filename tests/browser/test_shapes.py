"""Every page and dialog on the narrowest screen, at twice the size, and in forced colours."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import MakePerson
from tests.browser.person import Person
from tests.browser.tour import Tour
from tests.site import Site
from tests.visitor import Visitor

SIZES: dict[str, Any] = {
    "320 px": {"width": 320, "height": 640},
    "200 %": {"width": 720, "height": 450},  # of 1440 x 900
}
CONTEXT: dict[str, Any] = {"viewport": SIZES["320 px"], "device_scale_factor": 2}

DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# What can't be read or reached as a whole, and what scrolls sideways. A text may end in an ellipsis.
CUT_OFF = """() => {
    const faults = [];
    const hides = (overflow) => overflow === "hidden" || overflow === "clip";
    const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";
    const named = (element) => element.cloneNode().outerHTML.slice(0, 120);
    const isShown = (element) => {
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
        const isClipped = (at) =>
            at && (getComputedStyle(at).clipPath !== "none" || isClipped(at.parentElement));
        return !isClipped(element);
    };
    const isText = (element) =>
        [...element.childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
    const whatCuts = (element) => {
        let { left, right, top, bottom } = element.getBoundingClientRect();
        for (let at = element; at; at = at.parentElement) {
            const { overflowX, overflowY, textOverflow, position } = getComputedStyle(at);
            const area = at.getBoundingClientRect();
            if (at !== element && at !== document.documentElement && at !== document.body) {
                if (textOverflow === "ellipsis" && hides(overflowX)) return null;
                if (overflowX !== "visible" && (left < area.left - 1 || right > area.right + 1)) return at;
                if (hides(overflowY) && (top < area.top - 1 || bottom > area.bottom + 1)) return at;
                if (scrolls(overflowY)) ({ left, right, top, bottom } = area);
            }
            if (position === "fixed") {
                const isWide = left < -1 || right > innerWidth + 1;
                return isWide || top < -1 || bottom > innerHeight + 1 ? document.documentElement : null;
            }
        }
        return left < -1 || right > innerWidth + 1 ? document.documentElement : null;
    };
    for (const element of document.body.querySelectorAll("*")) {
        if (!isShown(element)) continue;
        const { overflowX, textOverflow } = getComputedStyle(element);
        const isField = element.matches("input, textarea, select");
        const isTooWide = !isField && element.scrollWidth > element.clientWidth + 1;
        if (isTooWide && scrolls(overflowX)) faults.push(`scrolls sideways: ${named(element)}`);
        if (!isText(element) && !element.matches("a, button, input, textarea, select, canvas")) continue;
        if (isTooWide && hides(overflowX) && textOverflow !== "ellipsis") {
            faults.push(`is cut off: ${named(element)}`);
        }
        const cutter = whatCuts(element);
        if (cutter) faults.push(`is cut off by ${named(cutter)}: ${named(element)}`);
    }
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} wide, the window ${clientWidth}`);
    return faults;
}"""
# In forced colours no ground is ours, so that an edge must say where a control ends and what floats.
EDGELESS = """() => {
    const hasEdge = (element) => {
        const { borderWidth, outlineStyle, outlineWidth } = getComputedStyle(element);
        return !/^(0px ?)+$/.test(borderWidth) || (outlineStyle !== "none" && outlineWidth !== "0px");
    };
    const drawnByTheSystem = "[type=hidden], [type=checkbox], [type=radio], [type=range]";
    const fields = `.button, input:not(${drawnByTheSystem}), textarea, select`;
    const floating = "dialog:modal, [popover]:popover-open, .toast, .message__tools, .newer";
    const isBare = (element) => !hasEdge(element) && !hasEdge(element.parentElement);
    return [
        ...[...document.querySelectorAll(fields)].filter(isBare),
        ...[...document.querySelectorAll(floating)].filter((element) => !hasEdge(element)),
    ]
        .filter((element) => element.checkVisibility())
        .map((element) => element.cloneNode().outerHTML.slice(0, 120));
}"""


# The longest words, and the other direction.
@pytest.mark.parametrize("language", [pytest.param("de", marks=pytest.mark.long), "ar"])
def test_nothing_is_cut_off_and_nothing_scrolls_sideways(
    site: Site,
    person: MakePerson,
    visitor: Callable[[str], Visitor],
    unique: Callable[[str], str],
    language: str,
) -> None:
    guide = person("guide", locale=language, **CONTEXT)
    tour = Tour(site, guide, visitor("resident"), language=language, slug=unique("tour"))

    found = [f"{stop}, {fault}" for stop in tour.stops() for fault in faults(guide)]

    assert found == [], "\n".join(found)


def faults(someone: Person) -> list[str]:
    """What is wrong with the page in each size, and in forced colours."""
    page = someone.page
    found: list[str] = []
    before: Any = page.viewport_size
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        page.evaluate(DRAWN)
        found += [f"{name}: {fault}" for fault in page.evaluate(CUT_OFF)]
    page.emulate_media(forced_colors="active")
    found += [f"forced colours: no edge: {element}" for element in page.evaluate(EDGELESS)]
    page.emulate_media(forced_colors="none")
    page.set_viewport_size(before)
    page.evaluate(DRAWN)
    return found
