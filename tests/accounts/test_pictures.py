"""The picture that somebody is shown by: uploaded, cut, served, taken away."""

from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.actions import deactivate_user, remove_avatar, set_avatar
from accounts.models import Act, AuditEntry, Avatar, User
from accounts.pictures import MOST_BYTES, STORED_BYTES
from chatsite.errors import NotAllowed
from tests.cast import Cast, UserFactory, say, signed_in
from tests.pictures import (
    BLUE,
    GREEN,
    ORIENTATION,
    RED,
    TURNED_TO_THE_LEFT,
    as_upload,
    claims_size,
    file_of,
    striped,
)
from tests.threads import run_together

PAGE = "/accounts/preferences/"
UPLOAD = "/accounts/preferences/picture/"
SQUARE = file_of(striped(300, 300))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def upload(browser: Client, content: bytes, **fields: Any) -> Any:
    return browser.post(UPLOAD, {"picture": as_upload(content), **fields}, follow=True)


def shown(browser: Client, address: str) -> Image.Image:
    return Image.open(BytesIO(browser.get(address).content))


def colour(picture: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    """The one of the three stripes that is there."""
    at = (round(x * (picture.width - 1)), round(y * (picture.height - 1)))
    pixel = picture.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)

    def distance(stripe: tuple[int, int, int]) -> int:
        return sum(abs(a - b) for a, b in zip(stripe, pixel, strict=True))

    return min((RED, GREEN, BLUE), key=distance)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_shown_in_both_sizes_to_who_is_logged_in(cast: Cast, kind: str) -> None:
    bob = signed_in(cast.bob)

    answer = upload(bob, file_of(striped(300, 300), kind))

    assert answer.redirect_chain == [(f"{PAGE}?saved=picture", 302)]
    assert [toast.text for toast in answer.context["toasts"]] == ["Your picture is saved."]
    cast.bob.refresh_from_db()
    for address, side in ((cast.bob.avatar_url, 96), (cast.bob.large_avatar_url, 192)):
        response = signed_in(cast.carol).get(address)
        assert response["Content-Type"] == "image/webp"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "Cookie" not in response.get("Vary", "")  # it is kept whatever becomes of those
        picture = Image.open(BytesIO(response.content))
        assert (picture.format, picture.size) == ("WEBP", (side, side))
        assert [colour(picture, x, 0.5) for x in (0.1, 0.5, 0.9)] == [RED, GREEN, BLUE]
        assert Client().get(address)["Location"].startswith("/accounts/login/")


def test_it_is_wherever_its_bearer_is_and_costs_no_question_per_message(cast: Cast) -> None:
    def queries_of(browser: Client, address: str) -> tuple[str, int]:
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            page = browser.get(address).content.decode()
        return page, len(captured)

    carol = signed_in(cast.carol)
    addresses = ("/channels/design/", "/channels/design/members/", "/channels/design/changes/?after=0")
    for number in range(3):
        say(cast.bob, cast.design, f"hello {number}")
    before = [queries_of(carol, address) for address in addresses]
    upload(signed_in(cast.bob), SQUARE)
    cast.bob.refresh_from_db()

    after = [queries_of(carol, address) for address in addresses]

    for (old, questions), (new, questions_now) in zip(before, after, strict=True):
        assert "/avatars/" not in old
        assert cast.bob.avatar_url in new
        assert questions_now == questions
    own = signed_in(cast.bob).get("/channels/public/").content.decode()
    assert own.count(cast.bob.avatar_url) == 2  # the sidebar, and what is on its way


@pytest.mark.parametrize(
    ("fields", "stripe"),
    [
        ({}, GREEN),
        ({"x": "0", "y": "0", "side": "1"}, RED),
        ({"x": "1", "y": "0", "side": "1"}, BLUE),
        ({"x": "0", "y": "0.5", "side": "0.2"}, RED),
        ({"x": "-9", "y": "1e9", "side": "7"}, RED),
        ({"x": "0", "y": "0", "side": "0"}, RED),
        ({"x": "1"}, GREEN),
    ],
)
def test_the_square_that_was_chosen_is_shown_else_the_middle(
    cast: Cast, fields: dict[str, str], stripe: tuple[int, int, int]
) -> None:
    bob = signed_in(cast.bob)

    upload(bob, file_of(striped(900, 300)), **fields)

    cast.bob.refresh_from_db()
    assert {colour(shown(bob, cast.bob.large_avatar_url), x, 0.5) for x in (0.1, 0.5, 0.9)} == {stripe}


