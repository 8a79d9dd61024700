"""What an authenticator app shows: RFC 6238, by itself, as the app knows nothing of our libraries."""

import base64
import hashlib
import hmac
import time

STEP_S = 30


def app_code(secret: str, *, steps_ago: int = 0) -> str:
    """The code for `secret` that is shown now, or was so many steps ago."""
    step = int(time.time()) // STEP_S - steps_ago
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.new(key, step.to_bytes(8), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"
