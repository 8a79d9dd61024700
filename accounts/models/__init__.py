"""The tables of accounts."""

from accounts.models.audit import Act, AuditEntry, the_acts
from accounts.models.users import DELETED_SIGN, HUES, LARGE, SMALL, Avatar, User, UserManager

__all__ = [
    "DELETED_SIGN",
    "HUES",
    "LARGE",
    "SMALL",
    "Act",
    "AuditEntry",
    "Avatar",
    "User",
    "UserManager",
    "the_acts",
]