@pytest.mark.parametrize("field", ["nan", "inf", "east"])
def test_a_square_that_is_no_number_is_refused(cast: Cast, field: str) -> None:
    answer = upload(signed_in(cast.bob), SQUARE, x=field, y="0", side="1")

    assert answer.status_code == 422
    assert not Avatar.objects.exists()


def test_a_photo_is_turned_as_the_camera_was_held_and_loses_what_else_it_says(cast: Cast) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED_TO_THE_LEFT
    exif[0x010E] = "taken at home, 52.5 north"
    bob = signed_in(cast.bob)

    more = {"exif": exif, "comment": b"secret", "icc_profile": b"profile" * 9}
    upload(bob, file_of(striped(2000, 2000), "JPEG", **more))

    cast.bob.refresh_from_db()
    response = bob.get(cast.bob.large_avatar_url)
    picture = Image.open(BytesIO(response.content))
    assert [colour(picture, 0.5, y) for y in (0.1, 0.5, 0.9)] == [RED, GREEN, BLUE]
    assert dict(picture.getexif()) == {}
    for word in (b"EXIF", b"ICCP", b"home", b"secret", b"profile"):
        assert word not in response.content


def test_of_what_moves_the_first_frame_is_shown(cast: Cast) -> None:
    frames = [Image.new("RGB", (120, 120), stripe) for stripe in (RED, GREEN, BLUE)]
    for kind in ("GIF", "WEBP"):
        bob = signed_in(cast.bob)

        upload(bob, file_of(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))

        cast.bob.refresh_from_db()
        picture = shown(bob, cast.bob.avatar_url)
        assert colour(picture, 0.5, 0.5) == RED
        assert not getattr(picture, "is_animated", False)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_works_and_what_is_stored_is_small(cast: Cast, mode: str) -> None:
    noise = Image.effect_noise((700, 500), 200)
    kind = "JPEG" if mode == "CMYK" else "PNG"

    upload(signed_in(cast.bob), file_of(noise.convert(mode), kind))

    stored = Avatar.objects.get(user=cast.bob)
    assert 0 < len(stored.small) < len(stored.large) <= STORED_BYTES


def test_what_is_see_through_stays_so(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    upload(bob, file_of(Image.new("RGBA", (200, 200), (0, 0, 0, 0))))

    cast.bob.refresh_from_db()
    assert shown(bob, cast.bob.avatar_url).getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG, "no picture"),
        (HTML, "no picture"),
        (b"\x89PNG\r\n\x1a\n" + HTML, "no picture"),
        (b"GIF89a" + HTML, "no picture"),
        (SQUARE[:200], "no picture"),
        (file_of(striped(300, 300), "BMP"), "no picture"),
        (file_of(striped(300, 300), "TIFF"), "no picture"),
        (claims_size(10_000, 10_000), "too many pixels"),
        (claims_size(60_000, 60_000), "too many pixels"),
        (SQUARE + bytes(MOST_BYTES), "too large"),
        (b"", "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_or_too_much_of_one_is_refused_beside_the_field(
    cast: Cast, caplog: pytest.LogCaptureFixture, content: bytes, words: str
) -> None:
    caplog.set_level("INFO", logger="accounts.pictures")
    bob = signed_in(cast.bob)
    upload(bob, SQUARE)

    answer = upload(bob, content)

    assert answer.status_code == 422
    [error] = answer.context["sections"]["picture"].errors["picture"]
    assert words in error
    reasons = [vars(record)["reason"] for record in caplog.records if record.name == "accounts.pictures"]
    assert [bool(reason) for reason in reasons] == ([True] if words == "no picture" else [])
    cast.bob.refresh_from_db()
    assert bob.get(cast.bob.avatar_url).status_code == 200  # the one that was there


def test_what_a_file_calls_itself_does_not_count(cast: Cast) -> None:
    disguised = as_upload(SQUARE, "../../page.html", "text/html")
    bob = signed_in(cast.bob)

    bob.post(UPLOAD, {"picture": disguised})

    cast.bob.refresh_from_db()
    assert bob.get(cast.bob.avatar_url)["Content-Type"] == "image/webp"


