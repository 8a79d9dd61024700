"""What somebody chooses for themselves."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import deactivate_user, set_appearance, set_presence
from accounts.models import User
from accounts.queries import who_shows_presence
from chatsite.errors import Invalid, NotAllowed
from tests.cast import PASSWORD, Cast, say, signed_in

PAGE = "/accounts/preferences/"


def save(browser: Client, section: str, **fields: str) -> Any:
    """Press Save in a section of the page."""
    return browser.post(PAGE, {"section": section, **fields}, follow=True)


def html_tag(page: Any) -> str:
    found = re.search("<html[^>]*>", page.content.decode())
    assert found is not None
    return found[0]


def test_others_see_whether_one_is_here_unless_one_does_not_want_it(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert who_shows_presence([cast.bob.pk, cast.carol.pk]) == {cast.bob.pk, cast.carol.pk}
    assert bob.get(PAGE).context["sections"]["presence"]["shows_presence"].value() is True

    answer = save(bob, "presence", author="bob")

    assert answer.redirect_chain == [(f"{PAGE}?saved=presence", 302)]
    assert [toast.text for toast in answer.context["toasts"]] == ["Your preferences are saved."]
    assert answer.context["sections"]["presence"]["shows_presence"].value() is False
    assert who_shows_presence([cast.bob.pk, cast.carol.pk]) == {cast.carol.pk}

    save(bob, "presence", shows_presence="on")
    assert who_shows_presence([cast.bob.pk]) == {cast.bob.pk}


def test_what_is_as_it_was_is_not_written(cast: Cast) -> None:
    def rows_changed(*, shows_presence: bool) -> int:
        with CaptureQueriesContext(connection) as captured:
            set_presence(cast.bob, shows_presence=shows_presence)
        assert len(captured) == 1
        return User.objects.filter(pk=cast.bob.pk, shows_presence=shows_presence).count()

    assert rows_changed(shows_presence=False) == 1
    assert rows_changed(shows_presence=False) == 1


def test_the_frame_shows_ones_own_presence_unless_it_is_off(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert 'id="my-presence"' in bob.get(PAGE).content.decode()

    save(bob, "presence")

    assert 'id="my-presence"' not in bob.get(PAGE).content.decode()


def test_whose_account_ended_is_not_here(cast: Cast) -> None:
    deactivate_user(cast.alice, cast.bob)

    assert who_shows_presence([cast.bob.pk]) == set()


def test_preferences_are_ones_own(cast: Cast) -> None:
    json = {"Accept": "application/json"}
    fields = {"section": "presence"}
    assert Client().post(PAGE, fields, headers=json).status_code == 401
    assert signed_in(cast.bob, checks_csrf=True).post(PAGE, fields, headers=json).status_code == 403
    as_carol = {**fields, "author": "carol"}
    assert signed_in(cast.bob).post(PAGE, as_carol, headers=json).status_code == 409
    gone = deactivate_user(cast.alice, cast.bob)
    with pytest.raises(NotAllowed):
        set_presence(gone, shows_presence=False)
    assert User.objects.filter(shows_presence=False).count() == 0


def test_a_section_that_there_is_not_saves_nothing(cast: Cast) -> None:
    assert signed_in(cast.bob).post(PAGE, {"shows_presence": ""}).status_code == 422
    assert who_shows_presence([cast.bob.pk]) == {cast.bob.pk}


def test_a_section_is_saved_without_the_others(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    save(bob, "appearance", theme="dark", time_zone="Asia/Tokyo")

    save(bob, "name", display_name="  Robert   Okafor ")

    cast.bob.refresh_from_db()
    assert (cast.bob.display_name, cast.bob.theme, cast.bob.time_zone) == (
        "Robert Okafor",
        "dark",
        "Asia/Tokyo",
    )


def test_the_focus_is_on_the_button_that_was_pressed_or_on_what_is_wrong(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    saved = save(bob, "writing", enter_sends="True").content.decode()
    refused = save(bob, "appearance", time_zone="Atlantis").content.decode()

    [form] = [form for form in re.findall("<form.*?</form>", saved, re.DOTALL) if "autofocus" in form]
    assert 'value="writing"' in form
    assert re.search("<button[^>]* autofocus", form)
    assert refused.partition("<main")[2].partition("</main>")[0].count("autofocus") == 1
    assert re.search('<input[^>]*name="time_zone"[^>]*autofocus', refused)


def test_a_new_name_is_over_everything_that_one_said(cast: Cast) -> None:
    say(cast.bob, cast.public, "hello")

    save(signed_in(cast.bob), "name", display_name="Robert")

    page = signed_in(cast.carol).get("/channels/public/").content.decode()
    assert "Robert" in page
    assert "Bob Okafor" not in page


@pytest.mark.parametrize("name", ["", " \u200b ", "x" * 81, "a\u202eb"])
def test_a_name_that_breaks_a_rule_is_refused_beside_its_field(cast: Cast, name: str) -> None:
    answer = save(signed_in(cast.bob), "name", display_name=name)

    assert answer.status_code == 422
    assert list(answer.context["sections"]["name"].errors) == ["display_name"]
    cast.bob.refresh_from_db()
    assert cast.bob.display_name == "Bob Okafor"


def test_the_theme_is_on_every_page_also_after_the_log_out(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    page = bob.get(PAGE)
    assert "data-theme" not in html_tag(page)
    assert page.content.decode().count('name="theme-color"') == 2

    page = save(bob, "appearance", theme="dark")

    assert 'data-theme="dark"' in html_tag(page)
    assert '<meta name="theme-color" content="#13110e">' in page.content.decode()
    assert page.content.decode().count('name="theme-color"') == 1
    assert 'data-theme="dark"' in html_tag(bob.get("/channels/nowhere/"))
    bob.post("/accounts/logout/")
    assert 'data-theme="dark"' in html_tag(bob.get("/accounts/login/"))

    bob.force_login(cast.bob)
    save(bob, "appearance", theme="")
    assert "data-theme" not in html_tag(bob.get(PAGE))
    bob.post("/accounts/logout/")
    assert "data-theme" not in html_tag(bob.get("/accounts/login/"))


@pytest.mark.parametrize("cookie", ["purple", '"><script>', ""])
def test_a_theme_that_there_is_not_is_none(client: Client, cast: Cast, cookie: str) -> None:
    client.cookies["theme"] = cookie
    assert "data-theme" not in html_tag(client.get("/accounts/login/"))
    with pytest.raises(Invalid):
        set_appearance(cast.bob, theme="purple", language="", time_zone="")
    assert save(signed_in(cast.bob), "appearance", theme="purple").status_code == 422


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("asia/tokyo", "Asia/Tokyo"),
        ("tokyo", "Asia/Tokyo"),
        (" new york ", "America/New_York"),
        ("", ""),
    ],
)
def test_a_time_zone_is_found_by_its_name_or_its_city(cast: Cast, typed: str, zone: str) -> None:
    bob = signed_in(cast.bob)

    page = save(bob, "appearance", time_zone=typed)

    assert page.context["sections"]["appearance"]["time_zone"].value() == zone
    assert (f'data-time-zone="{zone}"' in html_tag(page)) is bool(zone)


@pytest.mark.parametrize("typed", ["Atlantis", "../../etc/passwd", "Europe", "%", "\x00", "x" * 200])
def test_a_time_zone_that_there_is_not_is_refused_and_kept_to_be_mended(cast: Cast, typed: str) -> None:
    answer = save(signed_in(cast.bob), "appearance", time_zone=typed, theme="dark")

    form = answer.context["sections"]["appearance"]
    assert (answer.status_code, list(form.errors)) == (422, ["time_zone"])
    assert form["time_zone"].value() == typed
    cast.bob.refresh_from_db()
    assert (cast.bob.time_zone, cast.bob.theme) == ("", "")


def test_times_are_in_the_chosen_zone_else_in_the_browsers(cast: Cast) -> None:
    message = say(cast.bob, cast.public, "hello")
    type(message).objects.filter(pk=message.pk).update(accepted_at="2026-01-01T23:30:00Z")
    bob = signed_in(cast.bob)
    bob.cookies["time_zone"] = "America/New_York"
    assert ">18:30</time>" in bob.get("/channels/public/").content.decode()

    save(bob, "appearance", time_zone="Asia/Tokyo")

    page = bob.get("/channels/public/").content.decode()
    assert ">08:30</time>" in page
    assert "2 January" in page
    save(bob, "appearance")
    assert ">18:30</time>" in bob.get("/channels/public/").content.decode()


def test_a_zone_that_this_machine_does_not_know_breaks_no_page(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(time_zone="Mars/Olympus", language="tlh")

    assert signed_in(cast.bob).get("/channels/public/").status_code == 200


def test_the_language_is_the_chosen_one_else_the_browsers(cast: Cast, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
    french = {"Accept-Language": "fr"}
    bob = signed_in(cast.bob)
    assert bob.get(PAGE, headers=french)["Content-Language"] == "fr"

    save(bob, "appearance", language="de")

    page = bob.get(PAGE, headers=french)
    assert page["Content-Language"] == "de"
    assert 'lang="de"' in html_tag(page)
    assert bob.cookies["django_language"].value == "de"  # for the stream, which asks nobody
    save(bob, "appearance", language="")
    assert bob.get(PAGE, headers=french)["Content-Language"] == "fr"
    assert "django_language" not in bob.cookies or not bob.cookies["django_language"].value
    assert save(bob, "appearance", language="tlh").status_code == 422


def test_who_chose_no_language_does_not_read_in_that_of_who_was_here_before(cast: Cast) -> None:
    carol = signed_in(cast.carol)
    carol.cookies["django_language"] = "de"

    assert carol.get(PAGE, headers={"Accept-Language": "fr"})["Content-Language"] == "fr"


def test_a_single_language_is_no_choice(cast: Cast, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English")]

    page = signed_in(cast.bob).get(PAGE)

    assert page.context["sections"]["appearance"]["language"].is_hidden
    assert save(signed_in(cast.bob), "appearance", language="").status_code == 200


@pytest.mark.parametrize(("chosen", "on_the_page"), [("True", "true"), ("False", "false"), ("", "")])
def test_what_enter_does_is_on_the_page(cast: Cast, chosen: str, on_the_page: str) -> None:
    bob = signed_in(cast.bob)
    save(bob, "writing", enter_sends="False" if chosen else "True")

    page = save(bob, "writing", enter_sends=chosen)

    assert f'data-enter-sends="{on_the_page}"' in page.content.decode()
    assert str(page.context["sections"]["writing"]["enter_sends"].value() or "") == (
        "" if chosen == "False" else chosen
    )


def test_the_address_for_mail_changes_with_the_password_alone(cast: Cast) -> None:
    bob = signed_in(cast.bob)

    refused = save(bob, "email", email="bob@example.org", password="wrong")
    cast.bob.refresh_from_db()
    assert (refused.status_code, cast.bob.email) == (422, "")
    assert list(refused.context["sections"]["email"].errors) == ["password"]
    assert 'value="wrong"' not in refused.content.decode()

    assert save(bob, "email", email="not an address", password=PASSWORD).status_code == 422
    assert save(bob, "email", email="bob@EXAMPLE.org", password=PASSWORD).status_code == 200
    cast.bob.refresh_from_db()
    assert cast.bob.email == "bob@example.org"


def test_who_guesses_passwords_on_an_open_page_is_stopped(cast: Cast) -> None:
    dave = signed_in(cast.dave)  # how often is counted over all tests

    answers = [save(dave, "email", password="wrong").status_code for _guess in range(6)]

    assert answers == [422] * 5 + [429]


def test_choices_cost_a_post_with_a_ticket_no_question(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    save(bob, "appearance", theme="dark", time_zone="Asia/Tokyo")
    ticket = bob.get("/channels/public/").context["ticket"]

    with CaptureQueriesContext(connection) as captured:
        answer = bob.post("/channels/public/typing/", {"ticket": ticket, "author": "bob"})

    assert (answer.status_code, len(captured)) == (204, 0)
