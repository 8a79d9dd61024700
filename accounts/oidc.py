"""Log-in by another service over OpenID Connect: what is asked of it, and what of its answers counts.

django-allauth takes the steps. Here are the checks that it leaves out where an answer came from the service
itself: the signature, that all answers are about one person, and that an answer is one at all.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.account.internal.emailkit import valid_email_or_none
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from requests import RequestException

from accounts.models import User

SERVICE_ID = "oidc"
# None with a shared secret: whoever knows the client's could sign as anybody.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
CLOCKS_DIFFER_S = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who somebody is as the service says, each "" when it says nothing of use."""

    username: str
    display_name: str
    email: str
    is_email_verified: bool


@contextmanager
def made_sense_of() -> Iterator[None]:
    """Whatever an answer lacks, or an absent service does, is an OAuth2Error."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RequestException,
        TypeError,
        ValueError,
        jwt.PyJWTError,
    ) as error:
        raise OAuth2Error(f"{type(error).__name__}: {error}") from error


class Conversation(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """What is asked of the service during one request; each question raises OAuth2Error."""

    @property
    def openid_config(self) -> dict[str, Any]:
        with made_sense_of():
            config: dict[str, Any] = super().openid_config
            if config["issuer"].rstrip("/") != settings.OIDC_ISSUER:
                raise ValueError(f"the service calls itself {config['issuer']}")
            scheme = urlsplit(settings.OIDC_ISSUER).scheme
            for name in ENDPOINTS:
                if not config[name].startswith(f"{scheme}://"):
                    raise ValueError(f"{name} is no {scheme} address")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("back_from_service"))

    def get_client(self, request: HttpRequest, app: SocialApp) -> OAuth2Client:
        with made_sense_of():
            return super().get_client(request, app)

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
        with made_sense_of():
            return super().get_access_token_data(*args, **kwargs)

    def parse_token(self, data: Any) -> SocialToken:
        with made_sense_of():
            return super().parse_token(data)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        with made_sense_of():
            claims = self._claims(app, kwargs["response"]["id_token"])
            # Else a token that was given out for another log-in would do.
            if not constant_time_compare(claims["nonce"], nonce_of(request.GET["state"])):
                raise ValueError("the token is of another log-in")
            if "userinfo_endpoint" in self.openid_config:
                more = self._fetch_user_info(token.token)
                # The token is signed, and this is not.
                if more["sub"] != claims["sub"]:
                    raise ValueError("the service told about somebody else")
                claims = {**more, **claims}
        return self.get_provider().sociallogin_from_response(request, claims)

    def _claims(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """What the token says, once its signature, issuer, audience and time are right."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
        answer.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        wanted = jwt.get_unverified_header(id_token).get("kid")
        [key] = [key for key in keys if wanted in (None, key.key_id)]
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key.key,
            algorithms=ALGORITHMS,
            audience=app.client_id,
            issuer=self.openid_config["issuer"],
            leeway=CLOCKS_DIFFER_S,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        if not claims["sub"]:
            raise ValueError("the token is about nobody")
        return claims


class Service(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """The one service of the site. Nothing that it says is kept but who somebody is there."""

    oauth2_adapter_class = Conversation

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        state_id = get_adapter().generate_state_param({})
        asked = {**self.get_auth_params(), "nonce": nonce_of(state_id)}
        response: HttpResponse = super().redirect(
            request, process, next_url, data, state_id=state_id, auth_params=asked, **kwargs
        )
        return response

    def extract_uid(self, data: dict[str, Any]) -> str:
        """A digest: what they are called there may be long, and differ from another's by case alone."""
        return hashlib.sha256(f"{settings.OIDC_ISSUER}\n{data['sub']}".encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []

    def sociallogin_from_response(self, request: HttpRequest, response: dict[str, Any]) -> SocialLogin:
        login = super().sociallogin_from_response(request, response)
        email = valid_email_or_none(_words(response, "email")) or ""
        if len(email) > (User._meta.get_field("email").max_length or 0):
            email = ""
        login.newcomer = Newcomer(
            username=_words(response, "preferred_username") or email,
            display_name=_words(response, "name"),
            email=email,
            is_email_verified=response.get("email_verified") is True,
        )
        return login


def nonce_of(state_id: str) -> str:
    """What the token of a log-in has to repeat; its state is random, of one session, and good once."""
    return salted_hmac("accounts.oidc.nonce", state_id, algorithm="sha256").hexdigest()


def the_service(request: HttpRequest) -> Service:
    app = SocialApp(
        provider=Service.id,
        provider_id=SERVICE_ID,
        name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET,
        settings={"server_url": settings.OIDC_ISSUER, "oauth_pkce_enabled": True},
    )
    return Service(request, app=app)


def _words(claims: dict[str, Any], name: str) -> str:
    said = claims.get(name)
    return said if isinstance(said, str) else ""
