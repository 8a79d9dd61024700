"""Secrets that the database keeps for later use, unreadable for who has only the database."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

PURPOSE = b"accounts.sealing"  # the same SECRET_KEY signs cookies, with other keys made of it


class Unreadable(Exception):
    """It was sealed with another SECRET_KEY, or is damaged."""


def seal(text: str) -> str:
    """`text`, encrypted with a key made of SECRET_KEY."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text in what `seal` returned; keys in SECRET_KEY_FALLBACKS open it, too.

    Raises:
        Unreadable: none of the keys opens it.
    """
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key_of(force_bytes(secret))) for secret in secrets])


def _key_of(secret: bytes) -> bytes:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret)
    return urlsafe_b64encode(made)