def test_a_new_picture_has_a_new_address_and_the_old_one_leads_there(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    upload(bob, SQUARE)
    cast.bob.refresh_from_db()
    old = cast.bob.avatar_url

    upload(bob, file_of(Image.new("RGB", (50, 50), BLUE)))

    cast.bob.refresh_from_db()
    response = bob.get(old)
    assert (response.status_code, response["Location"]) == (302, cast.bob.avatar_url)
    assert "no-store" in response["Cache-Control"]
    assert bob.get(old.replace("/96.", "/97.")).status_code == 404
    assert bob.get(old.replace(f"/{cast.bob.pk}/", f"/{cast.carol.pk}/")).status_code == 404


def test_a_picture_that_is_removed_is_gone_for_everybody(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    upload(bob, SQUARE)
    cast.bob.refresh_from_db()
    address = cast.bob.avatar_url
    assert 'form="remove-picture"' in bob.get(PAGE).content.decode()

    for _time in range(2):
        answer = bob.post(f"{UPLOAD}remove/", {"author": "bob"}, follow=True)

    assert [toast.text for toast in answer.context["toasts"]] == ["Your picture is removed."]
    assert 'form="remove-picture"' not in answer.content.decode()
    assert "/avatars/" not in answer.content.decode()
    assert signed_in(cast.carol).get(address).status_code == 404
    assert not Avatar.objects.exists()


def test_a_picture_is_ones_own(cast: Cast) -> None:
    json = {"Accept": "application/json"}
    fields = {"picture": as_upload(SQUARE)}
    assert Client().post(UPLOAD, fields, headers=json).status_code == 401
    assert signed_in(cast.bob, checks_csrf=True).post(UPLOAD, fields, headers=json).status_code == 403
    assert signed_in(cast.bob).post(UPLOAD, {**fields, "author": "carol"}, headers=json).status_code == 409
    assert signed_in(cast.bob).get(UPLOAD).status_code == 405
    upload(signed_in(cast.carol), SQUARE)
    with pytest.raises(NotAllowed):
        remove_avatar(cast.bob, cast.carol)
    gone = deactivate_user(cast.alice, cast.bob)
    with pytest.raises(NotAllowed):
        set_avatar(gone, picture=as_upload(SQUARE), x=None, y=None, side=None)
    assert list(Avatar.objects.values_list("user", flat=True)) == [cast.carol.pk]
    remove_avatar(cast.alice, cast.carol)
    assert not Avatar.objects.exists()


def test_an_admin_takes_a_picture_away_but_not_another_admins(cast: Cast) -> None:
    helper = UserFactory.create(username="helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    for person in (cast.bob, cast.alice):
        upload(signed_in(person), SQUARE)

    def remove(person: User) -> None:
        fields = {"action": "remove_pictures", "_selected_action": str(person.pk)}
        assert signed_in(helper).post("/admin/accounts/user/", fields).status_code == 302

    remove(cast.alice)
    assert Avatar.objects.count() == 2
    for _time in range(2):
        remove(cast.bob)
    assert list(Avatar.objects.values_list("user", flat=True)) == [cast.alice.pk]
    entry = AuditEntry.objects.get(actor=helper, act=Act.ACCOUNT_EDITED)
    assert (entry.person, entry.before, entry.after) == (cast.bob, {"picture": True}, {"picture": False})


@pytest.mark.django_db(transaction=True)
def test_of_two_saved_at_once_one_is_shown_whole(cast: Cast) -> None:
    pictures = [file_of(Image.new("RGB", (40, 40), stripe)) for stripe in (RED, GREEN, BLUE)]

    for _round in range(3):
        answers = run_together([partial(upload, signed_in(cast.bob), content) for content in pictures])

        assert {answer.status_code for answer in answers} == {200}
        cast.bob.refresh_from_db()
        stored = Avatar.objects.get(user=cast.bob)
        assert stored.digest == cast.bob.avatar_digest
        both = [Image.open(BytesIO(bytes(image))) for image in (stored.small, stored.large)]
        assert len({colour(picture, 0.5, 0.5) for picture in both}) == 1
