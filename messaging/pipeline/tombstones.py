"""Which messages their authors deleted before they were stored."""

from collections.abc import Collection
from typing import TypeAlias
from uuid import UUID

from messaging.models import Tombstone

Name: TypeAlias = tuple[UUID, int]  # a client_id and the id of the author who used it


def buried_among(names: Collection[Name]) -> set[Name]:
    """Those of `names` that their authors buried.

    To be asked after the insert of what has these names. Who deletes writes the tombstone first, commits, and
    looks for the rows then, waiting for those that are not committed yet. So one of the two sees the other,
    whichever comes first.
    """
    tombstones = Tombstone.objects.filter(client_id__in={client_id for client_id, _author in names})
    return set(names) & set(tombstones.values_list("client_id", "author_id"))
