"""How the site speaks to MariaDB."""

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.stack


@pytest.mark.django_db
def test_a_transaction_that_somebody_left_open_is_ended_like_a_query_that_takes_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@idle_transaction_timeout, @@sql_mode")
        row = cursor.fetchone()

    assert row == (settings.DATABASES["default"]["OPTIONS"]["read_timeout"], "STRICT_TRANS_TABLES")
