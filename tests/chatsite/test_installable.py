"""The site as an application to install: manifest, icons, service worker, and what a browser may keep."""

from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from deploy.icons import PICTURES, Picture, fingerprint, size_and_fingerprint
from tests.cast import PASSWORD, Cast, signed_in


def test_the_manifest_carries_the_sites_name_and_icons_that_are_there(
    database: None, client: Client, settings: Any
) -> None:
    settings.SITE_NAME = "The Orchard"

    answer = client.get("/manifest.webmanifest")

    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["name"] == "The Orchard"
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable", "monochrome"}
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        assert found is not None, icon
        with open(found, "rb") as file:
            (width, height), _source = size_and_fingerprint(file.read())
        assert icon["sizes"] == f"{width}x{height}"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_of_its_drawing_as_that_is_now(picture: Picture) -> None:
    size, source = size_and_fingerprint(picture.path.read_bytes())

    assert size == (picture.size, picture.size)
    assert source == fingerprint(picture.svg), "the drawing has changed: run make icons"


def test_the_worker_is_a_script_for_everybody_that_is_asked_for_anew(database: None, client: Client) -> None:
    answer = client.get("/service-worker.js")

    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "js/service_worker.js" in answer.content.decode()


def test_another_offline_page_is_another_release(database: None, client: Client, settings: Any) -> None:
    before = client.get("/service-worker.js").content

    settings.SITE_NAME = "The Orchard"

    assert client.get("/service-worker.js").content != before
    assert "The Orchard" in client.get("/offline/").content.decode()


def test_a_page_says_for_whom_it_is(cast: Cast, client: Client) -> None:
    bob = signed_in(cast.bob)

    assert bob.get("/channels/")["X-Page-For"] == str(cast.bob.pk)
    for other in (bob.get("/channels/nowhere/"), bob.get("/"), client.get("/accounts/login/")):
        assert not other.has_header("X-Page-For")


def test_the_page_of_a_channel_alone_may_be_kept(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    assert bob.get("/channels/design/").has_header("X-Page-Kept")
    for address in (
        "/channels/",
        "/channels/design/?before=5",
        "/channels/design/members/",
        "/accounts/preferences/",
    ):
        assert not bob.get(address).has_header("X-Page-Kept"), address


def test_the_worker_takes_no_toast_away(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    bob.post("/channels/design/clear/")

    assert (
        "History cleared for you."
        not in bob.get("/channels/design/", headers={"HX-Preloaded": "true"}).content.decode()
    )
    assert "History cleared for you." in bob.get("/channels/design/").content.decode()


def test_a_log_out_has_the_browser_forget_the_sites_answers(cast: Cast) -> None:
    for path in ("/accounts/logout/", "/admin/logout/"):
        browser = Client()
        assert browser.login(username="alice", password=PASSWORD)
        assert not browser.get("/accounts/logout/", secure=True).has_header("Clear-Site-Data")
        # Not its storage, where what others wrote waits for them.
        assert browser.post(path, secure=True)["Clear-Site-Data"] == '"cache"'
    assert not signed_in(cast.bob).post("/accounts/logout/").has_header("Clear-Site-Data")
