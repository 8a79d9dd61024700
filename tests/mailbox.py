"""Mail that the site sends, as its readers get it."""

import re
from typing import Any

from django.core import mail

from chatsite.background import finish_here


def mails() -> list[Any]:
    """All that was sent by now; a test that has it sent has `sends_mail` and commits what it writes."""
    finish_here()
    return mail.outbox


def link_mailed() -> str:
    """The path of the newest link that was mailed."""
    found = re.findall(r"https?://[^/\s]+(/\S+)", "\n".join(str(message.body) for message in mails()))
    assert found
    return str(found[-1])
