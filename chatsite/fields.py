"""Model fields that behave the same on SQLite and MariaDB/MySQL."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite.text import KEY_LENGTH

if TYPE_CHECKING:
    TextColumn = models.CharField[str, str]
else:
    TextColumn = models.CharField


class KeyField(TextColumn):
    """A comparison key (see `chatsite.text.comparison_key`), compared code point by code point.

    MariaDB's default collation takes café for cafe and one emoji for another; SQLite compares bytes anyway.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", KEY_LENGTH)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters
