"""The file with all that the site keeps of a person: asked for, made in the background, removed."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions.locking import locked_account
from accounts.audit import record
from accounts.models import (
    EXPORT_KEPT_FOR,
    Act,
    AuditEntry,
    Avatar,
    Block,
    Export,
    ExportPart,
    User,
    UserSession,
)
from accounts.permissions import may_set_preferences
from accounts.queries import audit_log_of_own
from chatsite.background import run_later
from chatsite.limits import EXPORT, spend
from chatsite.rights import require

EXPORT_TASK: Final = "accounts.make_export"
PART_BYTES = 256 << 10
LINES_READ = 500  # of the audit log at once
PREFERENCES = ("language", "time_zone", "theme", "enter_sends", "shows_presence")
README = """All that this site keeps of {username}, as of {now}.

account.json        who you are here
preferences.json    what you chose
picture.webp        your picture, if you have one
sessions.jsonl      where you are logged in
blocked.jsonl       whom you blocked
memberships.jsonl   the channels and conversations that you are or were in
messages/           what you said, a file for each channel
audit.jsonl         what the log of the site's admins says of what you did

Files that end in .jsonl have one record a line. Times are in UTC.
"""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export; its lines are made while it is written."""

    name: str
    lines: Iterable[bytes]


Files: TypeAlias = Callable[[User], Iterator[ExportFile]]


class _Superseded(Exception):
    """Somebody else makes this export now, or nobody is to."""


_contributions: list[tuple[Callable[[User], int], Files]] = []


def contribute_to_export(*, count: Callable[[User], int], files: Files) -> None:
    """Have each export contain `files(user)`, of some `count(user)` lines; an app calls this in `ready()`."""
    _contributions.append((count, files))


def as_line(facts: dict[str, Any]) -> bytes:
    """One record of a .jsonl file."""
    return json.dumps(facts, ensure_ascii=False, default=str).encode() + b"\n"


def ask_for_export(actor: User) -> None:
    """Have an export of all that the site keeps of the actor made; asking while one is made asks nothing.

    Raises:
        NotAllowed: the actor's account has ended.
        TooMany: the actor asked too often.
    """
    require(may_set_preferences, actor, actor)
    spend(EXPORT, user=actor.pk)
    with transaction.atomic():
        user = locked_account(actor)
        export = Export.objects.filter(user=user).first()
        if export is not None and export.is_under_way:
            return
        now = timezone.now()
        ExportPart.objects.filter(export=user.pk).delete()
        Export.objects.update_or_create(
            user=user,
            defaults={"asked_at": now, "seen_at": now, "done": 0, "total": None, "size": 0, "ended_at": None},
        )
        record(user, Act.DATA_EXPORTED, person=user)
        run_later(EXPORT_TASK, user.pk)


def make_export(user_id: int) -> None:
    """Make the export that was asked for; who was killed at it is called again, and begins again."""
    remove_old_exports()
    export = _begun(user_id)
    if export is None:
        return
    parts = _Parts(export)
    try:
        with zipfile.ZipFile(parts, "w", zipfile.ZIP_DEFLATED) as file:
            for one in _files(export.user):
                with file.open(one.name, "w", force_zip64=True) as member:
                    for line in one.lines:
                        member.write(line)
                        parts.count_line()
        parts.end()
    except _Superseded:
        ExportPart.objects.filter(export=user_id, attempt=export.attempt).delete()


def remove_old_exports() -> None:
    """Remove the exports that were there for as long as they are kept."""
    _remove(Export.objects.filter(ended_at__lt=timezone.now() - EXPORT_KEPT_FOR))


def remove_export(user: User) -> None:
    """Remove the export of `user`, ready or not, if there is one."""
    _remove(Export.objects.filter(user=user))


def _remove(exports: QuerySet[Export]) -> None:
    for user_id in list(exports.values_list("pk", flat=True)):
        with transaction.atomic():
            # Whoever makes one writes to its row before each part, and waits for this.
            for export in exports.select_for_update().filter(pk=user_id):
                export.parts.all().delete()
                export.delete()


@transaction.atomic
def _begun(user_id: int) -> Export | None:
    waiting = Export.objects.select_for_update().filter(pk=user_id, ended_at=None, user__is_active=True)
    export = waiting.first()
    if export is None:
        return None
    ExportPart.objects.filter(export=user_id).delete()
    export.attempt, export.done = export.attempt + 1, 0
    export.total = sum(count(export.user) for count, _files in _contributions)
    export.seen_at = timezone.now()
    export.save(update_fields=["attempt", "done", "total", "seen_at"])
    return export


class _Parts(io.RawIOBase):
    """A file that is written from its beginning to its end into rows, a part at a time."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._waiting = bytearray()
        self._number = 0
        self._lines = 0
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, some: Any) -> int:
        self._waiting += some
        while len(self._waiting) >= PART_BYTES:
            self._store(PART_BYTES)
        return len(some)

    def count_line(self) -> None:
        self._lines += 1

    def end(self) -> None:
        """Store what is left, and say that it is all there."""
        if self._waiting:
            self._store(len(self._waiting))
        self._note(ended_at=timezone.now(), done=self._lines, size=self._size)

    @transaction.atomic
    def _store(self, size: int) -> None:
        self._note(done=self._lines)
        content = bytes(self._waiting[:size])
        del self._waiting[:size]
        ExportPart.objects.create(
            export=self._export, attempt=self._export.attempt, number=self._number, content=content
        )
        self._number += 1
        self._size += size

    def _note(self, **facts: Any) -> None:
        mine = Export.objects.filter(pk=self._export.pk, attempt=self._export.attempt, ended_at=None)
        if not mine.update(seen_at=timezone.now(), **facts):
            raise _Superseded


def _files(user: User) -> Iterator[ExportFile]:
    now = timezone.now().isoformat(timespec="seconds")
    yield ExportFile("README.txt", [README.format(username=user.username, now=now).encode()])
    yield ExportFile("account.json", [_as_json(_account(user))])
    yield ExportFile("preferences.json", [_as_json({name: getattr(user, name) for name in PREFERENCES})])
    picture = Avatar.objects.filter(user=user).values_list("large", flat=True).first()
    if picture is not None:
        yield ExportFile("picture.webp", [bytes(picture)])
    sessions = UserSession.objects.filter(user=user).order_by("seen_at")
    yield ExportFile("sessions.jsonl", (as_line(_session(session)) for session in sessions))
    blocks = Block.objects.filter(blocker=user).select_related("blocked").order_by("pk")
    yield ExportFile("blocked.jsonl", (as_line(_block(block)) for block in blocks))
    for _count, files in _contributions:
        yield from files(user)
    entries = audit_log_of_own(user).iterator(LINES_READ)
    yield ExportFile("audit.jsonl", (as_line(_entry(entry)) for entry in entries))


def _account(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "display_name": str(user.display_name),
        "email": user.email,
        "joined": user.date_joined,
        "last_log_in": user.last_login,
        "is_site_admin": user.is_staff,
        "logs_in_by_another_service": SocialAccount.objects.filter(user=user).exists(),
    }


def _session(session: UserSession) -> dict[str, Any]:
    return {"seen": session.seen_at, "from": session.origin, "browser": session.user_agent}


def _block(block: Block) -> dict[str, Any]:
    return {"whom": block.blocked.username, "since": block.blocked_at}


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "what": entry.act,
        "whom": entry.person.username if entry.person else "",
        "about": entry.about,
        "before": entry.before,
        "after": entry.after,
        "from": entry.origin,
    }


def _as_json(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=2, default=str).encode() + b"\n"
