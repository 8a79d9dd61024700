"""The tables of accounts."""

from accounts.models.audit import Act, AuditEntry, the_acts
from accounts.models.bans import REASON_LENGTH, Ban
from accounts.models.blocks import Block
from accounts.models.exports import KEPT_FOR as EXPORT_KEPT_FOR
from accounts.models.exports import Export, ExportPart
from accounts.models.sessions import UserSession
from accounts.models.site import SiteInvitation, SiteSettings
from accounts.models.tries import CodeTries
from accounts.models.users import DELETED_SIGN, HUES, LARGE, SMALL, Avatar, User, UserManager

__all__ = [
    "DELETED_SIGN",
    "EXPORT_KEPT_FOR",
    "HUES",
    "LARGE",
    "REASON_LENGTH",
    "SMALL",
    "Act",
    "AuditEntry",
    "Avatar",
    "Ban",
    "Block",
    "CodeTries",
    "Export",
    "ExportPart",
    "SiteInvitation",
    "SiteSettings",
    "User",
    "UserManager",
    "UserSession",
    "the_acts",
]
