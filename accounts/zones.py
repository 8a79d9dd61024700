"""Time zones: which there are, and which of them somebody means."""

import zoneinfo
from functools import cache

from django.utils.translation import gettext_lazy as _

from chatsite.errors import Invalid

_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})


@cache
def all_zones() -> tuple[str, ...]:
    """The names of all zones, in order."""
    return tuple(sorted(zoneinfo.available_timezones() - _NO_PLACES))


def clean_time_zone(typed: str) -> str:
    """The zone that `typed` names, whole or by its city alone; "" for none.

    Raises:
        Invalid: there is no such zone, or more than one.
    """
    wanted = "_".join(typed.split()).casefold()
    if not wanted:
        return ""
    named = [zone for zone in all_zones() if zone.casefold() == wanted]
    named = named or [zone for zone in all_zones() if zone.casefold().endswith(f"/{wanted}")]
    if len(named) != 1:
        raise Invalid(
            _("No time zone is called that. Pick one from the list, such as Europe/Berlin."),
            code="time_zone_unknown",
            field="time_zone",
        )
    return named[0]
