"""A small OpenID Connect provider on this machine, which knows one person and can be told to go wrong."""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "the-chat", "of the chat and the provider, and of nobody else"


@cache
def key_of(whom: str) -> rsa.RSAPrivateKey:
    """Made once: it takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """What it answers.

    Attributes:
        person: the claims about whoever logs in.
        token: what is said otherwise in the token; None leaves it out.
        answers: by path, what is said there instead: a status and a body.
        signs_with: its own key, unless somebody else signs.
        hangs_at: a path at which it never answers.
    """

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.person: dict[str, Any] = {"sub": "1"}
        self.token: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.answers: dict[str, tuple[int, str]] = {}
        self.key = key_of("the provider")
        self.signs_with: Any = self.key
        self.hangs_at = ""
        self.asked: list[str] = []
        self.ends = Event()
        self._codes: dict[str, dict[str, str]] = {}

    def answer(self, path: str, fields: dict[str, str], bearer: str) -> tuple[int, str]:
        self.asked.append(path)
        if path == self.hangs_at:
            self.ends.wait()
        if path in self.answers:
            return self.answers[path]
        pages: dict[str, Callable[[], Any]] = {
            "/.well-known/openid-configuration": self._configuration,
            "/keys": self._keys,
            "/token": lambda: self._token(fields),
            "/person": lambda: self.person if bearer == "Bearer access" else None,
        }
        said = pages[path]() if path in pages else None
        return (200, json.dumps(said)) if said is not None else (400, '{"error": "invalid_request"}')

    def authorize(self, fields: dict[str, str]) -> str:
        """Where a browser is led once the person has logged in."""
        assert fields["client_id"] == CLIENT_ID
        assert {"openid", "profile", "email"} <= set(fields["scope"].split())
        assert fields["code_challenge_method"] == "S256"
        assert len(fields["nonce"]) >= 32
        code = secrets.token_urlsafe()
        self._codes[code] = fields
        return f"{fields['redirect_uri']}?{urlencode({'code': code, 'state': fields['state']})}"

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/person",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def _token(self, fields: dict[str, str]) -> dict[str, Any] | None:
        asked = self._codes.pop(fields.get("code", ""), None)
        knows = (fields.get("client_id"), fields.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        if asked is None or not knows or asked["code_challenge"] != challenge_of(fields["code_verifier"]):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.person["sub"],
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.token,
        }
        said = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(said, self.signs_with, algorithm=self.algorithm, headers={"kid": "one"})
        return {"access_token": "access", "token_type": "Bearer", "id_token": token}


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@contextmanager
def a_provider() -> Iterator[Provider]:
    provider: Provider

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                fields = parse_qs(address.query)
                self.send_response(302)
                self.send_header(
                    "Location", provider.authorize({name: values[0] for name, values in fields.items()})
                )
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, fields: dict[str, str]) -> None:
            bearer = self.headers.get("Authorization", "")
            status, body = provider.answer(urlsplit(self.path).path, fields, bearer)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())
            except OSError:
                pass  # nobody waits for it any more

        def log_message(self, format: str, *args: object) -> None:
            """Keep the output of the tests to themselves."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        provider.ends.set()
        server.shutdown()
        thread.join()
        server.server_close()
