"""Names of messages: each later one stands behind those before it, however long the history is."""

import re
from datetime import UTC, datetime
from uuid import UUID

from messaging.names import new_client_id
from tests.cast import Cast, signed_in

HOUR_MS = 3_600_000


def test_a_name_is_a_version_7_uuid_of_its_moment() -> None:
    moment = datetime(2026, 11, 23, 9, 12, tzinfo=UTC)
    names = {new_client_id(moment) for _time in range(1000)}

    assert len(names) == 1000
    assert {(name.version, name.variant) for name in names} == {(7, UUID(int=1 << 63).variant)}
    assert {name.int >> 80 for name in names} == {int(moment.timestamp()) * 1000}


def test_the_name_on_a_page_is_of_now(cast: Cast) -> None:
    page = signed_in(cast.bob).get("/channels/public/").content.decode()
    found = re.search(r'name="client_id" value="([0-9a-f-]+)"', page)
    assert found

    age_ms = datetime.now(UTC).timestamp() * 1000 - (UUID(found[1]).int >> 80)
    assert 0 <= age_ms < HOUR_MS
