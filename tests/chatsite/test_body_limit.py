"""Bodies larger than anything the site takes, sent to the server of `make run`."""

import socket
from collections.abc import Iterator

import pytest

from tests.site import Site

PART = b"x" * 65_536
TOO_MUCH = 3_000_000  # bytes
PICTURE = "/accounts/preferences/picture/"
TOO_MUCH_OF_A_PICTURE = 9_000_000  # bytes


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site.embedded() as site:
        yield site


def answer_to(site: Site, head: bytes, parts: list[bytes]) -> bytes:
    """What the server says to a request of `head` and `parts`, until it hangs up."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as connection:
        said = b""
        try:
            for part in (head, *parts):
                connection.sendall(part)
            while chunk := connection.recv(65_536):
                said += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass  # it hung up while we were still talking
        return said


def head(length: str, path: str = "/accounts/login/") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{length}\r\n\r\n".encode()


@pytest.mark.embedded
def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    said = answer_to(site, head(f"Content-Length: {TOO_MUCH}"), [])

    assert said.startswith(b"HTTP/1.1 413 ")


@pytest.mark.embedded
def test_a_body_that_says_nothing_is_cut_off(site: Site) -> None:
    chunk = f"{len(PART):x}\r\n".encode() + PART + b"\r\n"

    said = answer_to(
        site, head("Transfer-Encoding: chunked"), [chunk] * (TOO_MUCH // len(PART)) + [b"0\r\n\r\n"]
    )

    assert not said.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3"))


@pytest.mark.embedded
def test_a_body_of_ordinary_size_is_answered(site: Site) -> None:
    said = answer_to(site, head(f"Content-Length: {len(PART)}"), [PART])

    assert said.startswith(b"HTTP/1.1 403 ")  # it has no token


@pytest.mark.embedded
def test_more_is_taken_where_pictures_are_sent_and_there_alone(site: Site) -> None:
    body = [PART] * (TOO_MUCH // len(PART))
    length = f"Content-Length: {len(PART) * len(body)}"

    assert answer_to(site, head(length, PICTURE), body).startswith(b"HTTP/1.1 403 ")  # it has no token
    for near in (f"{PICTURE}remove/", f"/{PICTURE}", PICTURE.rstrip("/")):
        assert answer_to(site, head(length, near), []).startswith(b"HTTP/1.1 413 ")
    too_much = f"Content-Length: {TOO_MUCH_OF_A_PICTURE}"
    assert answer_to(site, head(too_much, PICTURE), []).startswith(b"HTTP/1.1 413 ")
