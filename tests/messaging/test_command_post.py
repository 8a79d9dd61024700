"""The command post."""

import io
import uuid

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from channels_app.actions import archive_channel
from messaging.models import Message
from tests.cast import Cast


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("post", *arguments, "--wait", "10", stdout=out)
    return out.getvalue()


def test_a_script_says_something(cast: Cast) -> None:
    said = run("design", "The build is green.", "--as", "bob")
    message = Message.objects.get()
    assert said.endswith(f"Stored: {message.client_id}\n")
    assert (message.text, message.author, message.channel) == ("The build is green.", cast.bob, cast.design)


@pytest.mark.parametrize("dash", [(), ("-",)])
def test_the_text_may_come_from_standard_input(
    cast: Cast, dash: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("two\nlines\n"))
    run("#design", *dash, "--as", "bob")
    assert Message.objects.get().text == "two\nlines"


def test_what_is_not_text_is_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    with pytest.raises(CommandError, match="not UTF-8"):
        run("design", "--as", "bob")


def test_the_same_client_id_is_one_message(cast: Cast) -> None:
    name = str(uuid.uuid4())
    run("design", "once", "--as", "bob", "--client-id", name)
    run("design", "once", "--as", "bob", "--client-id", name)
    assert Message.objects.count() == 1
    with pytest.raises(CommandError, match="Another message"):
        run("design", "otherwise", "--as", "bob", "--client-id", name)


def test_nothing_comes_before_what_may_still_be_in_the_queue(cast: Cast, settings: LazySettings) -> None:
    settings.PERSIST_DIRECT = True  # as while the broker is away
    first = str(uuid.uuid4())
    with pytest.raises(CommandError, match="still on its way"):
        run("design", "two", "--as", "bob", "--previous", first)
    run("design", "one", "--as", "bob", "--client-id", first)

    run("design", "two", "--as", "bob", "--previous", first)

    assert list(Message.objects.order_by("seq").values_list("text", flat=True)) == ["one", "two"]


def test_what_the_site_refuses_is_refused_in_words(cast: Cast) -> None:
    with pytest.raises(CommandError, match="Join the channel"):
        run("design", "let me in", "--as", "mallory")
    with pytest.raises(CommandError, match="write something"):
        run("design", " ", "--as", "bob")
    with pytest.raises(CommandError, match="There is no user nobody"):
        run("design", "hello", "--as", "nobody")
    with pytest.raises(CommandError, match="There is no channel nowhere"):
        run("nowhere", "hello", "--as", "bob")
    archive_channel(cast.alice, cast.design)
    with pytest.raises(CommandError, match="archived"):
        run("design", "hello", "--as", "bob")
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "wrong", [["--wait", "long"], ["--wait", "-1"], ["--client-id", "1"], ["--previous", "1"]]
)
def test_a_malformed_option_is_refused(cast: Cast, wrong: list[str]) -> None:
    with pytest.raises(CommandError, match=wrong[0]):
        call_command("post", "design", "hello", "--as", "bob", *wrong)
