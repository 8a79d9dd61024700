"""Prints what a post costs in the web process; run by `tests.bench.costs` with the settings of a site.

Posts are made here in one thread, without a server around the site.
"""

import io
import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import django
from django.core.handlers.wsgi import WSGIHandler

from messaging.names import new_client_id
from tests.bench.load import TEXTS, Desk
from tests.bench.profiled import print_profile, print_sum

POSTS = 1_000
WARM_UP_POSTS = 100


def print_costs(desk: Desk) -> None:
    from tests.bench.middleware_clock import print_middleware, start_anew, timed_application

    plain = WSGIHandler()
    _post_often(plain, desk, WARM_UP_POSTS)
    plain_s = print_sum("a post", POSTS, lambda: _post(plain, desk))
    timed = timed_application()
    _post_often(timed, desk, WARM_UP_POSTS)
    start_anew()
    _post_often(timed, desk, POSTS)
    print_middleware(POSTS)
    print_profile(lambda: _post(plain, desk), POSTS, plain_s)


def _post_often(application: Callable[..., Any], desk: Desk, times: int) -> None:
    for _time in range(times):
        _post(application, desk)


def _post(application: Callable[..., Any], desk: Desk) -> None:
    body = urlencode({**desk.fields, "client_id": str(new_client_id()), "text": TEXTS[0]}).encode()
    statuses: list[str] = []
    answer = application(_environ(desk, body), lambda status, _headers: statuses.append(status))
    b"".join(answer)
    answer.close()
    assert statuses[0][:3] in ("201", "202"), statuses


def _environ(desk: Desk, body: bytes) -> dict[str, Any]:
    url = urlsplit(desk.origin)
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": desk.path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded;charset=UTF-8",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": url.netloc,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in desk.headers.items()},
    }


if __name__ == "__main__":
    django.setup()
    print_costs(Desk(**json.load(sys.stdin)))
