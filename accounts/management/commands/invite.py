"""Makes a link with which people sign up."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.actions import USUAL_DAYS, USUAL_USES, invite_to_site
from accounts.actors import SYSTEM
from accounts.models import SiteSettings
from accounts.queries import site_settings
from chatsite.commands import ChatCommand


class Command(ChatCommand):
    help = "Make a link with which people sign up, and print it; it can't be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help="how long it works (%(default)s)")
        parser.add_argument("--uses", type=int, default=USUAL_USES, help="for how many people (%(default)s)")
        parser.add_argument("--channel", default="", help="a public channel that they join, too")
        parser.add_argument("--site", default=the_site(), help="the site's address (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        _invitation, token = invite_to_site(
            SYSTEM, days=options["days"], uses=options["uses"], channel=options["channel"]
        )
        if site_settings().sign_up == SiteSettings.SignUp.CLOSED:
            self.stderr.write("Sign-up is closed: the link lets nobody in until an admin opens it.")
        self.stdout.write(options["site"].rstrip("/") + reverse("invited", args=[token]))


def the_site() -> str:
    """The site's address as far as its settings tell: no request is there to say it."""
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    host = next((name for name in settings.ALLOWED_HOSTS if not name.startswith(("*", "."))), "localhost")
    return f"{'https' if settings.HTTPS else 'http'}://{host}"
