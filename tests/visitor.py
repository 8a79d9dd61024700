"""Somebody at the site without a browser: a kept connection, cookies, and the posts that a page sends."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

PASSWORD = "four unrelated words"
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """A person who signs up under `username`; `with` ends the connection."""

    def __init__(self, url: str, username: str) -> None:
        self.username = username
        self.origin = url
        self._cookies: SimpleCookie = SimpleCookie()
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection, which the server would after a minute; the next request opens another."""
        self._connection.close()

    @property
    def session_key(self) -> str:
        """What names this person's session in its cookie."""
        return self._cookies["chat_session"].value

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends with a script's post, and this person's cookies."""
        return {
            "Accept": "application/json",
            "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in self._cookies.items()),
            "Origin": self.origin,
            "X-CSRFToken": self._cookies["csrftoken"].value if "csrftoken" in self._cookies else "",
        }

    def get(self, path: str) -> Answer:
        """The answer to a request for the page `path`; redirects are not followed."""
        return self._ask("GET", path, {**self.headers, "Accept": "text/html"}, None)

    def ask(self, path: str) -> Answer:
        """The answer to a script's question at `path`."""
        return self._ask("GET", path, self.headers, None)

    def send(self, path: str, **fields: str) -> Answer:
        """The answer to a plain form with `fields`, sent to `path`; redirects are not followed."""
        return self._ask("POST", path, {**self.headers, "Accept": "text/html"}, fields)

    def sign_up(self) -> None:
        self.get("/accounts/signup/")
        answer = self.send("/accounts/signup/", username=self.username, password1=PASSWORD)
        assert answer.status == 302, _what_it_says(answer)

    def log_in(self) -> None:
        self.get("/accounts/login/")
        answer = self.send("/accounts/login/", login=self.username, password=PASSWORD)
        assert answer.status == 302, _what_it_says(answer)

    def create_channel(self, name: str) -> str:
        """Create or join the channel `name`; returns its address."""
        answer = self.send("/channels/create/", name=name)
        assert answer.status == 302, _what_it_says(answer)
        return answer.headers["Location"]

    def say(self, channel: str, text: str) -> uuid.UUID:
        """Post `text` in the channel at the address `channel`; returns its client id once it is accepted."""
        client_id = uuid.uuid4()
        answer = self.post(channel, text, client_id)
        assert answer.status in (201, 202), answer
        return client_id

    def post(self, channel: str, text: str, client_id: uuid.UUID, **more: str) -> Answer:
        """The answer to a script's post of `text` under the name `client_id`, with the fields `more`."""
        fields = {"text": text, "client_id": str(client_id), **more}
        return self._ask("POST", f"{channel}messages/", self.headers, fields)

    def script_post(self, path: str, **fields: str) -> Answer:
        """The answer to a script's post of `fields` to `path`."""
        return self._ask("POST", path, self.headers, fields)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], fields: Mapping[str, str] | None
    ) -> Answer:
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self._cookies.load(cookie)
        return Answer(response.status, dict(response.headers), response.read())


def _what_it_says(answer: Answer) -> str:
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = lambda data: words.append(data.strip())  # type: ignore[method-assign]
    parser.feed(answer.body.decode(errors="replace"))
    return f"{answer.status}: {' '.join(filter(None, words))}"
