"""Whether the channel that everybody lands in is there."""

from collections.abc import Iterator

from channels_app.models import Channel
from channels_app.names import PUBLIC_SLUG
from chatsite.health import Finding, ok, wrong


def check_public_channel() -> Iterator[Finding]:
    """Whether #public exists: a migration makes it, and nothing takes it away."""
    if Channel.objects.filter(slug=PUBLIC_SLUG).exists():
        yield ok("#public is there")
    else:
        yield wrong("#public is missing: nobody can land anywhere", "manage.py create_channel public")
