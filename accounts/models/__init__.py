"""The tables of accounts."""

from accounts.models.audit import Act, AuditEntry, the_acts
from accounts.models.users import HUES, LARGE, SMALL, Avatar, User, UserManager

__all__ = ["HUES", "LARGE", "SMALL", "Act", "AuditEntry", "Avatar", "User", "UserManager", "the_acts"]
