"""The files that browsers get: what is joined into them, and what they name in their headers."""

import re
from pathlib import Path

import pytest
from django.test import Client

from chatsite.joining import CannotJoin, inline_sheets, join_modules
from tests.cast import Cast
from tests.site import CHECKOUT

SOURCES = {file.stem: file.read_text() for file in (CHECKOUT / "static" / "js").glob("*.js")}


def test_a_file_has_what_its_entry_needs_and_what_is_asked_for_later_has_the_rest() -> None:
    joined = join_modules(
        {
            "page": 'import { b as c } from "chat/base";\nimport("chat/later");\nc();\n',
            "base": "export const b = () => 1;\n",
            "later": 'import { b } from "chat/base";\nimport { d } from "chat/own";\n\n'
            "export function start() {}\n",
            "own": "export class d {}\n",
        },
        entry="page",
    )
    assert joined["base"] == 'import { $base } from "chat/page";\nexport const { b } = $base;\n'
    assert joined["own"] == 'import { $own } from "chat/later";\nexport const { d } = $own;\n'
    assert joined["page"].index("const $base = (") < joined["page"].index("const { b: c } = $base;")
    assert joined["later"].startswith('import { $base } from "chat/page";')
    assert "class d {}" in joined["later"]
    assert "export const { start } = $later;" in joined["later"]


def test_what_two_files_need_is_one_of_its_own() -> None:
    joined = join_modules(
        {
            "page": 'import("chat/one");\nimport("chat/two");\n',
            "one": 'import { shared } from "chat/shared";\n',
            "two": 'import { shared } from "chat/shared";\n',
            "shared": "export const shared = 1;\n",
        },
        entry="page",
    )
    assert set(joined) == {"page", "one", "two", "shared"}
    assert 'import { $shared } from "chat/shared";' in joined["one"]


@pytest.mark.parametrize(
    "text",
    [
        'import * as all from "chat/base";\n',
        'import base from "chat/base";\n',
        "export default 1;\n",
        "export let changes = 1;\n",
        'import { gone } from "chat/gone";\n',
        'import { me } from "chat/page";\n',
    ],
)
def test_what_can_not_be_joined_is_refused(text: str) -> None:
    with pytest.raises(CannotJoin):
        join_modules({"page": text, "base": ""}, entry="page")


def test_all_modules_are_in_one_file_each() -> None:
    joined = join_modules(SOURCES, entry="page")
    homes = [
        name for text in joined.values() for name in re.findall(r"^const \$(\w+) = \(\(\) =>", text, re.M)
    ]
    assert sorted(homes) == sorted(SOURCES.keys() - {"service_worker"})  # a program of its own


def test_a_sheet_has_what_it_imports_in_its_place() -> None:
    sheets = {"a.css": "a {}\n", "b.css": '@import "a.css";\nb {}\n'}
    assert inline_sheets('@import "b.css";\nc {}\n', sheets.__getitem__) == "a {}\nb {}\nc {}\n"
    with pytest.raises(CannotJoin):
        inline_sheets('@import "a.css" screen;\n', sheets.__getitem__)


def test_every_component_is_in_a_sheet() -> None:
    folder = CHECKOUT / "static" / "css"
    pages = {"frame_pages.css", "door_pages.css", "styleguide.css", "admin.css"}
    named = set(re.findall(r'@import "(.+)"', "".join((folder / name).read_text() for name in pages)))
    assert {file.name for file in Path(folder).glob("*.css")} == named | pages


def test_a_page_names_what_it_is_drawn_with_in_its_header(cast: Cast, client: Client) -> None:
    door = client.get("/accounts/login/").headers["Link"]
    assert "/static/css/door_pages.css>; rel=preload; as=style" in door
    client.force_login(cast.bob)
    page = client.get("/channels/public/")
    assert "/static/css/frame_pages.css>; rel=preload; as=style" in page.headers["Link"]
    assert "/static/js/page.js>; rel=preload; as=script; crossorigin" in page.headers["Link"]
    imports = re.search(r'<script type="importmap"[^>]*>(.+?)</script>', page.content.decode())
    assert imports
    assert '"chat/timeline": "/static/js/timeline.js"' in imports[1]
    assert "Link" not in client.get("/channels/nowhere/").headers
