"""The command create_user."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.cast import PASSWORD, Cast


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_user", *arguments, stdout=out)
    return out.getvalue()


def test_an_operator_makes_an_account(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    said = run("Erin", "--display-name", "Erin Vale", "--email", "erin@example.org", "--password-stdin")
    assert said == "erin has an account.\n"
    erin = User.objects.get(username="erin")
    assert (erin.display_name, erin.email) == ("Erin Vale", "erin@example.org")
    assert erin.check_password(PASSWORD)
    assert erin.memberships.get().channel == cast.public


def test_without_a_password_nobody_can_log_in(cast: Cast) -> None:
    run("erin")
    assert not User.objects.get(username="erin").has_usable_password()


def test_a_taken_username_is_refused_in_words(cast: Cast) -> None:
    with pytest.raises(CommandError, match="That username is taken"):
        run("BOB")


@pytest.mark.parametrize("password", ["", "12345678", "erin-erin"])
def test_a_weak_password_is_refused(cast: Cast, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError, match="password"):
        run("erin-erin", "--password-stdin")
    assert not User.objects.filter(username="erin-erin").exists()
